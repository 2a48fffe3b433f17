"""What several tests use: running our programs, and a model whose outputs are worth comparing."""

import subprocess

import torch
from transformers import BertConfig, BertForMaskedLM

CONFIG = dict(vocab_size=2000, hidden_size=96, num_hidden_layers=3, num_attention_heads=4, intermediate_size=200,
              max_position_embeddings=256, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)


def scaled_model(seed=0, **options):
    """A model whose logits spread over several units: a toy at its initial weights proves little."""
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
    """What the program prints, as text unless text=False; it must succeed."""
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, **{"text": True, **options})
    assert result.returncode == 0, result.stderr
    return result.stdout
