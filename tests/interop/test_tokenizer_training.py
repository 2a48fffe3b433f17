"""Our vocabularies against Hugging Face's: always one of those that it can draw."""

import collections
import itertools

import pytest
from tokenizer_support import SPECIAL, lines_of, train
from tokenizers import Tokenizer
from transformers import BertTokenizerFast


def test_training_gives_the_same_entries(data, sinhala):
    base = BertTokenizerFast.from_pretrained(data / "tokenizers/bert-base-cased")
    theirs = base.train_new_from_iterator(lines_of(data / "sinhala_news/train.txt"), 2000)
    ours = Tokenizer.from_file(str(sinhala / "tokenizer.json"))
    assert set(ours.get_vocab()) == set(theirs.get_vocab())
    assert [ours.id_to_token(i) for i in range(5)] == [theirs.backend_tokenizer.id_to_token(i) for i in range(5)]


def reference_vocabulary(word_counts, vocab_size):
    """The reference's algorithm, slow and plain, for words in a given order."""
    vocabulary = dict.fromkeys(SPECIAL)
    vocabulary.update(dict.fromkeys(sorted({c for word in word_counts for c in word})))
    vocabulary.update(dict.fromkeys("##" + c for word in word_counts for c in word[1:]))
    tokens = list(vocabulary)
    ids = {token: i for i, token in enumerate(tokens)}
    words = [([ids[c if i == 0 else "##" + c] for i, c in enumerate(word)], n) for word, n in word_counts.items()]
    while len(tokens) < vocab_size:
        pairs = collections.Counter()
        for word, n in words:
            for pair in itertools.pairwise(word):
                pairs[pair] += n
        if not pairs:
            break
        left, right = min(pairs, key=lambda pair: (-pairs[pair], pair))
        tokens.append(tokens[left] + tokens[right].removeprefix("##"))
        for i, (word, n) in enumerate(words):
            merged = []
            while word:
                step = 2 if word[:2] == [left, right] else 1
                merged.append(len(tokens) - 1 if step == 2 else word[0])
                word = word[step:]
            words[i] = (merged, n)
    return tokens


@pytest.mark.parametrize("text, flags", [("sinhala_news/train.txt", []), ("wikitext2/valid.txt", ["--lowercase"])])
def test_training_is_the_reference_algorithm_id_by_id(examples, data, tmp_path, text, flags):
    lines = lines_of(data / text)[:200]
    (tmp_path / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    train(examples, tmp_path / "ours", "--train_file", tmp_path / "corpus.txt", "--vocab_size", 500, *flags)
    backend = BertTokenizerFast(do_lower_case=bool(flags)).backend_tokenizer
    counts = collections.Counter(  # keeps the order of first appearance
        word for line in lines
        for word, _ in backend.pre_tokenizer.pre_tokenize_str(backend.normalizer.normalize_str(line)))
    assert lines_of(tmp_path / "ours/vocab.txt") == reference_vocabulary(counts, 500)


def test_training_is_the_same_for_any_number_of_threads(examples, data, tmp_path):
    files = ["--train_file", data / "wikitext2/valid.txt", data / "sinhala_news/train.txt"]
    for threads in (1, 2, 5):
        train(examples, tmp_path / str(threads), *files, "--vocab_size", 3000, "--lowercase", "--threads", threads)
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"):
        assert len({(tmp_path / str(threads) / name).read_bytes() for threads in (1, 2, 5)}) == 1, name
