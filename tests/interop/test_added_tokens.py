"""Added tokens with all flags: we must find them in the same places as Hugging Face."""

import json
import random

import pytest
from support import run
from tokenizer_support import EVERYTHING, SPECIAL, assert_same_encodings, in_context, our_texts, their_ids
from tokenizers import AddedToken
from transformers import BertTokenizerFast

FLAGS = ["single_word", "lstrip", "rstrip", "normalized", "special"]


def random_added_tokens(rng):
    """Returns added tokens with random flags. Their contents overlap and contain spaces, marks, and characters that
    normalization lowers or drops. No two have equal normalized contents: Hugging Face would pick one at random."""
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
        " ", " ", "  ", "\t", "\u2003", "\u200d", "a", "foo", "x", "ete", "\u0301", "_", "1", "\u24b6", "\u0dd2", "-",
        "!", "\x00"]
    lines = ["".join(rng.choices(pieces, k=rng.randrange(1, 12))) for _ in range(40)]
    assert_same_encodings(tools, tmp_path, tokenizer, lines)
    ids = their_ids(tokenizer, lines)
    assert our_texts(tools, tmp_path, ids, True, False) == tokenizer.batch_decode(ids, skip_special_tokens=True)

    run(tools / "tokenizer_probe", "save", tmp_path, tmp_path / "ours")  # our copy must be equal
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
        assert_same_encodings(tools, tmp_path, tokenizer, in_context(EVERYTHING, pattern, "-"))
