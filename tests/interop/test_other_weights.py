"""Weights that are not in model.safetensors: our error's command, run as a user would, keeps all of them."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertModel

from support import CONFIG, run, scaled_model

# Names of model folders with characters that a shell must quote, and for each the number of files that hold the
# weights.
FOLDERS = [("it's $HOME \"quoted\" `id`", 3), ("-back\\slash *?[a] සිංහල; & (new)", 1)]


def error_of(tools, folder, out, cwd):
    """Returns the message of our program for the folder, which it must refuse."""
    result = subprocess.run([tools / "run_bert", "copy", folder, out], capture_output=True, text=True, cwd=cwd)
    assert result.returncode == 1
    assert not out.exists()
    return result.stderr.strip()


def run_command_of(message, cwd):
    """Runs the command at the end of the message with a shell. Its python3 is the one that runs this test."""
    command = message[message.index("python3 -c "):]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=cwd,
                            env={**os.environ, "PATH": path})
    assert result.returncode == 0, (command, result.stderr)
    return command


def save_pytorch(model, folder, state, shards=1):
    """Writes config.json and pytorch_model.bin, or shards of it, as older versions of transformers did."""
    folder.mkdir()
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    if shards == 1:
        torch.save(state, folder / "pytorch_model.bin")
        return
    names = list(state)
    weight_map = {}
    for shard in range(shards):
        file = f"pytorch_model-{shard + 1:05}-of-{shards:05}.bin"
        part = {name: state[name] for name in names[shard::shards]}
        torch.save(part, folder / file)
        weight_map |= dict.fromkeys(part, file)
    total = sum(t.numel() * t.element_size() for t in state.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize("name, shards", FOLDERS)
def test_command_keeps_the_logits(tools, tmp_path, name, shards):
    model = scaled_model(num_hidden_layers=1)
    folder = tmp_path / name
    save_pytorch(model, folder, model.state_dict(), shards)
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = "pytorch_model.bin" if shards == 1 else "pytorch_model.bin.index.json"
    message = error_of(tools, folder if shards == 3 else name, tmp_path / "out", tmp_path)
    assert f": found {found}, expected model.safetensors" in message
    assert "import BertForMaskedLM;" in run_command_of(message, tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before  # untouched
    target = tmp_path / f"{name}-safetensors"
    assert (target / "vocab.txt").read_bytes() == before["vocab.txt"]
    assert run(tools / "run_bert", "copy", target, tmp_path / "ours") == ""  # nothing missing, nothing unexpected
    ours = load_file(tmp_path / "ours/model.safetensors")
    theirs = model.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        again = BertForMaskedLM.from_pretrained(tmp_path / "ours").eval()
        assert torch.equal(again(input_ids=ids).logits, model(input_ids=ids).logits)


@pytest.mark.parametrize("named", ["BertForPreTraining", "BertForMaskedLM"])
def test_command_keeps_every_head(tools, tmp_path, named):
    """The config.json of bert-base-uncased names BertForMaskedLM, but its file has the other heads, too."""
    torch.manual_seed(5)
    model = BertForPreTraining(BertConfig(**{**CONFIG, "num_hidden_layers": 1}))
    state = model.state_dict()
    save_pytorch(model, tmp_path / "model", state)
    config = tmp_path / "model/config.json"
    config.write_text(config.read_text().replace("BertForPreTraining", named))
    run_command_of(error_of(tools, tmp_path / "model", tmp_path / "out", tmp_path), tmp_path)
    converted = load_file(tmp_path / "model-safetensors/model.safetensors")
    tied = {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "bert.embeddings.position_ids"}
    assert converted.keys() | tied >= state.keys()
    assert all(torch.equal(converted[key], state[key]) for key in converted)


def test_command_for_an_encoder(tools, tmp_path):
    torch.manual_seed(6)
    model = BertModel(BertConfig(**{**CONFIG, "num_hidden_layers": 1}))
    save_pytorch(model, tmp_path / "model", model.state_dict())
    run_command_of(error_of(tools, tmp_path / "model", tmp_path / "out", tmp_path), tmp_path)
    converted = load_file(tmp_path / "model-safetensors/model.safetensors")
    assert converted.keys() == model.state_dict().keys() - {"embeddings.position_ids"}
    assert all(torch.equal(converted[key], model.state_dict()[key]) for key in converted)


def test_numbers_that_are_not_finite(tools, tmp_path):
    """We read what Python's json writes for them, and Python reads what we write."""
    model = scaled_model(num_hidden_layers=1)
    model.save_pretrained(tmp_path / "theirs")
    config = json.loads((tmp_path / "theirs/config.json").read_text())
    config["my_numbers"] = [math.inf, -math.inf, math.nan]
    (tmp_path / "theirs/config.json").write_text(json.dumps(config))
    run(tools / "run_bert", "copy", tmp_path / "theirs", tmp_path / "ours")
    numbers = json.loads((tmp_path / "ours/config.json").read_text())["my_numbers"]
    assert numbers[:2] == [math.inf, -math.inf] and math.isnan(numbers[2])
    assert BertConfig.from_pretrained(tmp_path / "ours").my_numbers[0] == math.inf
