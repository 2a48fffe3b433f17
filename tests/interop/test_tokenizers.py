"""Our tokenizer against Hugging Face's: ids, vocabularies, files and decoding must be the same."""

import collections
import itertools
import json
import random
import subprocess
import unicodedata

import pytest
from tokenizers import AddedToken, Tokenizer
from transformers import AutoTokenizer, BertTokenizerFast

SEED = 20
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def run(program, *arguments, stdin=b""):
    """The standard output of a program that must succeed."""
    done = subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def lines_of(path):
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def our_ids(examples, folder, lines, *flags):
    """The ids of each line by the tokenize example. Lines are str, or bytes that need not be UTF-8."""
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    out = run(examples / "tokenize", "--tokenizer", folder, *flags, stdin=b"".join(line + b"\n" for line in raw))
    rows = out.decode().split("\n")
    assert rows.pop() == "" and len(rows) == len(lines)
    return [[int(i) for i in row.split()] for row in rows]


def their_ids(tokenizer, lines, **options):
    return [encoding.ids for encoding in tokenizer.backend_tokenizer.encode_batch(lines, **options)]


def assert_same_ids(examples, folder, tokenizer, lines):
    ours, theirs = our_ids(examples, folder, lines), their_ids(tokenizer, lines)
    wrong = [(line, a, b) for line, a, b in zip(lines, ours, theirs) if a != b]
    assert not wrong, f"{len(wrong)} of {len(lines)} lines differ, the first: {wrong[0]!r}"


def train(examples, folder, *flags):
    run(examples / "train_tokenizer", "--output_dir", folder, *flags)
    return folder


@pytest.fixture(scope="module")
def sinhala(examples, data, tmp_path_factory):
    """A vocabulary of 2,000 that we trained on Sinhala news."""
    return train(examples, tmp_path_factory.mktemp("sinhala"), "--train_file", data / "sinhala_news/train.txt",
                 "--vocab_size", 2000, "--base", data / "tokenizers/bert-base-cased")


@pytest.fixture(scope="module")
def mixed_text():
    """Random lines from many scripts, with marks, joiners, special tokens, controls and odd spaces."""
    rng = random.Random(SEED)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x5D0, 0x700), (0x900, 0xE80), (0x1E00, 0x2000),
              (0x2000, 0x2070), (0x3040, 0x3100), (0x4E00, 0x4F00), (0xAC00, 0xAD00), (0xF900, 0xFB50), (0x1F300, 0x1F650),
              (0x10FFF, 0x12000), (0x1D100, 0x1D200), (0x1E000, 0x1E950), (0x0, 0x20)]
    pieces = SPECIAL + ["[MASK", "[mask]", "[[SEP]]", "##ing", "don't", "\u200d", "\u200c", "\ufeff", "\r", "\v", "\x85",
                        "\u2028", "a" * 99, "a" * 100, "a" * 101, "é" * 100, "각" * 40]
    lines = []
    for _ in range(3000):
        words = []
        for _ in range(rng.randrange(12)):
            first, last = rng.choice(blocks)
            words.append(rng.choice(pieces) if rng.random() < 0.15 else
                         "".join(chr(rng.randrange(first, last)) for _ in range(rng.randrange(1, 9))))
        lines.append(rng.choice(["", " "]).join(words).replace("\n", " "))
    return lines


# ---- every code point ----

CONTEXT = "{} a{}b É{}\u0301\u0323 \u0dc3{}\u1bf2{}\u0302\u302e{}\u1e94b"
EVERYTHING = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and c != 0x0A]
ASSIGNED = [c for c in EVERYTHING if unicodedata.category(chr(c)) not in ("Cn", "Co") and not 0x20100 <= c < 0x2F700]


@pytest.fixture(scope="module")
def every_character(tmp_path_factory):
    """A function that gives (folder, tokenizer) for some settings. The vocabulary holds each character, alone and
    continuing a word, so that no difference can hide behind [UNK]."""
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    vocabulary = {token: i for i, token in enumerate(SPECIAL + characters + ["##" + c for c in characters])}
    folder = tmp_path_factory.mktemp("every_character")

    def make(**settings):
        tokenizer = BertTokenizerFast(vocab=vocabulary, **settings)
        target = folder / "_".join(f"{k}={v}" for k, v in settings.items())
        tokenizer.save_pretrained(target)
        return target, tokenizer

    return make


@pytest.mark.parametrize("code_points, settings", [
    (EVERYTHING, dict(do_lower_case=False)),
    (EVERYTHING, dict(do_lower_case=True)),
    (ASSIGNED, dict(do_lower_case=True, strip_accents=False)),
    (ASSIGNED, dict(do_lower_case=False, strip_accents=True)),
    (ASSIGNED, dict(do_lower_case=True, tokenize_chinese_chars=False)),
], ids=["cased", "uncased", "lower case only", "accents only", "Chinese characters in words"])
def test_every_code_point_in_context(examples, every_character, code_points, settings):
    folder, tokenizer = every_character(**settings)
    lines = [" ".join(CONTEXT.replace("{}", chr(c)) for c in code_points[i:i + 16])
             for i in range(0, len(code_points), 16)]
    assert_same_ids(examples, folder, tokenizer, lines)


def test_marks_in_random_order_are_sorted_alike(examples, every_character):
    folder, tokenizer = every_character(do_lower_case=True)
    rng = random.Random(SEED)
    marks = [chr(c) for c in range(0x110000) if unicodedata.combining(chr(c))]
    lines = ["e" + "".join(rng.choices(marks, k=8)) + "x" for _ in range(5000)]
    assert_same_ids(examples, folder, tokenizer, lines)


# ---- real and random text ----

@pytest.mark.parametrize("text", ["sinhala_news/train.txt", "sinhala_news/eval.txt", "wikitext2/valid.txt"])
@pytest.mark.parametrize("name", ["bert-base-cased", "bert-base-uncased", "sinhala"])
def test_real_text_gets_the_same_ids(examples, data, sinhala, name, text):
    folder = sinhala if name == "sinhala" else data / "tokenizers" / name
    assert_same_ids(examples, folder, BertTokenizerFast.from_pretrained(folder), lines_of(data / text))


@pytest.mark.parametrize("name", ["bert-base-cased", "bert-base-uncased"])
def test_mixed_text_gets_the_same_ids(examples, data, mixed_text, name):
    folder = data / "tokenizers" / name
    assert_same_ids(examples, folder, BertTokenizerFast.from_pretrained(folder), mixed_text)


def test_tokens_and_no_special_tokens(examples, data):
    folder, line = data / "tokenizers/bert-base-uncased", "Unaffable [MASK] Wörter!"
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    assert our_ids(examples, folder, [line], "--no_special_tokens") == their_ids(
        tokenizer, [line], add_special_tokens=False)
    tokens = run(examples / "tokenize", "--tokenizer", folder, "--tokens", stdin=line.encode()).decode().split()
    assert tokens == tokenizer.backend_tokenizer.encode(line).tokens


@pytest.mark.parametrize("name", ["bert-base-cased", "bert-base-uncased"])
def test_random_bytes_are_read_as_python_reads_them(examples, data, name):
    folder, rng = data / "tokenizers" / name, random.Random(SEED)
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    ends = [b"\xe0\xa4", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"abc", b"\xff", "é".encode()]
    lines = [rng.randbytes(rng.randrange(40)) for _ in range(5000)]
    lines += [b"".join(rng.choices(ends, k=6)) for _ in range(5000)]
    lines = [line.replace(b"\n", b"") for line in lines]
    assert our_ids(examples, folder, lines) == their_ids(tokenizer, [line.decode("utf-8", "replace") for line in lines])


# ---- training ----

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


# ---- files ----

@pytest.mark.parametrize("flags", [[], ["--lowercase"], ["--lowercase", "--strip_accents", "false"],
                                   ["--strip_accents", "true"]], ids=" ".join)
def test_a_saved_folder_opens_everywhere(examples, data, tmp_path, mixed_text, flags):
    train(examples, tmp_path, "--train_file", data / "wikitext2/valid.txt", "--vocab_size", 1500, *flags)
    ours = our_ids(examples, tmp_path, mixed_text)
    for cls in (AutoTokenizer, BertTokenizerFast):
        tokenizer = cls.from_pretrained(tmp_path)
        assert type(tokenizer).__name__ == "BertTokenizer"
        assert (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id,
                tokenizer.mask_token_id) == (0, 1, 2, 3, 4)
        assert their_ids(tokenizer, mixed_text) == ours
    assert [e.ids for e in Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode_batch(mixed_text)] == ours

    (tmp_path / "tokenizer.json").unlink()  # what older readers see
    assert our_ids(examples, tmp_path, mixed_text) == ours
    assert their_ids(BertTokenizerFast.from_pretrained(tmp_path), mixed_text) == ours


def test_training_from_a_base_keeps_its_settings(examples, data, tmp_path):
    base = BertTokenizerFast.from_pretrained(data / "tokenizers/bert-base-uncased", strip_accents=False,
                                             model_max_length=77)
    base.save_pretrained(tmp_path / "base")
    train(examples, tmp_path / "new", "--train_file", data / "wikitext2/valid.txt", "--vocab_size", 500,
          "--base", tmp_path / "base")
    config = json.loads((tmp_path / "new/tokenizer_config.json").read_text())
    assert (config["do_lower_case"], config["strip_accents"], config["model_max_length"]) == (True, False, 77)


@pytest.mark.parametrize("config, lowered", [({}, True), ({"do_lower_case": False}, False), (None, True)])
def test_tokenizer_config_decides_as_in_transformers(examples, data, tmp_path, config, lowered):
    source = json.loads((data / "tokenizers/bert-base-uncased/tokenizer.json").read_text(encoding="utf-8"))
    source["normalizer"]["lowercase"] = config is None  # the opposite, where both speak
    (tmp_path / "tokenizer.json").write_text(json.dumps(source), encoding="utf-8")
    if config is not None:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = BertTokenizerFast.from_pretrained(tmp_path)
    assert_same_ids(examples, tmp_path, tokenizer, ["Hello WORLD Ärger"])
    assert (tokenizer.tokenize("HELLO") == ["hello"]) == lowered


@pytest.mark.parametrize("files", [
    {"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n##b\n"},
    {"vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\nb\n##b"},
    {"vocab.txt": "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\na\r\n##b\r\n"},
    {"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\na\n##b\n\n"},
    {"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n<e>\n",
     "tokenizer_config.json": '{"mask_token": {"__type": "AddedToken", "content": "<e>"}}'},
    {"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n<e>\n", "special_tokens_map.json": '{"mask_token": "<e>"}'},
], ids=["no mask", "no pad, no mask", "CRLF", "duplicate and empty line", "mask in config", "mask in map"])
def test_vocab_txt_is_read_as_transformers_reads_it(examples, tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    assert_same_ids(examples, tmp_path, BertTokenizerFast.from_pretrained(tmp_path),
                    ["a ab abb b", "[MASK] [PAD]a[SEP]", "<e> A z", ""])


# ---- decoding ----

def test_decoding_gives_the_same_text(tools, data, mixed_text):
    rng = random.Random(SEED)
    for name in ("bert-base-cased", "bert-base-uncased"):
        folder = data / "tokenizers" / name
        tokenizer = BertTokenizerFast.from_pretrained(folder)
        rows = their_ids(tokenizer, ["I don't, do not; it's 2.5 (yes)! we've you're 'm n't ?"] + mixed_text)
        rows += [[rng.randrange(len(tokenizer) + 50) for _ in range(12)] for _ in range(2000)]
        for skip, clean_up in itertools.product((False, True), repeat=2):
            out = run(tools / "tokenizer_probe", "decode", folder, int(skip), int(clean_up),
                      stdin="".join(" ".join(map(str, row)) + "\n" for row in rows).encode())
            assert out.decode().split("\n")[:-1] == tokenizer.batch_decode(
                rows, skip_special_tokens=skip, clean_up_tokenization_spaces=clean_up)


# ---- encodings: masks, places, words, truncation ----

def our_encodings(tools, folder, texts, together=False, **options):
    """The encodings of texts, or of pairs of them, by our program, as Python would print their fields."""
    command = "encode_pairs" if isinstance(texts[0], tuple) else "batch_encode" if together else "encode"
    raw = [b"\x1f".join(t.encode() for t in text) if isinstance(text, tuple) else
           text if isinstance(text, bytes) else text.encode() for text in texts]
    flags = [f"{name}={int(value) if isinstance(value, bool) else value}" for name, value in options.items()]
    out = run(tools / "tokenizer_probe", command, folder, *flags, stdin=b"".join(line + b"\n" for line in raw))
    return out.decode().split("\n")[:-1]


def their_encodings(tokenizer, texts, **options):
    """The same by transformers. Its padding_side is an argument, its truncation_side a setting."""
    tokenizer.truncation_side = options.pop("truncation_side", "right")
    batch = tokenizer(texts, **options)
    samples = batch.get("overflow_to_sample_mapping", range(len(texts)))
    return [str((sample, e.ids, e.type_ids, e.attention_mask, e.special_tokens_mask, e.offsets, e.word_ids))
            for sample, e in zip(samples, batch.encodings, strict=True)]


def assert_same_encodings(tools, folder, tokenizer, texts, **options):
    ours, theirs = our_encodings(tools, folder, texts, **options), their_encodings(tokenizer, texts, **options)
    wrong = [(a, b) for a, b in itertools.zip_longest(ours, theirs) if a != b]
    assert not wrong, f"{len(wrong)} of {len(theirs)} encodings differ, the first: {wrong[0]!r}, options {options}"


@pytest.mark.parametrize("code_points, settings", [
    (EVERYTHING, dict(do_lower_case=True)),
    (ASSIGNED, dict(do_lower_case=False)),
    (ASSIGNED, dict(do_lower_case=True, strip_accents=False)),
    (ASSIGNED, dict(do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False)),
], ids=["uncased", "cased", "lower case only", "accents only"])
def test_every_code_point_is_where_it_was(tools, every_character, code_points, settings):
    folder, tokenizer = every_character(**settings)
    lines = [" ".join("a{}b\u0301{}\u0323".replace("{}", chr(c)) for c in code_points[i:i + 16])
             for i in range(0, len(code_points), 16)]
    assert_same_encodings(tools, folder, tokenizer, lines)


def test_marks_in_random_order_are_where_they_were(tools, every_character):
    folder, tokenizer = every_character(do_lower_case=True)
    rng = random.Random(SEED)
    marks = [chr(c) for c in range(0x110000) if unicodedata.combining(chr(c))]
    letters = ["e", "\u00e9", "\u1ec7", "\uac01", "\u4e00", "\uf900", "\u0344", "\u0f73", "\u1e9b\u0323", " ", "\u200d"]
    lines = ["".join(rng.choices(letters, k=3) + rng.choices(marks, k=6) + rng.choices(letters, k=2) +
                     rng.choices(marks, k=3)) for _ in range(5000)]
    assert_same_encodings(tools, folder, tokenizer, lines)


@pytest.mark.parametrize("name", ["bert-base-cased", "bert-base-uncased", "sinhala"])
def test_text_gets_the_same_encodings(tools, data, sinhala, mixed_text, name):
    folder = sinhala if name == "sinhala" else data / "tokenizers" / name
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    for text in ("sinhala_news/eval.txt", "wikitext2/valid.txt"):
        assert_same_encodings(tools, folder, tokenizer, lines_of(data / text))
    assert_same_encodings(tools, folder, tokenizer, mixed_text)
    assert_same_encodings(tools, folder, tokenizer, mixed_text, add_special_tokens=False)
    assert_same_encodings(tools, folder, tokenizer, 
                           [(a, b) for a, b in zip(mixed_text, reversed(mixed_text)) if "\x1f" not in a + b])


def test_places_in_random_bytes_are_those_in_what_python_reads(tools, data):
    folder, rng = data / "tokenizers/bert-base-uncased", random.Random(SEED)
    pieces = [b"\xe0\xa4", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"abc", b"\xff",
              "\u00e9".encode(), b"[MASK]", b" "]
    lines = [rng.randbytes(rng.randrange(40)) for _ in range(3000)]
    lines += [b"".join(rng.choices(pieces, k=6)) for _ in range(3000)]
    lines = [line.translate(None, b"\n\x1f") for line in lines]
    theirs = their_encodings(BertTokenizerFast.from_pretrained(folder), [b.decode("utf-8", "replace") for b in lines])
    assert our_encodings(tools, folder, lines) == theirs


LENGTHS = (0, 1, 2, 3, 4, 5, 8, 13)
PAIRS = [(" ".join(["one"] * a), " ".join(["two"] * b)) for a in LENGTHS for b in LENGTHS]


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("special", [True, False])
@pytest.mark.parametrize("strategy", ["longest_first", "only_first", "only_second", "do_not_truncate"])
def test_truncation(tools, data, strategy, special, side):
    folder = data / "tokenizers/bert-base-uncased"
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    options = dict(truncation=strategy, add_special_tokens=special, truncation_side=side)
    for max_length, stride in itertools.product((3, 4, 5, 6, 8, 11, 40), (0, 1, 3)):
        options |= dict(max_length=max_length, stride=stride, return_overflowing_tokens=True)
        for texts in ([a for a, b in PAIRS if not b], PAIRS):
            theirs = []
            for i, text in enumerate(texts):
                try:  # one by one: an error ends a batch
                    theirs += [row.replace("(0,", f"({i},", 1) for row in their_encodings(tokenizer, [text], **options)]
                except BaseException as error:  # where Rust panics this is no Exception
                    assert "runcat" in str(error) or "stride" in str(error)
                    theirs.append("ValueError")
            assert our_encodings(tools, folder, texts, **options) == theirs, options


def test_overflow_of_real_texts(tools, data):
    folder = data / "tokenizers/bert-base-cased"
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    lines = lines_of(data / "wikitext2/valid.txt")[:600]
    pairs = list(zip(lines, lines_of(data / "sinhala_news/eval.txt")))
    for texts, strategy in ((lines, "longest_first"), (pairs, "longest_first"), (pairs, "only_first")):
        assert_same_encodings(tools, folder, tokenizer, texts, truncation=strategy, max_length=400, stride=3,
                              return_overflowing_tokens=True)


@pytest.mark.parametrize("options", [
    dict(padding="longest"),
    dict(padding="longest", padding_side="left", pad_to_multiple_of=8),
    dict(padding="max_length", max_length=20),
    dict(padding="max_length", max_length=21, pad_to_multiple_of=4),
    dict(padding="max_length", max_length=24, truncation="longest_first", pad_to_multiple_of=8, padding_side="left",
         truncation_side="left"),
    dict(padding="longest", max_length=12, truncation="longest_first", stride=2, return_overflowing_tokens=True),
    dict(padding="max_length", truncation="longest_first", return_overflowing_tokens=True),
    dict(padding="longest", max_length=2, truncation="longest_first", return_overflowing_tokens=True),
    dict(padding="longest", add_special_tokens=False, pad_to_multiple_of=3),
    dict(padding="do_not_pad", max_length=9),
    dict(padding="do_not_pad", truncation="only_first"),
], ids=str)
def test_batches_are_padded_alike(tools, data, options):
    folder = data / "tokenizers/bert-base-uncased"
    tokenizer = BertTokenizerFast.from_pretrained(folder, model_max_length=512)
    texts = ["", "one", "one two three four five", *lines_of(data / "wikitext2/valid.txt")[:40], "unaffable " * 400]
    theirs = {k: False if v == "do_not_pad" else v for k, v in options.items()}
    ours = our_encodings(tools, folder, texts, together=True, **options)
    assert ours == their_encodings(tokenizer, texts, **theirs)


def test_texts_are_not_cut_and_padded_to_different_lengths(tools, data):
    folder = data / "tokenizers/bert-base-uncased"
    options = dict(padding="longest", truncation="longest_first", max_length=9, pad_to_multiple_of=4)
    assert our_encodings(tools, folder, ["one"], together=True, **options) == ["ValueError"]
    with pytest.raises(ValueError, match="not a multiple of pad_to_multiple_of"):
        BertTokenizerFast.from_pretrained(folder)(["one"], **options)


def test_sides_are_read_from_tokenizer_config(tools, data, tmp_path):
    tokenizer = BertTokenizerFast.from_pretrained(data / "tokenizers/bert-base-uncased", truncation_side="left",
                                                  padding_side="left")
    tokenizer.save_pretrained(tmp_path)
    texts = ["one", "one two three four five", ""]
    assert our_encodings(tools, tmp_path, texts, together=True, padding="longest", max_length=5,
                         truncation="longest_first") == their_encodings(
        tokenizer, texts, padding="longest", max_length=5, truncation=True, truncation_side="left")


# ---- added tokens ----

FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]


def random_added_tokens(rng):
    """Some added tokens with random flags; contents that overlap, with spaces, marks, what is lowered and dropped. No two
    normalise alike: which of those Hugging Face finds changes from run to run."""
    contents = ["<x>", "<x>>", "x", "Foo", "foo bar", "\u00c9t\u00e9", "\u4e00", "[MASK]a", "##a", "a\u0301",
                "\u0dc3\u0dd2\u200d", "<\u00dc>", "b!", "_"]
    return [AddedToken(content, **{flag: rng.random() < 0.4 for flag in FLAGS})
            for content in rng.sample(contents, rng.randrange(1, 8))]


@pytest.mark.parametrize("seed", range(40))
def test_added_tokens_are_found_alike(tools, tmp_path, seed):
    rng = random.Random(seed)
    vocabulary = SPECIAL + list("abcfox!<>_e") + ["##a", "##o", "##x", "##e", "##t", "foo", "\u0dc3", "\u4e00"]
    tokenizer = BertTokenizerFast(vocab={token: i for i, token in enumerate(vocabulary)},
                                  do_lower_case=rng.random() < 0.6)
    tokenizer.add_tokens(random_added_tokens(rng))
    tokenizer.save_pretrained(tmp_path)
    pieces = [str(t) for t in tokenizer.added_tokens_decoder.values()] * 2 + [
        " ", " ", "  ", "\t", "\u2003", "\u200d", "a", "foo", "x", "ete", "\u0301", "_", "1", "\u24b6", "\u0dd2", "-", "!", "\x00"]
    lines = ["".join(rng.choices(pieces, k=rng.randrange(1, 12))) for _ in range(40)]
    assert_same_encodings(tools, tmp_path, tokenizer, lines)
    ids = "".join(" ".join(map(str, row)) + "\n" for row in their_ids(tokenizer, lines)).encode()
    out = run(tools / "tokenizer_probe", "decode", tmp_path, 1, 0, stdin=ids).decode().split("\n")[:-1]
    assert out == tokenizer.batch_decode(their_ids(tokenizer, lines), skip_special_tokens=True)

    run(tools / "tokenizer_probe", "save", tmp_path, tmp_path / "ours")  # and written back
    ours = json.loads((tmp_path / "ours/tokenizer.json").read_text(encoding="utf-8"))
    theirs = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    assert ours["added_tokens"] == theirs["added_tokens"]
    reopened = BertTokenizerFast.from_pretrained(tmp_path / "ours")
    assert_same_encodings(tools, tmp_path, reopened, lines)


def test_single_words_end_at_the_same_characters(tools, tmp_path):
    tokenizer = BertTokenizerFast(vocab={token: i for i, token in enumerate(SPECIAL)})
    tokenizer.add_tokens([AddedToken("<x>", single_word=True, normalized=False, lstrip=True)])
    tokenizer.save_pretrained(tmp_path)
    for pattern in ("{}<x>", "<x>{}"):
        lines = ["-".join(pattern.format(chr(c)) for c in EVERYTHING[i:i + 16]) for i in range(0, len(EVERYTHING), 16)]
        assert_same_encodings(tools, tmp_path, tokenizer, lines)


@pytest.mark.parametrize("config", [
    {}, {"mask_token": "[MASK]"}, {"added_tokens_decoder": {}},
    {"added_tokens_decoder": {"8": {"content": "<E>"}, "9": {"content": "<F>", "special": True},
                              "4": {"content": "[MASK]", "lstrip": True, "special": True}},
     "mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True}}], ids=str)
@pytest.mark.parametrize("with_map", [False, True])
@pytest.mark.parametrize("with_json", [False, True])
def test_added_and_special_tokens_of_older_files(tools, tmp_path, config, with_map, with_json):
    vocabulary = SPECIAL + ["a", "##b", "<m>"]
    tokenizer = BertTokenizerFast(vocab={token: i for i, token in enumerate(vocabulary)})
    tokenizer.add_tokens(["<z>"])
    if with_json:
        tokenizer.save_pretrained(tmp_path)
    else:
        (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    if with_map:
        (tmp_path / "special_tokens_map.json").write_text('{"mask_token": "<m>"}')
    assert_same_encodings(tools, tmp_path, BertTokenizerFast.from_pretrained(tmp_path),
                          ["<e><E><F><f> [MASK]", "a <z> <m>[MASK]<M>", "[PAD][UNK]"])
