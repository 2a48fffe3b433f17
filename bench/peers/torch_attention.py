"""PyTorch's scaled_dot_product_attention, forward and forward with backward; ragged batches padded to their longest."""

import json

import torch

from support import DTYPES, measure, parse, parser, report


def tensors(batch, heads, length, head_size, dtype):
    """Returns random query, key and value tensors that require gradients."""
    return [torch.randn(batch, heads, length, head_size, dtype=dtype, requires_grad=True) for _ in range(3)]


def time_case(lengths, heads, head_size, dtype, min_time):
    """Returns the seconds of each pass. The flops are counted from the lengths, without the padding."""
    length = max(lengths)
    q, k, v = tensors(len(lengths), heads, length, head_size, dtype)
    mask = None
    if min(lengths) < length:  # true for keys that are not padding: (batch, 1, 1, length)
        mask = (torch.arange(length) < torch.tensor(lengths)[:, None])[:, None, None]
    dy = torch.randn_like(q)

    def forward():
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def both():
        q.grad = k.grad = v.grad = None
        forward().backward(dy)

    def forward_alone():
        with torch.no_grad():
            forward()

    flops = 4 * heads * head_size * sum(n * n for n in lengths)
    result = {}
    for name, f, factor in (("forward", forward_alone, 1), ("forward+backward", both, 3.5)):
        seconds = measure(f, min_time)
        result[name] = {"seconds": seconds, "GFLOP/s": factor * flops / seconds / 1e9}
    return result


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--dtype", choices=DTYPES, default="fp32")
    arguments.add_argument("--batches", help="what export_batches wrote, for ragged/64x6x64")
    arguments.add_argument("cases", nargs="+", help="as in attention_bench: 64x6x256x64 (B, H, T, D), ragged/64x6x64")
    arguments = parse(arguments)
    cases = {}
    for name in arguments.cases:
        if name.startswith("ragged/"):
            with open(arguments.batches, encoding="utf-8") as file:
                lengths = [len(ids) for ids in json.load(file)["batches"][0]["input_ids"]]
            _, heads, head_size = map(int, name.split("/")[1].split("x"))
        else:
            batch, heads, length, head_size = map(int, name.split("x"))
            lengths = [length] * batch
        times = time_case(lengths, heads, head_size, DTYPES[arguments.dtype], arguments.min_time)
        cases |= {f"{kind}/{name}": result for kind, result in times.items()}
    report(cases)


if __name__ == "__main__":
    main()
