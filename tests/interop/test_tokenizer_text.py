"""Our tokenizer against Hugging Face's: the same ids for every text, and the same text for every id."""

import itertools
import random

import pytest
from support import run
from tokenizer_support import (ASSIGNED, EVERYTHING, MARKS, SEED, assert_same_ids, in_context, lines_of, our_ids,
                               our_texts, random_bytes, their_ids)
from transformers import BertTokenizerFast

CONTEXT = "{} a{}b É{}\u0301\u0323 \u0dc3{}\u1bf2{}\u0302\u302e{}\u1e94b"


@pytest.mark.parametrize("code_points, settings", [
    (EVERYTHING, dict(do_lower_case=False)),
    (EVERYTHING, dict(do_lower_case=True)),
    (ASSIGNED, dict(do_lower_case=True, strip_accents=False)),
    (ASSIGNED, dict(do_lower_case=False, strip_accents=True)),
    (ASSIGNED, dict(do_lower_case=True, tokenize_chinese_chars=False)),
], ids=["cased", "uncased", "lower case only", "accents only", "Chinese characters in words"])
def test_every_code_point_in_context(examples, every_character, code_points, settings):
    folder, tokenizer = every_character(**settings)
    assert_same_ids(examples, folder, tokenizer, in_context(code_points, CONTEXT))


def test_marks_in_random_order_are_sorted_alike(examples, every_character):
    folder, tokenizer = every_character(do_lower_case=True)
    rng = random.Random(SEED)
    lines = ["e" + "".join(rng.choices(MARKS, k=8)) + "x" for _ in range(5000)]
    assert_same_ids(examples, folder, tokenizer, lines)


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
    tokens = run(examples / "tokenize", "--tokenizer", folder, "--tokens", input=line).split()
    assert tokens == tokenizer.backend_tokenizer.encode(line).tokens


@pytest.mark.parametrize("name", ["bert-base-cased", "bert-base-uncased"])
def test_random_bytes_are_read_as_python_reads_them(examples, data, name):
    folder, lines = data / "tokenizers" / name, random_bytes(5000)
    tokenizer = BertTokenizerFast.from_pretrained(folder)
    assert our_ids(examples, folder, lines) == their_ids(tokenizer, [line.decode("utf-8", "replace") for line in lines])


def test_decoding_gives_the_same_text(tools, data, mixed_text):
    rng = random.Random(SEED)
    for name in ("bert-base-cased", "bert-base-uncased"):
        folder = data / "tokenizers" / name
        tokenizer = BertTokenizerFast.from_pretrained(folder)
        rows = their_ids(tokenizer, ["I don't, do not; it's 2.5 (yes)! we've you're 'm n't ?"] + mixed_text)
        rows += [[rng.randrange(len(tokenizer) + 50) for _ in range(12)] for _ in range(2000)]
        for skip, clean_up in itertools.product((False, True), repeat=2):
            assert our_texts(tools, folder, rows, skip, clean_up) == tokenizer.batch_decode(
                rows, skip_special_tokens=skip, clean_up_tokenization_spaces=clean_up)
