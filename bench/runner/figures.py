"""The figures of the comparison with other libraries: how each is computed from the results, and its targets."""

import math
import statistics
from dataclasses import dataclass


@dataclass
class Figure:
    work: str
    measured: str
    peer: str
    value: float  # compared with the targets `must` and `aim`
    must: float
    aim: float
    form: str = "{:.1f}×"  # format of value, must and aim
    lower_is_better: bool = False

    def reached(self):
        sign = -1 if self.lower_is_better else 1
        if sign * self.value >= sign * self.aim:
            return "aim"
        return "must" if sign * self.value >= sign * self.must else "no"


def percent(x):
    return f"{100 * x:.0f} %"


def middle_and_lowest(values, form):
    return f"{form(statistics.median(values))}, lowest {form(min(values))}"


def all_threads(cases):
    """Returns the cases with the largest number of threads, without /threads:N in their names."""
    most = max(int(name.rsplit(":", 1)[1]) for name in cases)
    return {name.rsplit("/", 1)[0]: case for name, case in cases.items() if name.endswith(f"/threads:{most}")}


def judged_shapes(cases, prefix):
    """Returns the products of the layers of the tutorial and of bert-base, by shape: no heads, and no epilogues."""
    return {name.removeprefix(prefix): case for name, case in all_threads(cases).items()
            if name.startswith(prefix) and "+" not in name and ("/tutorial/2112x" in name or "/bert-base/" in name)}


def gemm_figures(results):
    gemm = results["gemm"]
    onednn = judged_shapes(gemm["onednn"], "onednn/fp32/")
    for dtype, must, aim in (("fp32", 0.90, 0.96), ("bf16", 0.75, 0.88)):
        ours = judged_shapes(gemm["ours"], f"gemm/{dtype}/")
        if not ours:
            continue
        shares = [case["of_peak"] for case in ours.values()]
        peak = f"{'fma' if dtype == 'fp32' else 'bf16'}_peak"
        rates = gemm.get(f"torch_{dtype}")
        peers = []
        if dtype == "fp32":
            peers.append(f"oneDNN {middle_and_lowest([c['of_peak'] for c in onednn.values()], percent)}")
        if rates:
            torch = [rates[name]["GFLOP/s"] / case[peak] for name, case in ours.items()]
            peers.append(f"PyTorch {middle_and_lowest(torch, percent)}")
        yield Figure(f"{dtype} GEMM, the tutorial's and bert-base's layers, three orientations: share of the peak",
                     middle_and_lowest(shares, percent), "; ".join(peers), min(shares), must, aim, "{:.0%}")


def attention_figures(results):
    attention = results["attention"]
    ours = {name.removeprefix("attention/fp32/"): case["GFLOP/s"]
            for name, case in all_threads(attention["ours"]).items()
            if name.startswith("attention/fp32/") and "dropout" not in name}
    torch = {name: case["GFLOP/s"] for name, case in attention["torch_fp32"].items()}
    for kind, must, aim in (("forward", 2.2, 2.8), ("forward+backward", 2.0, 2.6)):
        names = [name for name in ours if name.startswith(f"{kind}/") and "ragged" not in name]
        ratio = min(ours[name] / torch[name] for name in names)
        yield Figure(f"attention {kind}, fp32, 64×6×256×64 and 8×12×512×64",
                     " and ".join(f"{ours[name]:.0f}" for name in names) + " GFLOP/s",
                     "PyTorch " + " and ".join(f"{torch[name]:.0f}" for name in names), ratio, must, aim)
    names = [name for name in ours if "ragged" in name]
    ratio = min(ours[name] / torch[name] for name in names)
    yield Figure("attention on a ragged batch (64 lines), forward and forward+backward",
                 " and ".join(f"{ours[name]:.0f}" for name in names) + " GFLOP/s",
                 "PyTorch, padded to the longest, " + " and ".join(f"{torch[name]:.0f}" for name in names), ratio,
                 5, 10)


def step_seconds(step, dtype):
    """Returns the seconds of one of our training steps on all threads, or None if there is no such case."""
    case = all_threads(step["ours"]).get(f"training_step/{dtype}/tutorial")
    return case and case["seconds"] / case["steps"]


def step_figures(results):
    step = results["step"]
    limits = {("fp32", ""): (5, 8), ("fp32", "_padded"): (20, 30), ("bf16", ""): (4, 7)}
    for (dtype, padding), (must, aim) in limits.items():
        ours, peer = step_seconds(step, dtype), step.get(f"torch_{dtype}{padding}")
        if ours and peer:
            theirs = peer["training_step"]["seconds"]
            yield Figure(f"the tutorial's training step, {dtype}", f"{ours:.3f} s",
                         f"PyTorch{', padded to 256,' if padding else ','} {theirs:.2f} s", theirs / ours, must, aim)
    cases = step["ours"]
    alone, most = cases["training_step/fp32/tutorial/threads:1"], all_threads(cases)["training_step/fp32/tutorial"]
    yield Figure("whole training step, fp32: useful flops over the FMA peak", percent(most["of_peak"]), "",
                 most["of_peak"], 0.60, 0.75, "{:.0%}")
    ratio = alone["seconds"] / most["seconds"]
    yield Figure("all threads against one, whole step", f"{ratio:.2f}×", "", ratio, 1.85, 1.95, "{:.2f}×")


def compiler_figures(results):
    compilers = results["compilers"]
    ratios = [compilers["clang"][name]["of_peak"] / case["of_peak"] for name, case in compilers["gcc"].items()]
    yield Figure("attention and GEMM: clang 14's build against g++ 12's",
                 middle_and_lowest(ratios, lambda x: f"{x:.2f}×"), "", min(ratios), 0.95, 1.0, "{:.2f}×")


def memory_figures(results):
    ours = results["memory"]["peak_memory_MB"] / 1000
    torch = results.get("step", {}).get("torch_fp32", {}).get("training_step", {}).get("peak_memory_MB")
    yield Figure("peak memory of the tutorial's run", f"{ours:.2f} GB",
                 f"PyTorch, a few steps, {torch / 1000:.1f} GB" if torch else "", ours, 0.7, 0.4, "{:.2f} GB", True)


def start_figures(results):
    seconds = results["start"]["seconds"]
    yield Figure(f"process start to the first optimizer step ({results['start']['text']}), vocabulary given",
                 f"{seconds:.2f} s", "", seconds, 1.5, 0.8, "{:.2f} s", True)


def tutorial_figures(results):
    for dtype, must, aim in (("fp32", 312, 156), ("bf16", 312, 104)):
        for text, runs in results["tutorial"]["runs"].items():
            run = runs[dtype]
            yield Figure(f"all 500 steps of --preset tutorial, five evaluations on {text} text, {dtype} "
                         "(the tutorial's GPU: 312 s)",
                         f"{run['seconds']:.0f} s, loss {math.log(run['perplexity']):.3f}", "", run["seconds"],
                         must, aim, "{:.0f} s", True)


def perplexity_figures(results):
    for dtype in ("fp32", "bf16"):
        run = results["perplexity"][dtype]
        yield Figure(f"the default recipe, from its start to a held-out perplexity of 213, {dtype}",
                     f"{run['seconds']:.0f} s, step {run['step']}, perplexity {run['perplexity']:.0f}", "",
                     run["seconds"], 312, 150, "{:.0f} s", True)


def tokenizer_figures(results):
    found = results["tokenizers"]

    def rate(case):
        return case["MB"] / case["seconds"]

    for name, must, aim in (("English uncased", 2.6, 5), ("English cased", 3, 6), ("Sinhala", 2.1, 4.2)):
        case = found[f"encode {name}"]
        ours, flash = rate(case["minibert"]), rate(case["flash-tokenizer"])
        yield Figure(f"encode {name}, one thread, cold text", f"{ours:.0f} MB/s",
                     f"tokenizers {rate(case['tokenizers']):.1f}, flash-tokenizer {flash:.0f} MB/s",
                     ours / flash, must, aim)
    for name in ("English uncased", "sources uncased"):
        case = found[f"encode {name}"]
        theirs = rate(case["tokenizers, all threads"]) / rate(case["tokenizers"])
        for what, ours in (("ids alone", "minibert"), ("batch_encode", "minibert, batch")):
            one, all_of_them = rate(case[ours]), rate(case[f"{ours}, all threads"])
            yield Figure(f"{what}, {name}: all threads against one", f"{one:.0f} and {all_of_them:.0f} MB/s",
                         f"tokenizers {theirs:.2f}×", all_of_them / one, 1.85, 1.95, "{:.2f}×")
    for name, what, must, aim in (("2,000", "10,000 Sinhala lines", 2, 5), ("30,000", "100 MB of sources", 1.5, 4)):
        case = found[f"train {name}"]
        seconds, theirs = case["minibert"]["seconds"], case["tokenizers"]["seconds"]
        yield Figure(f"a vocabulary of {name} from {what}, all threads", f"{seconds:.2f} s",
                     f"tokenizers {theirs:.2f} s", theirs / seconds, must, aim)
    megabytes = found["memory"]["memory_MB"]
    yield Figure("memory of an open bert-base-uncased tokenizer", f"{megabytes:.1f} MB", "", megabytes, 20, 5,
                 "{:.1f} MB", True)


MAKERS = {"gemm": gemm_figures, "attention": attention_figures, "step": step_figures, "compilers": compiler_figures,
          "memory": memory_figures, "tokenizers": tokenizer_figures, "start": start_figures,
          "perplexity": perplexity_figures, "tutorial": tutorial_figures}


def figures(results):
    return [figure for section, make in MAKERS.items() if section in results for figure in make(results)]
