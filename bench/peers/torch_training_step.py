"""The tutorial's training step in PyTorch and transformers, on the very batches that training_step_bench has."""

import json
import statistics
import time

import torch
import transformers
from transformers import BertConfig, BertForMaskedLM

from support import parse, parser, peak_memory, report

CONFIG = dict(vocab_size=2000, hidden_size=384, num_hidden_layers=6, num_attention_heads=6, intermediate_size=1024,
              max_position_embeddings=256)


def padded(batch, length):
    """Returns the batch as tensors, padded to `length`, or to its longest line if `length` is not given."""
    length = length or max(map(len, batch["input_ids"]))

    def pad(rows, value):
        return torch.tensor([row + [value] * (length - len(row)) for row in rows])

    return {"input_ids": pad(batch["input_ids"], 0), "labels": pad(batch["labels"], -100),
            "attention_mask": pad([[1] * len(row) for row in batch["input_ids"]], 0)}


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--bf16", action="store_true", help="under autocast")
    arguments.add_argument("--pad_to", type=int, help="tokens a line (default: the longest of the batch)")
    arguments.add_argument("--num_batches", type=int, help="only so many")
    arguments.add_argument("--passes", type=int, default=2, help="over the batches, after a step that warms up")
    arguments.add_argument("batches", help="what export_batches wrote")
    arguments = parse(arguments)
    with open(arguments.batches, encoding="utf-8") as file:
        batches = [padded(batch, arguments.pad_to) for batch in json.load(file)["batches"][: arguments.num_batches]]
    model = BertForMaskedLM(BertConfig(**CONFIG)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=True)

    def step(batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    def seconds(batch):
        start = time.perf_counter()
        step(batch)
        return time.perf_counter() - start

    step(batches[0])
    passes = [[seconds(batch) for batch in batches] for _ in range(arguments.passes)]
    medians = [statistics.median(times) for times in zip(*passes)]
    report({"training_step": {"seconds": sum(medians) / len(medians), "peak_memory_MB": peak_memory()}},
           transformers=transformers.__version__)


if __name__ == "__main__":
    main()
