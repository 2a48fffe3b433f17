"""Every op against PyTorch: values and gradients in float, per tensor max|a − b| / max|b| < 1e-5."""

import subprocess

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

TOLERANCE = 1e-5


def error(ours, theirs):
    """Returns max |a − b| / max |b|, or NaN, which fails every comparison, if a tensor contains NaN."""
    assert ours.shape == theirs.shape  # otherwise they would be broadcast
    scale = theirs.abs().max()
    return ((ours.double() - theirs).abs().max() / (scale if scale > 0 else 1)).item()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1000 + seed))


def positive(*shape, seed=0):
    return normal(*shape, seed=seed).abs() + 0.3


class Op:
    """Runs the tool `run_op`."""

    def __init__(self, tools, folder):
        self.tool, self.folder = tools / "run_op", folder

    def __call__(self, name, tensors, options=()):
        save_file({k: t.float().contiguous().clone() for k, t in tensors.items()}, self.folder / "in.safetensors")
        command = [self.tool, name, self.folder / "in.safetensors", self.folder / "out.safetensors", *map(str, options)]
        subprocess.run(command, check=True)
        return load_file(self.folder / "out.safetensors")

    def compare(self, name, reference, inputs, numbers={}, options=()):
        """Compares with reference(**inputs), which PyTorch computes in double, so that only our rounding counts."""
        leaves = {k: t.double().requires_grad_() for k, t in inputs.items()}
        expected = reference(**leaves)
        dy = normal(*expected.shape, seed=99) if expected.dim() else torch.tensor(0.7)
        expected.backward(dy.double())
        ours = self(name, {**inputs, **numbers, "dy": dy}, options)
        assert error(ours["y"], expected.detach()) < TOLERANCE, f"{name}: value"
        wanted = {f"grad.{k}" for k in inputs}
        assert wanted == {k for k in ours if k.startswith("grad.")}
        for key, leaf in leaves.items():
            assert error(ours[f"grad.{key}"], leaf.grad) < TOLERANCE, f"{name}: gradient of {key}"


@pytest.fixture
def op(tools, tmp_path):
    return Op(tools, tmp_path)


def test_error_fails_when_it_should():
    ones = torch.ones(2)
    assert error(ones, ones) == 0
    assert not error(ones * (1 + 2e-5), ones) < TOLERANCE
    assert not error(torch.tensor([1, float("nan")]), ones) < TOLERANCE
    with pytest.raises(AssertionError):
        error(ones[:, None], ones)


@pytest.mark.parametrize("shapes", [((4, 5), (4, 5)), ((4, 5), (5,)), ((5,), (4, 5)), ((4, 1), (1, 5)),
                                    ((2, 3, 4), (3, 1))])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic(op, name, shapes):
    b = positive(*shapes[1], seed=1) if name == "div" else normal(*shapes[1], seed=1)
    op.compare(name, lambda a, b: getattr(torch, name)(a, b), {"a": normal(*shapes[0]), "b": b})


@pytest.mark.parametrize("shapes", [((33, 17), (17, 50)), ((3, 7, 20), (3, 20, 9))])
def test_matmul(op, shapes):
    op.compare("matmul", lambda a, b: a @ b, {"a": normal(*shapes[0]), "b": normal(*shapes[1], seed=1)})


class LinearOfBf16(torch.autograd.Function):
    """y = x·Wᵗ + b and its gradients from factors rounded to bfloat16, all sums in double."""

    @staticmethod
    def forward(context, x, weight, bias):
        x, weight = x.bfloat16().double(), weight.bfloat16().double()
        context.save_for_backward(x, weight)
        return x @ weight.T + bias

    @staticmethod
    def backward(context, dy):
        x, weight = context.saved_tensors
        rounded = dy.bfloat16().double()
        return rounded @ weight, rounded.T @ x, dy.sum(0)


@pytest.mark.parametrize("sizes", [(33, 17, 50), (200, 384, 64), (1, 1, 1)])
def test_linear_bf16(op, sizes):
    n, features, out = sizes
    inputs = {"x": normal(n, features), "weight": normal(out, features, seed=1), "bias": normal(out, seed=2)}
    op.compare("linear_bf16", LinearOfBf16.apply, inputs)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid", "relu"])
def test_unary(op, name):
    x = positive(7, 33) if name in ("log", "sqrt") else normal(7, 33)
    op.compare(name, lambda x: getattr(torch, name)(x), {"x": x})


def test_gelu(op):
    x = normal(40, 33) * 3
    op.compare("gelu", lambda x: F.gelu(x), {"x": x})
    op.compare("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), {"x": x})


def test_silu_and_relu_at_zero(op):
    op.compare("silu", lambda x: F.silu(x), {"x": normal(40, 33) * 5})
    op.compare("relu", lambda x: F.relu(x), {"x": torch.tensor([-1.0, 0.0, 2.0])})


@pytest.mark.parametrize("width", [1, 5, 16, 2001])
def test_softmax(op, width):
    op.compare("softmax", lambda x: F.softmax(x, dim=-1), {"x": normal(9, width) * 2})
    op.compare("log_softmax", lambda x: F.log_softmax(x, dim=-1), {"x": normal(9, width) * 2 + 500})


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_cat(op, dim):
    shapes = [[3, 4, 5] for _ in range(3)]
    for i, shape in enumerate(shapes):
        shape[dim] = 2 + i
    op.compare("cat", lambda a, b, c: torch.cat((a, b, c), dim),
               {k: normal(*shapes[i], seed=i) for i, k in enumerate("abc")}, options=(dim,))


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("begin, end", [(0, 2), (1, 4), (-3, -1), (-4, 4)])
def test_slice(op, dim, begin, end):
    op.compare("slice", lambda x: x.transpose(dim, 0)[begin:end].transpose(dim, 0), {"x": normal(4, 4, 4)},
               options=(dim, begin, end))


@pytest.mark.parametrize("shapes", [((4, 5), (4, 5), (4, 5)), ((4, 1), (4, 5), (5,)), ((5,), (4, 1), (1, 5)),
                                    ((2, 3, 4), (4,), (3, 1))])
def test_where(op, shapes):
    condition = normal(*shapes[0]) > 0
    op.compare("where", lambda a, b: torch.where(condition, a, b),
               {"a": normal(*shapes[1], seed=1), "b": normal(*shapes[2], seed=2)}, {"condition": condition})


def test_max(op):
    with_ties = torch.randint(3, (5, 6, 7), generator=torch.Generator().manual_seed(3))
    for x in (normal(5, 6, 7), with_ties):
        op.compare("max", lambda x: x.max(), {"x": x})
        for dim in (0, 1, -1):
            for keepdim in (False, True):
                op.compare("max", lambda x: x.max(dim, keepdim).values, {"x": x}, options=(dim, int(keepdim)))


@pytest.mark.parametrize("shape", [(7,), (40, 33)])
def test_losses_against_targets(op, shape):
    tensors = {"input": normal(*shape) * 3, "target": normal(*shape, seed=1).sigmoid()}
    op.compare("mse_loss", lambda input, target: F.mse_loss(input, target), tensors)
    op.compare("binary_cross_entropy_with_logits",
               lambda input, target: F.binary_cross_entropy_with_logits(input, target), tensors)


def test_reshape_and_transpose(op):
    x = normal(4, 6)
    op.compare("transpose", lambda x: x.transpose(0, 1), {"x": x}, options=(0, 1))
    op.compare("transpose", lambda x: x.transpose(-1, 0), {"x": normal(2, 3, 4)}, options=(-1, 0))
    op.compare("reshape", lambda x: x.reshape(3, 8), {"x": x})


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_sum_and_mean(op, name):
    x = positive(5, 6, 7)
    op.compare(name, lambda x: getattr(x, name)(), {"x": x})
    for dim in (0, 1, -1):
        for keepdim in (False, True):
            op.compare(name, lambda x: getattr(x, name)(dim, keepdim), {"x": x}, options=(dim, int(keepdim)))


@pytest.mark.parametrize("rows, inputs, outputs", [(1, 1, 1), (50, 65, 33), (200, 384, 130)])
def test_linear(op, rows, inputs, outputs):
    x, weight = normal(rows, inputs), normal(outputs, inputs, seed=1) / inputs**0.5
    bias = normal(outputs, seed=2)
    op.compare("linear", lambda x, weight: F.linear(x, weight), {"x": x, "weight": weight})
    tensors = {"x": x, "weight": weight, "bias": bias}
    op.compare("linear", lambda x, weight, bias: F.linear(x, weight, bias), tensors)
    op.compare("linear_gelu", lambda x, weight, bias: F.gelu(F.linear(x, weight, bias)), tensors)
    op.compare("linear_gelu_tanh", lambda x, weight, bias: F.gelu(F.linear(x, weight, bias), approximate="tanh"),
               tensors)
    op.compare("linear_relu", lambda x, weight, bias: F.relu(F.linear(x, weight, bias)), tensors)


@pytest.mark.parametrize("rows, width", [(3, 7), (100, 384)])
def test_layer_norm(op, rows, width):
    tensors = {"x": normal(rows, width) * 2 + 1, "weight": normal(width, seed=1), "bias": normal(width, seed=2)}
    op.compare("layer_norm", lambda x, weight, bias: F.layer_norm(x, (width,), weight, bias, 1e-12), tensors)
    op.compare("add_layer_norm",
               lambda x, residual, weight, bias: F.layer_norm(x + residual, (width,), weight, bias, 1e-12),
               {**tensors, "residual": normal(rows, width, seed=3)})


def test_embedding(op):
    ids, type_ids = torch.tensor([0, 5, 5, 9, 1, 0, 5]), torch.tensor([0, 0, 1, 1, 0, 1, 1])
    op.compare("embedding", lambda words, types: F.embedding(ids, words, padding_idx=0) + F.embedding(type_ids, types),
               {"words": normal(10, 33), "types": normal(2, 33, seed=1)}, {"ids": ids, "type_ids": type_ids})


def test_index_select(op):
    rows = torch.tensor([4, 0, 4, 2])
    op.compare("index_select", lambda x: x.index_select(0, rows), {"x": normal(6, 21)}, {"rows": rows})


@pytest.mark.parametrize("classes", [3, 2000])
def test_cross_entropy(op, classes):
    labels = torch.randint(classes, (40,), generator=torch.Generator().manual_seed(5))
    labels[::7] = -100
    op.compare("cross_entropy", lambda x: F.cross_entropy(x, labels), {"x": normal(40, classes) * 3},
               {"labels": labels})


@pytest.mark.parametrize("heads, head_size", [(1, 7), (6, 64), (2, 16)])
def test_attention(op, heads, head_size):
    lengths = [5, 0, 1, 64, 65, 130]
    offsets = torch.tensor([0] + lengths).cumsum(0)

    def reference(q, k, v):
        parts = []
        for first, last in zip(offsets[:-1], offsets[1:]):
            split = [t[first:last].view(-1, heads, head_size).transpose(0, 1) for t in (q, k, v)]
            parts.append(F.scaled_dot_product_attention(*split).transpose(0, 1).reshape(-1, heads * head_size))
        return torch.cat(parts)

    shape = (sum(lengths), heads * head_size)
    op.compare("attention", reference, {k: normal(*shape, seed=i) for i, k in enumerate("qkv")},
               {"cu_seqlens": offsets}, options=(heads,))


def test_mean_pool(op):
    offsets = torch.tensor([0, 3, 4, 20])
    op.compare("mean_pool", lambda x: torch.stack([x[a:b].mean(0) for a, b in zip(offsets[:-1], offsets[1:])]),
               {"x": normal(20, 33)}, {"cu_seqlens": offsets})


def test_dropout(op):
    """Applies our dropout mask in PyTorch and compares values and gradients."""
    offsets, p = torch.tensor([0, 3, 50]), 0.25
    ones = torch.ones(50, 33)
    mask = op("dropout", {"x": ones, "dy": ones, "cu_seqlens": offsets}, (p,))["y"]
    assert set(mask.unique().tolist()) == {0.0, torch.tensor(1 / (1 - p)).item()}
    op.compare("dropout", lambda x: x * mask.double(), {"x": normal(50, 33)}, {"cu_seqlens": offsets}, options=(p,))
