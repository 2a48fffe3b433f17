"""Examples of a text, line by line and grouped: they must be those of transformers' run_mlm.py."""

import gzip
from itertools import chain

import pytest
from support import run

MAX_LENGTH = 48


@pytest.fixture(scope="module")
def texts(lines, tmp_path_factory):
    """Returns two files of real text with blank lines, the second one compressed, and their lines."""
    folder = tmp_path_factory.mktemp("texts")
    parts = [lines[:200] + ["", "  "] + lines[200:300], ["", *lines[300:400]]]
    (folder / "a.txt").write_text("\n".join(parts[0]), encoding="utf-8")
    with gzip.open(folder / "b.txt", "wt", encoding="utf-8") as file:
        file.write("\n".join(parts[1]) + "\n")
    return [folder / "a.txt", folder / "b.txt"], parts[0] + parts[1]


@pytest.fixture(scope="module")
def probe(tools, tokenizer, texts):
    """Returns a function that makes examples with our program."""

    def examples(mode):
        output = run(tools / "dataset_probe", tokenizer.name_or_path, MAX_LENGTH, mode, *texts[0])
        return [list(map(int, line.split())) for line in output.splitlines()]

    return examples


def test_lines_are_those_of_run_mlm(probe, texts, tokenizer):
    with_text = [line for line in texts[1] if len(line) > 0 and not line.isspace()]
    assert len(with_text) == len(texts[1]) - 3
    assert probe("lines") == tokenizer(with_text, truncation=True, max_length=MAX_LENGTH)["input_ids"]


def test_groups_are_those_of_run_mlm_and_the_rest_is_kept(probe, texts, tokenizer):
    ids = list(chain(*tokenizer(texts[1])["input_ids"]))
    whole = len(ids) // MAX_LENGTH * MAX_LENGTH  # run_mlm's group_texts drops the rest
    groups = [ids[i:i + MAX_LENGTH] for i in range(0, whole, MAX_LENGTH)]
    assert 0 < len(ids) - whole
    assert probe("groups") == [*groups, ids[whole:]]
