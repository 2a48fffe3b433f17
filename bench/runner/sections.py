"""What is measured, section by section. A section is a function of the run, and returns what is to be kept as JSON."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from programs import alternate, environment, medians, output_of

SHAPES = ["64x6x256x64", "8x12x512x64", "ragged/64x6x64"]


class Run:
    """One call of scripts/bench: the programs, the data, and how much to measure."""

    def __init__(self, programs, rounds, quick, results):
        self.programs, self.rounds, self.quick, self.results = programs, rounds, quick, results
        folder = os.environ.get("MINIBERT_TEST_DATA")
        self.news = Path(folder) / "sinhala_news" if folder else None  # None: the default corpus of the examples

    def batches(self):
        """Writes the tutorial's batches to a file for the peers, and returns its path."""
        path = self.results / "batches.json"
        output_of([self.programs.build / "bench" / "export_batches", path])
        return path

    def bf16_peers(self, **runs):
        """Returns `runs` if the processor multiplies bf16, otherwise {}: PyTorch would take minutes per bf16 step."""
        return runs if "bf16" in self.programs.isa() else {}

    def text(self):
        """Returns the flags that name an example's text."""
        return ["--train_file", self.news / "train.txt"] if self.news else []

    def text_name(self):
        return "sinhala_news, 10,000 lines" if self.news else "the King James Bible, 31,102 lines"


def peak(run):
    return medians([run.programs.bench("peak_bench") for _ in range(run.rounds)])


def gemm(run):
    pattern = "tutorial/2112x384x1024/threads" if run.quick else "."
    names = run.programs.names("gemm_bench", f"fp32/.*{pattern}")
    shapes = sorted({name.removeprefix("gemm/fp32/").rsplit("/", 1)[0] for name in names if "+" not in name})
    return alternate(run.rounds,
                     ours=lambda: run.programs.bench("gemm_bench", pattern),
                     onednn=lambda: run.programs.bench("onednn_gemm_bench", pattern),
                     torch_fp32=lambda: run.programs.peer("torch_gemm.py", *shapes),
                     **run.bf16_peers(
                         torch_bf16=lambda: run.programs.peer("torch_gemm.py", "--dtype", "bf16", *shapes)))


def attention(run):
    batches = run.batches()
    return alternate(run.rounds,
                     ours=lambda: run.programs.bench("attention_bench", f"/({'|'.join(SHAPES)})/"),
                     torch_fp32=lambda: run.programs.peer("torch_attention.py", "--batches", batches, *SHAPES),
                     **run.bf16_peers(torch_bf16=lambda: run.programs.peer("torch_attention.py", "--batches", batches,
                                                                           "--dtype", "bf16", *SHAPES)))


def kernels(run):
    """All other kernels, without peers."""
    names = ("layer_norm", "gelu", "softmax", "cross_entropy", "embedding", "dropout", "mean_pool", "elementwise",
             "reduce", "clip_grad", "adamw")
    return medians([{case: counters for name in names for case, counters in run.programs.bench(f"{name}_bench").items()}
                    for _ in range(run.rounds)])


def step(run):
    batches = run.batches()

    def torch(*arguments):
        return run.programs.peer("torch_training_step.py", *arguments, batches)

    runs = {"ours": lambda: run.programs.bench("training_step_bench", "/tutorial/"),
            "torch_fp32": lambda: torch(*(["--passes", "1"] if run.quick else []))}
    if not run.quick:
        runs |= run.bf16_peers(torch_bf16=lambda: torch("--bf16"))
    results = alternate(run.rounds, **runs)
    if not run.quick:  # one batch is enough: padded batches all take the same time
        padded = ("--pad_to", "256", "--num_batches", "1")
        results |= alternate(1, torch_fp32_padded=lambda: torch(*padded),
                             **run.bf16_peers(torch_bf16_padded=lambda: torch("--bf16", *padded)))
    return results


def compilers(run):
    """Alternates the builds of both compilers case by case, so that a disturbance affects both."""
    programs = run.programs
    cases = [("gemm_bench", name) for name in programs.names("gemm_bench") if "minilm" not in name]
    cases += [("attention_bench", name) for name in programs.names("attention_bench", f"/({'|'.join(SHAPES)})/")]
    results = {"gcc": {}, "clang": {}}
    for program, name in cases:
        if name.endswith("threads:1"):
            continue
        pattern = "^" + name.replace("+", r"\+") + "/"
        found = alternate(run.rounds, gcc=lambda: programs.bench(program, pattern, programs.build),
                          clang=lambda: programs.bench(program, pattern, programs.clang_build))
        for compiler, of_case in found.items():
            results[compiler] |= of_case
    return results | {"clang_version": programs.context["compiler"]}


def growth(run):
    """How time and memory grow with the size. Measures the memory of each case in its own process."""
    programs = run.programs
    steps = [name for name in programs.names("training_step_bench", "fp32/(tokens|length)") if "threads:1" not in name]
    return alternate(1 if run.quick else 2,
                     attention=lambda: programs.bench("attention_bench", "fp32.*length.*threads:[^1]"),
                     step=lambda: {k: v for name in steps
                                   for k, v in programs.bench("training_step_bench", f"^{name}/").items()})


def training(run, folder, *arguments):
    """Returns flags with which train_mlm starts from scratch and writes only to this folder."""
    return [*arguments, *run.text(), "--output_dir", f"{folder}/model", "--cache_dir", f"{folder}/cache"]


def memory(run):
    """Peak memory of one epoch of the tutorial, which its largest batch determines."""
    with tempfile.TemporaryDirectory() as folder:
        result = run.programs.example("train_mlm", *training(run, folder, "--preset", "tutorial", "--do_train",
                                                             "--max_steps", "20" if run.quick else "157"))
    return {"text": run.text_name(), "peak_memory_MB": result["peak_memory_MB"]}


def time_to(run, is_reached, *arguments):
    """Returns the seconds from the start of train_mlm to the first log entry with is_reached(entry), and the entry."""
    with tempfile.TemporaryDirectory() as folder:
        command = [run.programs.build / "examples" / "train_mlm", *training(run, folder, "--do_train", *arguments)]
        log = Path(folder) / "model" / "train_log.jsonl"
        start = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=environment())
        while True:
            has_ended = process.poll() is not None
            lines = log.read_text().split("\n")[:-1] if log.exists() else []
            found = next((entry for entry in map(json.loads, lines) if is_reached(entry)), None)
            if found or has_ended:
                break
            time.sleep(0.002)
        seconds = time.perf_counter() - start
        process.kill()
        process.wait()
        if not found:
            sys.exit(f"{' '.join(map(str, command))}\n"
                     f"ended (exit code {process.returncode}) without the entry in its log")
    return seconds, found


def seconds_to_first_step(run, tokenizer):
    """Returns the seconds to the first log entry, which train_mlm writes after the first optimizer step."""
    return time_to(run, lambda entry: "loss" in entry, "--preset", "tutorial", "--tokenizer_name", tokenizer,
                   "--max_steps", "2", "--logging_steps", "1")[0]


def start(run):
    count = 1 if run.quick else 7
    with tempfile.TemporaryDirectory() as folder:
        # Trains for one step, only to get a tokenizer.
        run.programs.example("train_mlm",
                             *training(run, folder, "--preset", "tutorial", "--do_train", "--max_steps", "1"))
        times = run.programs.undisturbed("train_mlm, to its first step",
                                         lambda: [seconds_to_first_step(run, f"{folder}/model") for _ in range(count)])
    return {"text": run.text_name(), "seconds": statistics.median(times)}


class TokenizerRuns:
    """Runs tokenizers. Each run is a new process, so that its word cache is empty."""

    def __init__(self, run):
        self.programs, self.repeats = run.programs, 1 if run.quick else 5
        self.ours = [run.programs.build / "bench" / "tokenizer_speed"]
        self.peer = [run.programs.python, run.programs.peers / "tokenizer_speed.py"]

    def measured(self, program, *arguments, threads=1):
        variables = {"OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads)}

        def some():
            return medians([{"all": json.loads(output_of([*program, *arguments], **variables))}
                            for _ in range(self.repeats)])["all"]

        return self.programs.undisturbed(" ".join(map(str, arguments))[-80:], some)

    def encode(self, *texts):
        both = os.cpu_count()
        return {"minibert": self.measured(self.ours, "encode", *texts),
                "minibert, all threads": self.measured(self.ours, "encode", *texts, threads=both),
                "minibert, batch": self.measured(self.ours, "batch", *texts),
                "minibert, batch, all threads": self.measured(self.ours, "batch", *texts, threads=both),
                "tokenizers": self.measured(self.peer, "encode", "tokenizers", *texts),
                "tokenizers, all threads": self.measured(self.peer, "encode", "tokenizers", *texts, threads=both),
                "flash-tokenizer": self.measured(self.peer, "encode", "flash_tokenizer", *texts)}

    def train(self, folder, text, size, lowercase):
        both = os.cpu_count()
        flags = ["--lowercase"] if lowercase else []
        return {"minibert": self.measured(self.ours, "train", text, size, str(lowercase).lower(), folder, threads=both),
                "tokenizers": self.measured(self.peer, "train", text, size, *flags, threads=both)}


def tokenizers(run):
    """Speed of encoding and of training vocabularies."""
    if not run.news:
        sys.exit("the section tokenizers needs MINIBERT_TEST_DATA, with wikitext2, sinhala_news and tokenizers in it")
    at_work, data = TokenizerRuns(run), run.news.parent
    uncased, cased = data / "tokenizers/bert-base-uncased", data / "tokenizers/bert-base-cased"
    english = data / "wikitext2/valid.txt"
    with tempfile.TemporaryDirectory() as folder:
        some, large = f"{folder}/some.txt", f"{folder}/large.txt"
        for path, megabytes in ((some, 10), (large, 10 if run.quick else 100)):
            output_of([run.programs.python, run.programs.peers / "package_text.py", path, megabytes])
        sinhala = f"{folder}/sinhala"
        at_work.train(sinhala, run.news / "train.txt", 2000, False)
        results = alternate(
            run.rounds, **{
                "encode English uncased": lambda: at_work.encode(uncased, english),
                "encode English cased": lambda: at_work.encode(cased, english),
                "encode Sinhala": lambda: at_work.encode(sinhala, run.news / "train.txt"),
                "encode sources uncased": lambda: at_work.encode(uncased, some),
                "train 2,000": lambda: at_work.train(f"{folder}/2,000", run.news / "train.txt", 2000, False)})
        at_work.repeats = 1
        results |= alternate(run.rounds, **{
            "train 30,000": lambda: at_work.train(f"{folder}/30,000", large, 30000, True)})
    for name, found in results.items():  # all libraries must count the same, or the results are wrong
        counted = {case.get("ids", case.get("entries"))
                   for library, case in found.items() if library != "flash-tokenizer"}
        if len(counted) != 1:
            sys.exit(f"{name}: the libraries do not agree: {found}")
    return results | {"memory": at_work.measured(at_work.ours, "memory", uncased)}


# Flags of train_mlm.
PRECISIONS = {"fp32": [], "bf16": ["--bf16"]}


def held_out_news(run):
    """Returns flags with which train_mlm evaluates on the held-out lines of sinhala_news."""
    return ["--validation_file", run.news / "eval.txt"]


def whole_run(run, *arguments):
    """Runs train_mlm from start to end. Returns its time and its final perplexity."""
    with tempfile.TemporaryDirectory() as folder:
        flags = training(run, folder, *arguments)
        result = run.programs.undisturbed("from start to end", lambda: run.programs.example("train_mlm", *flags))
        evaluation = json.loads((Path(folder) / "model" / "eval_results.json").read_text())
    return {"seconds": result["seconds"], "peak_memory_MB": result["peak_memory_MB"],
            "perplexity": evaluation["eval_perplexity"]}


def tutorial(run):
    """All 500 steps of the tutorial with its five evaluations, on the training text and on held-out lines."""
    texts = {"training": []} | ({"held-out": held_out_news(run)} if run.news else {})
    return {"text": run.text_name(),
            "runs": {text: {name: whole_run(run, "--preset", "tutorial", *evaluated, *flags)
                            for name, flags in PRECISIONS.items()} for text, evaluated in texts.items()}}


def perplexity(run):
    """Time in which the default recipe reaches the held-out perplexity of PyTorch after 4,000 steps of this recipe."""
    if not run.news:
        sys.exit("the section perplexity needs MINIBERT_TEST_DATA, with sinhala_news/train.txt and eval.txt in it")
    goal = 213
    held_out = [*held_out_news(run), "--eval_steps", "200"]
    result = {"text": run.text_name(), "goal": goal}
    for name, flags in PRECISIONS.items():
        seconds, entry = run.programs.undisturbed(
            f"to a perplexity of {goal}, {name}",
            lambda: time_to(run, lambda entry: entry.get("eval_perplexity", goal + 1) <= goal, *held_out, *flags))
        result[name] = {"seconds": seconds, "step": entry["step"], "perplexity": entry["eval_perplexity"]}
    return result


# The sections, in the order in which they run. The last two take minutes each and run only if --section names them.
SECTIONS = {f.__name__: f for f in (peak, gemm, attention, kernels, step, compilers, growth, memory, tokenizers, start,
                                    tutorial, perplexity)}
LONG = ("tutorial", "perplexity")
QUICK = ("peak", "gemm", "attention", "step", "memory", "start")
