"""Special and added tokens that only tokenizer_config.json, special_tokens_map.json or added_tokens.json names, and
post-processors: we read them as transformers does, or refuse them."""

import json
import subprocess

import pytest
from tokenizer_support import SPECIAL, assert_same_encodings
from transformers import AutoTokenizer, BertTokenizerFast

VOCABULARY = SPECIAL + ["a", "##b", "<in>", "[", "]", "new", "x", "<", ">"]
LINES = ["a [NEW] <in> <bos> <x>ab", "  [NEW]  a  <bos>  [new]<X>", "[MASK]<m>a <z> <in>", "[NEW][NEW]<bos>[CLS]", ""]
NAMES = {"unk_token": "[UNK]", "mask_token": "[MASK]", "pad_token": "[PAD]", "cls_token": "[CLS]",
         "sep_token": "[SEP]"}
FLAGS = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False}


def token(content, **flags):
    return {"__type": "AddedToken", "content": content, **flags}


CONFIG, MAP, ADDED = "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"
CASES = [
    {CONFIG: {"additional_special_tokens": ["[NEW]", "<in>"]}},
    {CONFIG: {"extra_special_tokens": ["[NEW]", "<in>", "[NEW]", "[MASK]", ""]}},
    {CONFIG: {"extra_special_tokens": ["[NEW]"], "additional_special_tokens": ["<x>"]}},
    {CONFIG: {"extra_special_tokens": {}, "additional_special_tokens": ["<x>"]}},
    {CONFIG: {"extra_special_tokens": None, "bos_token": None}},
    {CONFIG: {"extra_special_tokens": {"foo_token": "[NEW]", "bar": "<x>"}}},
    {CONFIG: {"extra_special_tokens": {"foo": "[NEW]"}, "additional_special_tokens": ["<x>"]}},
    {CONFIG: {"extra_special_tokens": [token("[NEW]", lstrip=True, normalized=False), token("<x>")]}},
    {CONFIG: {"extra_special_tokens": [token("[NEW]", special=True, rstrip=True), "<bos>"]}},
    {CONFIG: {"bos_token": "<bos>", "eos_token": "[NEW]"}},
    {CONFIG: {"bos_token": "[CLS]", "eos_token": token("[SEP]", lstrip=True)}},
    {CONFIG: {"bos_token": "<bos>", "mask_token": "<m>", "additional_special_tokens": ["<x>"]}},
    {CONFIG: {"bos_token": token("[NEW]", lstrip=True), "eos_token": token("<x>", rstrip=True),
              "extra_special_tokens": ["[NEW]", token("<x>", special=True, lstrip=True)]}},
    {CONFIG: {"foo_token": "<bos>", "bar_token": token("[NEW]", rstrip=True), "add_bos_token": False}},
    {MAP: {"additional_special_tokens": ["[NEW]", "<in>"]}},
    {MAP: {"extra_special_tokens": [{"content": "[NEW]", **FLAGS, "lstrip": True}, "<x>"]}},
    {MAP: {"extra_special_tokens": {"foo_token": "[NEW]"}}},
    {CONFIG: {"extra_special_tokens": ["<x>"]}, MAP: {"extra_special_tokens": ["[NEW]", "<x>"]}},
    {CONFIG: {"additional_special_tokens": ["<x>"]}, MAP: {"additional_special_tokens": ["[NEW]"]}},
    {CONFIG: {"extra_special_tokens": []}, MAP: {"additional_special_tokens": ["[NEW]"]}},
    {CONFIG: {"bos_token": "<x>"}, MAP: {"bos_token": {"content": "<bos>", "rstrip": True}, "foo_token": "[NEW]"}},
    {MAP: {"foo_token": "<bos>", "bar_token": {"content": "[NEW]", "rstrip": True}}},
    {CONFIG: {"additional_special_tokens": ["[NEW]"]}, ADDED: {"[NEW]": 15, "<x>": 14}},
    {CONFIG: {"additional_special_tokens": ["<bos>"]}, ADDED: {"<in>": 7, "<x>": 14}},
    {CONFIG: {"added_tokens_decoder": {"14": {"content": "[NEW]", "special": True}, "15": {"content": "<x>"}},
              "additional_special_tokens": ["[NEW]", "<bos>"]}},
    {CONFIG: {"added_tokens_decoder": {"14": {"content": "[NEW]"}}, "extra_special_tokens": ["[NEW]"]}},
    {CONFIG: {"extra_special_tokens": ["[NEW]", token("[NEW]")]}},
    {CONFIG: {"bos_token": token("[NEW]", lstrip=True),
              "extra_special_tokens": ["[CLS]", token("[NEW]", rstrip=True)]}},
    {CONFIG: {"eos_token": "[NEW]", "added_tokens_decoder": {"14": {"content": "[NEW]"}, "15": {"content": "<x>"}}}},
    {MAP: {"additional_special_tokens": ["[NEW]"]}, ADDED: {"[NEW]": 14}},
    {CONFIG: {"added_tokens_decoder": {"14": {"content": "[NEW]"}}}, MAP: {"additional_special_tokens": ["<x>"]},
     ADDED: {"<bos>": 15}},
]


def tokenizer_json(folder):
    BertTokenizerFast(vocab={token: i for i, token in enumerate(VOCABULARY)}).save_pretrained(folder)
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))


def write(folder, files):
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("files", CASES, ids=str)
@pytest.mark.parametrize("form", ["vocab.txt", "BertTokenizer", "PreTrainedTokenizerFast"])
def test_tokens_that_other_files_name(tools, tmp_path_factory, form, files):
    folder, saved = tmp_path_factory.mktemp("theirs"), tmp_path_factory.mktemp("ours")
    config = {"tokenizer_class": "BertTokenizer" if form == "vocab.txt" else form}
    if form == "PreTrainedTokenizerFast":
        config |= NAMES | {"model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
    if form == "vocab.txt":
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    else:
        write(folder, {"tokenizer.json": tokenizer_json(tmp_path_factory.mktemp("json"))})
    write(folder, {**files, CONFIG: {**config, **files.get(CONFIG, {})}})
    theirs = AutoTokenizer.from_pretrained(folder)
    assert_same_encodings(tools, folder, theirs, LINES)
    size = subprocess.run([tools / "tokenizer_probe", "size", folder], capture_output=True, text=True, check=True)
    assert int(size.stdout) == len(theirs)
    subprocess.run([tools / "tokenizer_probe", "save", folder, saved], check=True)
    for copied in (AutoTokenizer, BertTokenizerFast):
        assert_same_encodings(tools, saved, copied.from_pretrained(saved), LINES)
        assert copied.from_pretrained(saved).added_tokens_decoder == theirs.added_tokens_decoder


@pytest.mark.parametrize("change", [
    lambda j: j.update(post_processor=None),
    lambda j: j["post_processor"]["special_tokens"]["[CLS]"].update(ids=[7]),
    lambda j: j.update(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 103], "cls": ["[CLS]", 102]}),
    lambda j: j.update(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}),
    lambda j: j.update(post_processor={"type": "Sequence", "processors": [j["post_processor"]]}),
    lambda j: j.update(post_processor={"type": "Sequence", "processors": []}),
    lambda j: j.update(normalizer={"type": "Sequence", "normalizers": [j["normalizer"]]},
                       pre_tokenizer={"type": "Sequence", "pretokenizers": [j["pre_tokenizer"]]},
                       decoder={"type": "Sequence", "decoders": [j["decoder"]]}),
], ids=["none", "stale template", "stale BertProcessing", "BertProcessing", "Sequence", "empty Sequence", "Sequences"])
@pytest.mark.parametrize("form", ["BertTokenizer", "PreTrainedTokenizerFast", None])
def test_components_are_followed_or_refused(tools, tmp_path, form, change):
    contents = tokenizer_json(tmp_path)
    (tmp_path / CONFIG).unlink()
    change(contents)
    write(tmp_path, {"tokenizer.json": contents})
    if form is not None:
        names = {**NAMES, "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
        write(tmp_path, {CONFIG: {"tokenizer_class": form, **names}})
    result = subprocess.run([tools / "tokenizer_probe", "encode", tmp_path], input=b"a [MASK]b\n", capture_output=True)
    if result.returncode == 0:
        theirs = AutoTokenizer.from_pretrained(tmp_path)
        assert theirs("a [MASK]b").input_ids == eval(result.stdout)[1]
    else:
        assert b"tokenizer.json: post_processor" in result.stderr
        assert form != "BertTokenizer"
