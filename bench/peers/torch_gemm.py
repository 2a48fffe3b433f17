"""PyTorch's matrix products on the shapes of gemm_bench; operands of the given type lie in memory."""

import torch

from support import DTYPES, measure, parse, parser, report


def operands(kind, tokens, wide_in, wide_out, dtype):
    """Returns A and B of a linear layer's product: NT (forward), NN (gradient of the input) or TN (of the weight)."""
    x, weight, dy = (torch.rand(shape).sub_(0.5).to(dtype)
                     for shape in ((tokens, wide_in), (wide_out, wide_in), (tokens, wide_out)))
    return {"NT": (x, weight.T), "NN": (dy, weight), "TN": (dy.T, x)}[kind]


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--dtype", choices=DTYPES, default="fp32")
    arguments.add_argument("cases", nargs="+", help="as in gemm_bench: NT/tutorial/2112x384x1024 (tokens, in, out)")
    arguments = parse(arguments)
    cases = {}
    for name in arguments.cases:
        kind, _, shape = name.split("/")
        a, b = operands(kind, *map(int, shape.split("x")), DTYPES[arguments.dtype])
        c = torch.empty(a.shape[0], b.shape[1], dtype=a.dtype)
        seconds = measure(lambda: torch.mm(a, b, out=c), arguments.min_time)
        cases[name] = {"seconds": seconds, "GFLOP/s": 2 * a.numel() * b.shape[1] / seconds / 1e9}
    report(cases)


if __name__ == "__main__":
    main()
