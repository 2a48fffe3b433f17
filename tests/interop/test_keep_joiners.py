"""Tokenizers that keep U+200C and U+200D: Hugging Face opens them with the same ids, places and text."""

import json
import subprocess

import pytest
from support import run
from tokenizer_support import (ASSIGNED, EVERYTHING, SPECIAL, assert_same_encodings, assert_same_ids, in_context,
                               lines_of, our_ids, our_texts, train)
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizerFast

JOINERS = "\u200c\u200d"


@pytest.fixture(scope="module", params=[(), ("--lowercase",)], ids=["cased", "uncased"])
def keeping(request, examples, data, tmp_path_factory):
    """Returns a folder with a Sinhala vocabulary of 2,000 that keeps joiners, and with a model's config.json."""
    folder = train(examples, tmp_path_factory.mktemp("keeping"), "--train_file", data / "sinhala_news/train.txt",
                   "--vocab_size", 2000, "--keep_joiners", *request.param)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    return folder


def test_real_text_gets_the_same_ids_everywhere(examples, tools, data, keeping, mixed_text):
    tokenizer = AutoTokenizer.from_pretrained(keeping)
    assert type(tokenizer).__name__ == "TokenizersBackend"
    assert (tokenizer.pad_token_id, tokenizer.unk_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id,
            tokenizer.mask_token_id) == (0, 1, 2, 3, 4)
    assert list(tokenizer("x", "y")) == ["input_ids", "token_type_ids", "attention_mask"]
    for lines in (lines_of(data / "sinhala_news/train.txt"), lines_of(data / "sinhala_news/eval.txt"), mixed_text):
        assert_same_encodings(tools, keeping, tokenizer, lines)
        ids = our_ids(examples, keeping, lines)
        assert [e.ids for e in Tokenizer.from_file(str(keeping / "tokenizer.json")).encode_batch(lines)] == ids
        assert our_texts(tools, keeping, ids, True, False) == tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert any(c in token for token in tokenizer.get_vocab() for c in JOINERS)
    text = lines_of(data / "sinhala_news/eval.txt")
    cut = [line for line in text if any(c in line for c in JOINERS)]
    assert our_ids(examples, keeping, cut) != our_ids(examples, keeping, ["".join(c for c in line if c not in JOINERS)
                                                                          for line in cut])


@pytest.mark.parametrize("code_points, flags", [(EVERYTHING, []), (ASSIGNED, ["--lowercase"])],
                         ids=["cased", "uncased"])
def test_every_code_point_in_context(examples, tools, data, tmp_path, code_points, flags):
    train(examples, tmp_path, "--train_file", data / "sinhala_news/eval.txt", "--vocab_size", 400, "--keep_joiners",
          *flags)
    description = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    description["model"]["vocab"] = {
        token: i for i, token in enumerate(SPECIAL + characters + ["##" + c for c in characters])}
    (tmp_path / "tokenizer.json").write_text(json.dumps(description))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert_same_ids(examples, tmp_path, tokenizer,
                    in_context(code_points, "{} a{}b \u0dc3{}\u0dca\u200d{}\u200c{}\u0301\u1e94"))
    assert_same_encodings(tools, tmp_path, tokenizer, in_context(code_points, "a{}\u200d\u0301{}b"))


def test_hugging_face_saves_it_as_it_was(tools, keeping, mixed_text, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(keeping)
    tokenizer.save_pretrained(tmp_path)
    assert_same_encodings(tools, tmp_path, tokenizer, mixed_text)
    run(tools / "tokenizer_probe", "save", tmp_path, tmp_path / "again")
    assert (tmp_path / "again/tokenizer.json").read_bytes() == (keeping / "tokenizer.json").read_bytes()


def test_the_class_that_drops_them_is_refused(examples, keeping, tmp_path):
    """BertTokenizer ignores the saved normalizer, so a folder that names this class would load as another tokenizer."""
    BertTokenizerFast.from_pretrained(keeping).save_pretrained(tmp_path)
    text = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
    assert (BertTokenizerFast.from_pretrained(tmp_path)(text).input_ids
            == BertTokenizerFast.from_pretrained(tmp_path)(text.replace("\u200d", "")).input_ids)
    config = json.loads((keeping / "tokenizer_config.json").read_text()) | {"tokenizer_class": "BertTokenizer"}
    (tmp_path / "tokenizer.json").write_bytes((keeping / "tokenizer.json").read_bytes())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    done = subprocess.run([examples / "tokenize", "--tokenizer", tmp_path], input="", capture_output=True, text=True)
    assert done.returncode == 1 and "BertTokenizer drops U+200C and U+200D" in done.stderr


def test_the_warning_names_the_flag(examples, data, tmp_path):
    command = [examples / "train_tokenizer", "--train_file", data / "sinhala_news/train.txt", "--vocab_size", "300",
               "--output_dir", tmp_path]
    lossy = subprocess.run(command, capture_output=True, text=True).stderr
    assert "6169 of 10000 lines" in lossy and "to keep them: --keep_joiners" in lossy
    assert "warning" not in subprocess.run([*command, "--keep_joiners"], capture_output=True, text=True).stderr
