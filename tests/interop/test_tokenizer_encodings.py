"""Our encodings against Hugging Face's: masks, places, words, truncation, padding."""

import itertools
import random

import pytest
from tokenizer_support import (ASSIGNED, EVERYTHING, MARKS, SEED, assert_same_encodings, in_context, lines_of,
                               our_encodings, random_bytes, their_encodings)
from transformers import BertTokenizerFast


@pytest.mark.parametrize("code_points, settings", [
    (EVERYTHING, dict(do_lower_case=True)),
    (ASSIGNED, dict(do_lower_case=False)),
    (ASSIGNED, dict(do_lower_case=True, strip_accents=False)),
    (ASSIGNED, dict(do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False)),
], ids=["uncased", "cased", "lower case only", "accents only"])
def test_every_code_point_is_where_it_was(tools, every_character, code_points, settings):
    folder, tokenizer = every_character(**settings)
    assert_same_encodings(tools, folder, tokenizer, in_context(code_points, "a{}b\u0301{}\u0323"))


def test_marks_in_random_order_are_where_they_were(tools, every_character):
    folder, tokenizer = every_character(do_lower_case=True)
    rng = random.Random(SEED)
    letters = ["e", "\u00e9", "\u1ec7", "\uac01", "\u4e00", "\uf900", "\u0344", "\u0f73", "\u1e9b\u0323", " ", "\u200d"]
    lines = ["".join(rng.choices(letters, k=3) + rng.choices(MARKS, k=6) + rng.choices(letters, k=2) +
                     rng.choices(MARKS, k=3)) for _ in range(5000)]
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
    folder, lines = data / "tokenizers/bert-base-uncased", random_bytes(3000)
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
                try:  # one text at a time, because an error would end the whole batch
                    theirs += [row.replace("(0,", f"({i},", 1) for row in their_encodings(tokenizer, [text], **options)]
                except BaseException as error:  # a panic in Rust is not an Exception
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
