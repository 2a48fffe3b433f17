"""Running benches and peers, one at a time, and medians over rounds."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# Of a case in Google Benchmark's JSON: what says nothing about its speed.
IGNORED = ("family_index", "per_family_instance_index", "repetitions", "repetition_index", "iterations", "threads",
           "real_time", "cpu_time")


def environment():
    """Ours, without what holds OpenBLAS back where it is set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}


def say(text):
    print(f"   {text}", file=sys.stderr, flush=True)


def output_of(command):
    """What the command prints; its messages are shown only if it fails."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment())
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nfailed:\n{result.stderr[-4000:]}")
    return result.stdout


class Programs:
    """Where the programs are, and how long each case runs."""

    def __init__(self, build, clang_build, python, peers, min_time):
        self.build, self.clang_build, self.python, self.peers, self.min_time = build, clang_build, python, peers, min_time
        self.context = {}  # of the last bench that ran

    def bench(self, name, pattern=".", build=None, min_time=None):
        """The cases of one of our programs whose names match: {name: {counter: value, "seconds": …}}. They are measured
        again where other work seems to have disturbed them, twice at most."""
        for _ in range(3):
            say(f"{name} {pattern}" + (" (clang)" if build == self.clang_build else ""))
            cases = self.bench_once((build or self.build) / "bench" / name, pattern, min_time or self.min_time)
            disturbed = disturbed_cases(cases)
            if not disturbed:
                break
            say(f"  other work on the machine? the peak was low at {len(disturbed)} cases, {disturbed[0]} for one")
        return cases

    def bench_once(self, path, pattern, min_time):
        result = json.loads(output_of([path, f"--benchmark_filter={pattern}", "--benchmark_format=json",
                                       f"--benchmark_min_time={min_time}"]))
        self.context = {key: result["context"][key] for key in ("isa", "threads", "compiler")}
        cases = {}
        for case in result["benchmarks"]:
            counters = {key: value for key, value in case.items() if key not in IGNORED and not isinstance(value, str)}
            cases[case["name"].removesuffix("/manual_time")] = counters | {"seconds": case["real_time"] * 1e-6}
        return cases

    def names(self, name, pattern="."):
        """The names of a program's cases."""
        lines = output_of([self.build / "bench" / name, "--benchmark_list_tests", f"--benchmark_filter={pattern}"])
        return [line.removesuffix("/manual_time") for line in lines.splitlines()]

    def peer(self, script, *arguments):
        """The cases of a peer in Python."""
        say(f"{script} {' '.join(map(str, arguments))[:90]}")
        command = [self.python, self.peers / script, "--min_time", self.min_time, *arguments]
        return json.loads(output_of(command))["cases"]

    def example(self, name, *arguments):
        """Runs an example to its end: {"seconds": from start to end, "peak_memory_MB": …}."""
        say(f"{name} {' '.join(map(str, arguments))[:90]}")
        command = [str(part) for part in (self.build / "examples" / name, *arguments)]
        with tempfile.TemporaryFile("w+") as messages:
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=messages, stderr=messages, env=environment())
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                messages.seek(0)
                sys.exit(f"{' '.join(command)}\nfailed:\n{messages.read()[-4000:]}")
        return {"seconds": seconds, "peak_memory_MB": usage.ru_maxrss * 1024 / 1e6}


def disturbed_cases(cases):
    """The names of those at which the peak of arithmetic was far below the highest with as many threads."""
    peaks = {}
    for name, case in cases.items():
        for roof in ("fma_peak", "bf16_peak"):
            if roof in case:
                peaks[name] = (roof, name.rsplit(":", 1)[1]), case[roof]
    highest = {kind: max(peak for other, peak in peaks.values() if other == kind) for kind, _ in peaks.values()}
    return [name for name, (kind, peak) in peaks.items() if peak < 0.85 * highest[kind]]


def medians(rounds):
    """The rounds' {case: {key: value}}, with the median of each value."""
    return {case: {key: statistics.median(r[case][key] for r in rounds) for key in rounds[0][case]}
            for case in rounds[0]}


def alternate(rounds, **runs):
    """Calls the runs one after the other, `rounds` times, so that a drifting clock is the same for all. Returns the
    medians by run."""
    results = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
    return {name: medians(found) for name, found in results.items()}
