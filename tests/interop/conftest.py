"""What every test here shares: where our programs and the real texts are. Our programs are the release build's."""

import os
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # before transformers is imported: nothing here may fetch anything
os.environ["TOKENIZERS_PARALLELISM"] = "false"

CACHE = tempfile.TemporaryDirectory()
os.environ["XDG_CACHE_HOME"] = CACHE.name  # where train_mlm keeps tokenised text

import pytest
from support import run
from transformers import AutoTokenizer

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
    """The folder of real texts; without it a test is skipped, under CI=true it fails."""
    if "MINIBERT_TEST_DATA" in os.environ:
        return Path(os.environ["MINIBERT_TEST_DATA"])
    if os.environ.get("CI") == "true":
        pytest.fail("MINIBERT_TEST_DATA must be set under CI=true")
    return pytest.skip("needs the folder that MINIBERT_TEST_DATA names")


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
