"""Writes docs/benchmarks.md and its plots from the results of all sections."""

import re
from pathlib import Path

from figures import all_threads, figures, percent, step_seconds
from plots import Plot, fit


def table(header, rows):
    """Returns a Markdown table. All columns but the first are aligned to the right."""
    ruler = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [header, ruler, *rows])


def rows_of_text(header, rows):
    """Returns a Markdown table. All columns are aligned to the left."""
    return "| " + " | ".join(header) + " |\n" + "| --- " * len(header) + "|\n" + "\n".join(
        "| " + " | ".join(row) + " |" for row in rows)


def figures_table(results):
    """Returns the table that compares minibert with other libraries."""
    return rows_of_text(["work", "minibert", "others on the same machine", "figure"],
                        [[f.work, f.measured, f.peer, f.form.format(f.value)] for f in figures(results)])


def targets_table(results):
    """Returns a table for the terminal: which figures reach their targets."""
    return rows_of_text(["work", "figure", "must", "aim", "reached"],
                        [[f.work, *(f.form.format(x) for x in (f.value, f.must, f.aim)), f.reached()]
                         for f in figures(results)])


def rate(case):
    return f"{case['GFLOP/s']:.0f}" if case else ""


def rate_and_share(case):
    return f"{case['GFLOP/s']:.0f} ({percent(case['of_peak'])})" if case else ""


def gemm_table(gemm):
    ours, onednn = all_threads(gemm["ours"]), all_threads(gemm["onednn"])
    alone = {name.rsplit("/", 1)[0]: case for name, case in gemm["ours"].items() if name.endswith("threads:1")}
    torch_bf16 = gemm.get("torch_bf16", {})
    shapes = [name.removeprefix("gemm/fp32/") for name in ours if name.startswith("gemm/fp32/")]
    rows = [[shape, percent(alone[f"gemm/fp32/{shape}"]["of_peak"]), rate_and_share(ours[f"gemm/fp32/{shape}"]),
             rate_and_share(onednn.get(f"onednn/fp32/{shape}")), rate(gemm["torch_fp32"].get(shape)),
             rate_and_share(ours.get(f"gemm/bf16/{shape}")), rate(torch_bf16.get(shape))] for shape in shapes]
    header = ["product: tokens × in × out", "fp32, one thread: of the peak", "fp32", "oneDNN", "PyTorch", "bf16",
              "PyTorch bf16"]
    return table(header, rows)


def attention_table(attention):
    ours = all_threads(attention["ours"])
    torch_bf16 = attention.get("torch_bf16", {})
    shapes = [name.removeprefix("attention/fp32/") for name in ours if name.startswith("attention/fp32/")]
    rows = [[shape, rate_and_share(ours[f"attention/fp32/{shape}"]), rate(attention["torch_fp32"].get(shape)),
             rate_and_share(ours.get(f"attention/bf16/{shape}")), rate(torch_bf16.get(shape))]
            for shape in shapes]
    return table(["attention: B × H × T × D", "fp32", "PyTorch", "bf16", "PyTorch bf16"], rows)


def kernels_table(kernels):
    rows = [[name, f"{case['seconds'] * 1e6:.0f} µs", f"{case['GB/s']:.0f}", f"{case['triad']:.0f}",
             percent(case["of_triad"])] for name, case in all_threads(kernels).items()]
    return table(["kernel", "time", "GB/s", "triad of the same size, GB/s", "share"], rows)


def step_table(step):
    names = {"torch_fp32": "PyTorch fp32, padded to the longest of the batch",
             "torch_bf16": "PyTorch bf16 autocast, padded to the longest",
             "torch_fp32_padded": "PyTorch fp32, padded to 256", "torch_bf16_padded": "PyTorch bf16, padded to 256"}
    rows = []
    for name, case in step["ours"].items():
        dtype, threads = name.split("/")[1], name.rsplit(":", 1)[1]
        rows.append([f"minibert {dtype}, threads: {threads}", f"{case['seconds'] / case['steps']:.3f} s",
                     f"{case['tokens'] / case['seconds']:.0f}", percent(case["of_peak"]),
                     f"{case['peak_memory_MB'] / 1000:.2f} GB"])
    tokens = next(iter(step["ours"].values()))
    for key, name in names.items():
        if key in step:
            case = step[key]["training_step"]
            rate = tokens["tokens"] / tokens["steps"] / case["seconds"]
            rows.append([name, f"{case['seconds']:.3f} s", f"{rate:.0f}", "",
                         f"{case['peak_memory_MB'] / 1000:.2f} GB"])
    return table(["training step", "time", "tokens/s", "useful flops: of the peak", "peak memory"], rows)


def growth_plots(growth):
    """The plots, and by name the points."""
    attention, step = all_threads(growth["attention"]), all_threads(growth["step"])

    def points(cases, pattern, value):
        found = [(re.fullmatch(pattern, name), case) for name, case in cases.items()]
        return sorted((int(match[1]), value(case)) for match, case in found if match)

    tokens = Plot("A training step of lines of 128 tokens", "tokens in the batch", "seconds")
    found = points(step, r"training_step/fp32/tokens/(\d+)x128", lambda case: case["seconds"])
    found = [(count * 128, seconds) for count, seconds in found]
    tokens.add("fp32; dashed: in proportion to the tokens", found, fit(found, lambda x: x))

    length = Plot("Attention of one sequence, 6 heads of 64", "length", "milliseconds", logarithmic=True)
    for kind in ("forward", "forward+backward"):
        found = points(attention, rf"attention/fp32/{re.escape(kind)}/length/(\d+)", lambda case: case["seconds"])
        found = [(x, seconds / (8192 / x) * 1e3) for x, seconds in found if x >= 256]
        length.add(f"{kind}; dashed: in proportion to the square", found, fit(found, lambda x: x * x))

    memory = Plot("Peak memory of training on two sequences", "length", "MB")
    found = points(step, r"training_step/fp32/length/2x(\d+)", lambda case: case["peak_memory_MB"])
    memory.add("fp32; dashed: a straight line", found, fit(found, lambda x: 1, lambda x: x))
    return {"tokens": tokens, "length": length, "memory": memory}


def growth_text(growth, plots):
    kinds = ("forward", "forward+backward")
    cases = {kind: {int(name.rsplit("/", 1)[1]): case for name, case in all_threads(growth["attention"]).items()
                    if f"/{kind}/length/" in name} for kind in kinds}
    rows = [[length, *(rate_and_share(cases[kind][length]) for kind in kinds)] for length in sorted(cases[kinds[0]])]
    spread = []
    for kind in kinds:  # each case has 8,192 tokens: the time per pair of tokens is seconds / length
        constants = [case["seconds"] / length for length, case in cases[kind].items() if length >= 256]
        spread.append(f"{max(constants) / min(constants) - 1:.0%} ({kind})")
    shown = "\n\n".join(f"![{plot.title}](plots/{name}.svg)" for name, plot in plots.items())
    return (f"{shown}\n\nAttention's time per pair of tokens differs by at most {' and '.join(spread)} between the "
            "lengths 256 and 4,096. GFLOP/s and share of the peak, in batches of 8,192 tokens:\n\n" +
            table(["length", *kinds], rows))


INTRODUCTION = """\
# Benchmarks

`scripts/bench` makes this page. It builds the benches, runs them in alternation with other libraries on a quiet
machine, and repeats what other programs disturbed. `scripts/bench --quick` takes a minute, `--section NAME` measures
one part.

All figures were measured, also those of other libraries. Rates are medians. Before a kernel is timed, its results are
compared with a slow computation. "Of the peak" is a kernel's rate divided by the rate of a loop of multiply-adds in
registers, measured within a few milliseconds of the kernel and on as many threads. "The tutorial" is Hugging Face's
tutorial on training a BERT from scratch, `train_mlm --preset tutorial`.
"""

ABOUT_FIGURES = """\
A figure with × says how many times faster minibert is than the fastest other library in the row. Rows that compare
threads or compilers name their own ratio. Where a row has several cases, the figure is the smallest.
"""


def machine_text(machine):
    words = (f"Measured {' to '.join(sorted({machine['dates'][0], machine['dates'][-1]}))} on {machine['cpu']}, "
             f"{machine['cores']} cores, {machine['memory_GB']:.0f} GB of memory; instruction set {machine['isa']}; "
             f"g++ {machine['compiler']} at `-O2`, without `-march`; {machine['peers']}. "
             f"Training on: {machine['text']}.")
    if machine["disturbed"]:
        words += ("\n\n**Not a quiet machine:** other programs took more than a tenth of a core during some of: "
                  f"{', '.join(machine['disturbed'])}.")
    return words


def markdown(results, machine):
    parts = [INTRODUCTION, machine_text(machine)]
    if "peak" in results:
        peaks = results["peak"]
        units = ("GFLOP/s", "GB/s", "ns")
        values = [[name.removeprefix("peak/"), f"{case[unit]:.0f}", unit]
                  for name, case in peaks.items() for unit in units if unit in case]
        parts += ["## The machine's peaks", table(["loop", "value", "unit"], values)]
    parts.insert(2, f"## Comparison with other libraries\n\n{ABOUT_FIGURES}\n{figures_table(results)}")
    titles = {"gemm": ("## Matrix products", "GFLOP/s on all threads. NT is the forward pass of a linear layer, NN the "
                       "gradient of its input, TN the gradient of its weight. In the bf16 column, operands are float "
                       "in memory and their conversion is included; PyTorch's operands are bf16 in memory.",
                       gemm_table),
              "attention": ("## Attention", "GFLOP/s on all threads. The forward pass counts 4·B·H·T²·D operations, "
                            "forward and backward together 3.5 times as many. A ragged batch has the lengths of 64 "
                            "lines; only operations on real tokens count, not those on padding.", attention_table),
              "step": ("## The tutorial's training step",
                       "Batches of 64 lines, with dropout; mean of four batches.", step_table),
              "kernels": ("## Other kernels", "GB/s counts the memory that a kernel has to read and write. The share "
                          "divides it by the rate of a triad (a = b + s·c) over as many bytes.",
                          kernels_table)}
    for section, (title, words, make) in titles.items():
        if section in results:
            parts += [title, words, make(results[section])]
    plots = {}
    if "growth" in results:
        plots = growth_plots(results["growth"])
        parts += ["## How time and memory grow", growth_text(results["growth"], plots)]
    return "\n\n".join(part.strip() for part in parts) + "\n", plots


def write(folder: Path, results, machine):
    page, plots = markdown(results, machine)
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.md").write_text(page, encoding="utf-8")
    for name, plot in plots.items():
        (folder / "plots" / f"{name}.svg").write_text(plot.svg(), encoding="utf-8")
    return page
