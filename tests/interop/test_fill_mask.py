"""The fill_mask program against transformers' fill-mask pipeline, on text that is not in the repository."""

import json
import shutil
import subprocess

import pytest
from support import run, scaled_model
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline


@pytest.fixture(scope="module")
def folder(tokenizer, tmp_path_factory):
    """Saves a model and our tokenizer to a folder, and returns the folder."""
    folder = tmp_path_factory.mktemp("model")
    scaled_model().save_pretrained(folder)
    shutil.copytree(tokenizer.name_or_path, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def texts(lines):
    """Returns lines with one masked word in the middle, lines with two, and lines with masks in unusual places."""
    def mask(line, positions):
        words = line.split()
        for p in positions:
            words[p % len(words)] = "[MASK]"
        return " ".join(words)

    long_enough = [line for line in lines if 5 < len(line.split()) < 25][:12]
    assert len(long_enough) == 12
    return [mask(line, [len(line.split()) // 2]) for line in long_enough[:8]] + [
        mask(line, [1, 4]) for line in long_enough[8:]] + ["[MASK]", "a[MASK]b, c.", "  [MASK]  [MASK] ?"]


def masks(result):
    return result if isinstance(result[0], list) else [result]


@pytest.mark.parametrize("top_k", [1, 5])
def test_same_guesses_as_the_pipeline(examples, folder, texts, top_k):
    ours = run(examples / "fill_mask", "--model", folder, "--json", "--top_k", top_k, input="\n".join(texts) + "\n")
    ours = [json.loads(line) for line in ours.splitlines()]
    theirs = pipeline("fill-mask", model=AutoModelForMaskedLM.from_pretrained(folder),
                      tokenizer=AutoTokenizer.from_pretrained(folder), top_k=top_k)
    assert len(ours) == len(texts)
    for text, guesses in zip(texts, ours):
        expected = theirs(text)
        assert isinstance(guesses[0], list) == isinstance(expected[0], list), text
        for our_mask, their_mask in zip(masks(guesses), masks(expected), strict=True):
            for a, b in zip(our_mask, their_mask, strict=True):
                assert a["score"] == pytest.approx(b["score"], abs=1e-4), text
                assert {**a, "score": 0} == {**b, "score": 0}, text


def test_a_line_without_a_mask_is_named(examples, folder):
    result = subprocess.run([examples / "fill_mask", "--model", folder], input="a [MASK]\nnothing here\n",
                            capture_output=True, text=True)
    assert result.returncode == 1
    assert "line 2: " in result.stderr and "no [MASK]" in result.stderr
    assert result.stdout.startswith("a [MASK]\n")
