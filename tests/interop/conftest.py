"""Fixtures that all tests here share: paths of our programs (of the release build) and of the real texts."""

import os
import random
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # set before transformers is imported, so that it downloads nothing
os.environ["TOKENIZERS_PARALLELISM"] = "false"

CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = CACHE.name  # train_mlm caches tokenized text here

import pytest
from support import run
from tokenizer_support import SEED, SPECIAL, train
from transformers import AutoTokenizer, BertTokenizerFast

BUILD = Path(__file__).resolve().parents[2] / "build" / "release"


def built(folder):
    if not folder.is_dir():
        pytest.exit(f"{folder} does not exist; run scripts/test --interop, or cmake --preset release and build", 2)
    return folder


@pytest.fixture(scope="session")
def examples():
    """Returns the folder of the example programs."""
    return built(BUILD / "examples")


@pytest.fixture(scope="session")
def tools():
    """Returns the folder of the helper programs, built from tests/interop/*.cpp."""
    return built(BUILD / "tests")


@pytest.fixture(scope="session")
def data():
    """Returns the folder of real texts. Without MINIBERT_TEST_DATA, skips the test."""
    if folder := os.environ.get("MINIBERT_TEST_DATA"):
        return Path(folder)
    return pytest.skip("MINIBERT_TEST_DATA is not set")


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory, examples, data):
    """Trains a tokenizer of 2,000 entries with our program, and opens it with transformers."""
    folder = tmp_path_factory.mktemp("tokenizer")
    run(examples / "train_tokenizer", "--train_file", data / "sinhala_news/train.txt", "--vocab_size", 2000,
        "--output_dir", folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def lines(data):
    """Returns lines of real text that no tokenizer here is trained on."""
    return (data / "sinhala_news/eval.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session")
def sinhala(examples, data, tmp_path_factory):
    """Returns a tokenizer of 2,000 entries that our program trained on Sinhala news."""
    return train(examples, tmp_path_factory.mktemp("sinhala"), "--train_file", data / "sinhala_news/train.txt",
                 "--vocab_size", 2000, "--base", data / "tokenizers/bert-base-cased")


@pytest.fixture(scope="session")
def mixed_text():
    """Returns random lines in many scripts, with marks, joiners, special tokens, control characters and rare spaces."""
    rng = random.Random(SEED)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x5D0, 0x700), (0x900, 0xE80),
              (0x1E00, 0x2000), (0x2000, 0x2070), (0x3040, 0x3100), (0x4E00, 0x4F00), (0xAC00, 0xAD00),
              (0xF900, 0xFB50), (0x1F300, 0x1F650), (0x10FFF, 0x12000), (0x1D100, 0x1D200), (0x1E000, 0x1E950),
              (0x0, 0x20)]
    pieces = SPECIAL + ["[MASK", "[mask]", "[[SEP]]", "##ing", "don't", "\u200d", "\u200c", "\ufeff", "\r", "\v",
                        "\x85", "\u2028", "a" * 99, "a" * 100, "a" * 101, "é" * 100, "각" * 40]
    lines = []
    for _ in range(3000):
        words = []
        for _ in range(rng.randrange(12)):
            first, last = rng.choice(blocks)
            words.append(rng.choice(pieces) if rng.random() < 0.15 else
                         "".join(chr(rng.randrange(first, last)) for _ in range(rng.randrange(1, 9))))
        lines.append(rng.choice(["", " "]).join(words).replace("\n", " "))
    return lines


@pytest.fixture(scope="session")
def every_character(tmp_path_factory):
    """Returns a function that maps settings to (folder, tokenizer). The vocabulary contains each character, alone and
    as a continuation, so that no difference is hidden by [UNK]."""
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    vocabulary = {token: i for i, token in enumerate(SPECIAL + characters + ["##" + c for c in characters])}
    folder = tmp_path_factory.mktemp("every_character")

    def make(**settings):
        tokenizer = BertTokenizerFast(vocab=vocabulary, **settings)
        target = folder / "_".join(f"{k}={v}" for k, v in settings.items())
        tokenizer.save_pretrained(target)
        return target, tokenizer

    return make
