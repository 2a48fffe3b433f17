"""Helpers of several tests: run our programs, and make a model whose outputs vary enough to compare."""

import subprocess

import torch
from transformers import BertConfig, BertForMaskedLM

CONFIG = dict(vocab_size=2000, hidden_size=96, num_hidden_layers=3, num_attention_heads=4, intermediate_size=200,
              max_position_embeddings=256, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def scaled_model(seed=0, **options):
    """Returns a model whose logits spread over several units. With the initial weights they would be nearly equal."""
    torch.manual_seed(seed)
    model = BertForMaskedLM(BertConfig(**{**CONFIG, **options}))
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 2:
                p.mul_(5)
            elif name.endswith("LayerNorm.weight"):
                p.add_(torch.randn_like(p) * 0.2)
            else:
                p.normal_(0, 0.3)
    return model.eval()


def run(program, *arguments, **options):
    """Runs a program, which must succeed, and returns what it prints: as text, unless text=False."""
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, **{"text": True, **options})
    assert result.returncode == 0, result.stderr
    return result.stdout
