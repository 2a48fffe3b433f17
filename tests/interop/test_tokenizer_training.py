"""Our vocabularies against Hugging Face's. Its result depends on a random order; ours must be a possible result."""

import collections
import itertools

import pytest
from tokenizer_support import SPECIAL, assert_same_encodings, lines_of, our_ids, our_texts, their_ids, train
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizerFast


def test_training_gives_the_same_entries(data, sinhala):
    base = BertTokenizerFast.from_pretrained(data / "tokenizers/bert-base-cased")
    theirs = base.train_new_from_iterator(lines_of(data / "sinhala_news/train.txt"), 2000)
    ours = Tokenizer.from_file(str(sinhala / "tokenizer.json"))
    assert set(ours.get_vocab()) == set(theirs.get_vocab())
    assert [ours.id_to_token(i) for i in range(5)] == [theirs.backend_tokenizer.id_to_token(i) for i in range(5)]


def reference_vocabulary(word_counts, vocab_size, min_frequency=0, limit_alphabet=None, initial_alphabet="",
                         special_tokens=(), continuing_subword_prefix="##", ids_to_follow=None):
    """Trains by Hugging Face's algorithm, slowly. Visits the words in the given order. With ids_to_follow, takes the
    order of characters that continue a word from this vocabulary instead."""
    prefix = continuing_subword_prefix
    frequency = collections.Counter()
    for word, n in word_counts.items():
        for c in word:
            frequency[c] += n
    frequency.update(dict.fromkeys(initial_alphabet, float("inf")))
    alphabet = sorted(sorted(frequency, key=lambda c: (-frequency[c], c))[:limit_alphabet])
    vocabulary = dict.fromkeys([*SPECIAL, *special_tokens, *alphabet])
    words = [([c if i == 0 else prefix + c for i, c in enumerate(word) if c in vocabulary], n)
             for word, n in word_counts.items()]
    symbols = dict.fromkeys(symbol for word, _ in words for symbol in word)
    vocabulary.update(dict.fromkeys(sorted(symbols, key=ids_to_follow.get) if ids_to_follow else symbols))
    tokens = list(vocabulary)
    ids = {token: i for i, token in enumerate(tokens)}
    words = [([ids[symbol] for symbol in word], n) for word, n in words]
    while len(tokens) < vocab_size:
        pairs = collections.Counter()
        for word, n in words:
            for pair in itertools.pairwise(word):
                pairs[pair] += n
        left, right = min(pairs, key=lambda pair: (-pairs[pair], pair), default=(None, None))
        if pairs[left, right] < max(1, min_frequency):
            break
        joined = tokens[left] + tokens[right].removeprefix(prefix)
        if joined not in ids:
            ids[joined] = len(tokens)
            tokens.append(joined)
        for i, (word, n) in enumerate(words):
            merged = []
            while word:
                step = 2 if word[:2] == [left, right] else 1
                merged.append(ids[joined] if step == 2 else word[0])
                word = word[step:]
            words[i] = (merged, n)
    return tokens


def counted_words(backend, lines):
    """Counts the words that a tokenizer's pipeline makes of the lines, in the order of first appearance."""
    return collections.Counter(word for line in lines for word, _ in backend.pre_tokenizer.pre_tokenize_str(
        backend.normalizer.normalize_str(line)))


def trained(examples, data, folder, text, *flags, num_lines=200):
    """Returns the lines of a corpus and the vocabulary of 500 that we train on them."""
    lines = lines_of(data / text)[:num_lines]
    (folder / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    train(examples, folder / "ours", "--train_file", folder / "corpus.txt", "--vocab_size", 500, *flags)
    return lines, entries(Tokenizer.from_file(str(folder / "ours/tokenizer.json")))


def entries(tokenizer):
    vocabulary = tokenizer.get_vocab()
    return sorted(vocabulary, key=vocabulary.get)


@pytest.mark.parametrize("text, flags", [("sinhala_news/train.txt", []), ("wikitext2/valid.txt", ["--lowercase"]),
                                         ("sinhala_news/train.txt", ["--keep_joiners"])])
def test_training_is_the_reference_algorithm_id_by_id(examples, data, tmp_path, text, flags):
    lines, ours = trained(examples, data, tmp_path, text, *flags)
    backend = AutoTokenizer.from_pretrained(tmp_path / "ours").backend_tokenizer
    assert ours == reference_vocabulary(counted_words(backend, lines), 500)


OPTIONS = [
    dict(min_frequency=20), dict(limit_alphabet=40), dict(limit_alphabet=0),
    dict(initial_alphabet="\u0d85\u4e00 z\u00e9"), dict(limit_alphabet=5, initial_alphabet="\u0d85\u4e00"),
    dict(special_tokens=["<x>", "the", "z"]),
    dict(continuing_subword_prefix="@@"), dict(continuing_subword_prefix=""), dict(continuing_subword_prefix="\u0d85"),
    dict(min_frequency=10, limit_alphabet=30, initial_alphabet="xyz", special_tokens=["[E]"],
         continuing_subword_prefix="_"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("text", ["sinhala_news/train.txt", "wikitext2/valid.txt"])
def test_options_are_the_reference_s(examples, data, tmp_path, text, options):
    flags = [part for name, value in options.items()
             for one in (value if isinstance(value, list) else [value]) for part in (f"--{name}", one)]
    lines, ours = trained(examples, data, tmp_path, text, *flags)
    counts = counted_words(BertTokenizerFast(do_lower_case=False).backend_tokenizer, lines)
    assert ours == reference_vocabulary(counts, 500, **options)


@pytest.mark.parametrize("options", [{}, *OPTIONS], ids=str)
def test_the_replay_is_what_tokenizers_does(data, options):
    """The vocabularies are equal, id by id, if the reference visits the words in the order that Hugging Face drew."""
    lines = lines_of(data / "sinhala_news/train.txt")[:200]
    base = BertTokenizerFast(do_lower_case=False)
    trainer = {k: list(v) if k == "initial_alphabet" else v for k, v in options.items() if k != "special_tokens"}
    theirs = base.train_new_from_iterator(lines, 500, new_special_tokens=options.get("special_tokens"), **trainer)
    counts = counted_words(base.backend_tokenizer, lines)
    assert entries(theirs) == reference_vocabulary(counts, 500, **options, ids_to_follow=theirs.get_vocab())


@pytest.mark.parametrize("prefix", ["@@", "", "\u0d85"])
def test_a_prefix_survives(examples, tools, data, tmp_path, mixed_text, prefix):
    lines, _ = trained(examples, data, tmp_path, "sinhala_news/train.txt", "--continuing_subword_prefix", prefix)
    lines += mixed_text
    ours = our_ids(examples, tmp_path / "ours", lines)
    backend = Tokenizer.from_file(str(tmp_path / "ours/tokenizer.json"))
    assert [e.ids for e in backend.encode_batch(lines)] == ours
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "ours")
    assert their_ids(tokenizer, lines) == ours and tokenizer.mask_token_id == 4
    assert_same_encodings(tools, tmp_path / "ours", tokenizer, lines)
    texts = our_texts(tools, tmp_path / "ours", ours, True, False)
    assert texts == tokenizer.batch_decode(ours, skip_special_tokens=True)


def test_training_is_the_same_for_any_number_of_threads(examples, data, tmp_path):
    files = ["--train_file", data / "wikitext2/valid.txt", data / "sinhala_news/train.txt"]
    for threads in (1, 2, 5):
        train(examples, tmp_path / str(threads), *files, "--vocab_size", 3000, "--lowercase", "--threads", threads)
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        assert len({(tmp_path / str(threads) / name).read_bytes() for threads in (1, 2, 5)}) == 1, name
