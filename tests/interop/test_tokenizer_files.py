"""The tokenizer's files: Hugging Face opens ours, and we open Hugging Face's, and both see the same tokenizer."""

import json

import pytest
from tokenizer_support import (SPECIAL, assert_same_encodings, assert_same_ids, our_ids, their_ids, train)
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizerFast


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

    (tmp_path / "tokenizer.json").unlink()  # older readers know only the other files
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
    source["normalizer"]["lowercase"] = config is None  # contradicts tokenizer_config.json if there is one
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
    {"vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n<e>\n",
     "special_tokens_map.json": '{"mask_token": "<e>"}'},
], ids=["no mask", "no pad, no mask", "CRLF", "duplicate and empty line", "mask in config", "mask in map"])
def test_vocab_txt_is_read_as_transformers_reads_it(examples, tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    assert_same_ids(examples, tmp_path, BertTokenizerFast.from_pretrained(tmp_path),
                    ["a ab abb b", "[MASK] [PAD]a[SEP]", "<e> A z", ""])


@pytest.mark.parametrize("config", [
    {}, {"mask_token": "[MASK]"}, {"added_tokens_decoder": {}},
    {"mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True}},
    {"mask_token": {"__type": "AddedToken", "content": "<M>", "rstrip": True, "normalized": True, "special": False},
     "cls_token": {"__type": "AddedToken", "content": "[CLS]", "single_word": True}},
    {"unk_token": {"__type": "AddedToken", "content": "[UNK]", "rstrip": True}, "added_tokens_decoder": {
        "8": {"content": "<E>"}}},
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
        (tmp_path / "special_tokens_map.json").write_text(
            '{"mask_token": "<m>", "pad_token": {"content": "[PAD]", "lstrip": true}}')
    assert_same_encodings(tools, tmp_path, BertTokenizerFast.from_pretrained(tmp_path),
                          ["<e><E><F><f> [MASK]", "a <z> <m>[MASK]<M>", "[PAD][UNK]",
                           "  [MASK]  <M>  a <m>  b  [PAD] a[CLS] [CLS]", " [UNK]  a"])
