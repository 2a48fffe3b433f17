"""What every test here shares: where our programs and the real texts are. Our programs are the release build's."""

import os
import random
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: nothing here may fetch anything
os.environ["TOKENIZERS_PARALLELISM"] = "false"

CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = CACHE.name  # where train_mlm keeps tokenized text

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
    """The folder of the example programs."""
    return built(BUILD / "examples")


@pytest.fixture(scope="session")
def tools():
    """The folder of the helper programs made of tests/interop/*.cpp."""
    return built(BUILD / "tests")


@pytest.fixture(scope="session")
def data():
    """The folder of real texts; without it a test is skipped."""
    if folder := os.environ.get("MINIBERT_TEST_DATA"):
        return Path(folder)
    return pytest.skip("MINIBERT_TEST_DATA is not set")


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory, examples, data):
    """Our own, of 2,000 entries, opened by transformers."""
    folder = tmp_path_factory.mktemp("tokenizer")
    run(examples / "train_tokenizer", "--train_file", data / "sinhala_news/train.txt", "--vocab_size", 2000,
        "--output_dir", folder)
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="session")
def lines(data):
    """Held-out lines of real text."""
    return (data / "sinhala_news/eval.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="session")
def sinhala(examples, data, tmp_path_factory):
    """A vocabulary of 2,000 that we trained on Sinhala news."""
    return train(examples, tmp_path_factory.mktemp("sinhala"), "--train_file", data / "sinhala_news/train.txt",
                 "--vocab_size", 2000, "--base", data / "tokenizers/bert-base-cased")


@pytest.fixture(scope="session")
def mixed_text():
    """Random lines from many scripts, with marks, joiners, special tokens, controls and odd spaces."""
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
