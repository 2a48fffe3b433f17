"""Runs benches and peers, one at a time, and computes medians over rounds."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

# The keys of a case in Google Benchmark's JSON that say nothing about its speed; they are dropped.
IGNORED = ("family_index", "per_family_instance_index", "repetitions", "repetition_index", "iterations", "threads",
           "real_time", "cpu_time")


def environment(**more):
    """Returns this process's environment plus `more`, without OPENBLAS_*: these variables slow OpenBLAS down."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | more


def say(text):
    print(f"   {text}", file=sys.stderr, flush=True)


def output_of(command, **variables):
    """Returns what a command prints. Shows its messages only if it fails. `variables` are added to its environment."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                            env=environment(**variables))
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nfailed:\n{result.stderr[-4000:]}")
    return result.stdout


def busy_seconds():
    """Returns the seconds that all cores together have been busy so far, or taken by another virtual machine."""
    user, nice, system, _, _, irq, softirq, steal = map(int, open("/proc/stat").readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """Returns the CPU seconds of this program and of the finished programs that it ran."""
    return sum(os.times()[:4])


class Programs:
    """Runs the programs. Knows where they are and how long each case runs."""

    def __init__(self, build, clang_build, python, peers, min_time):
        self.build, self.clang_build, self.python, self.peers = build, clang_build, python, peers
        self.min_time = min_time
        self.context = {}  # what the latest bench reported about the machine
        self.disturbed = 0  # number of measurements kept although other programs were running

    def undisturbed(self, what, run):
        """Calls run(), up to three times, until other programs use less than a tenth of a core meanwhile."""
        for attempt in range(3):
            say(what if attempt == 0 else f"{what} (again)")
            start, busy, own = time.monotonic(), busy_seconds(), own_seconds()
            result = run()
            others = (busy_seconds() - busy - (own_seconds() - own)) / (time.monotonic() - start)
            if others < 0.1:
                return result
            say(f"  other programs took {100 * others:.0f} % of a core meanwhile")
        self.disturbed += 1
        return result

    def bench(self, name, pattern=".", build=None, min_time=None):
        """Runs the cases of one of our programs whose names match. Returns {name: {counter: value, "seconds": …}}."""
        command = [(build or self.build) / "bench" / name, f"--benchmark_filter={pattern}", "--benchmark_format=json",
                   f"--benchmark_min_time={min_time or self.min_time}"]
        clang = " (clang)" if build == self.clang_build else ""
        result = json.loads(self.undisturbed(f"{name} {pattern[:80]}{clang}", lambda: output_of(command)))
        self.context = {key: result["context"][key] for key in ("isa", "threads", "compiler")}
        cases = {}
        for case in result["benchmarks"]:
            counters = {key: value for key, value in case.items() if key not in IGNORED and not isinstance(value, str)}
            cases[case["name"].removesuffix("/manual_time")] = counters | {"seconds": case["real_time"] * 1e-6}
        return cases

    def isa(self):
        """Returns the name of the instruction set that our kernels use on this machine."""
        self.bench("peak_bench", "peak/fma/threads:1", min_time=0.01)
        return self.context["isa"]

    def names(self, name, pattern="."):
        """Returns the names of a program's cases that match."""
        lines = output_of([self.build / "bench" / name, "--benchmark_list_tests", f"--benchmark_filter={pattern}"])
        return [line.removesuffix("/manual_time") for line in lines.splitlines()]

    def peer(self, script, *arguments):
        """Runs a peer in Python and returns its cases."""
        command = [self.python, self.peers / script, "--min_time", self.min_time, *arguments]
        what = f"{script} {' '.join(map(str, arguments))[:80]}"
        return json.loads(self.undisturbed(what, lambda: output_of(command)))["cases"]

    def example(self, name, *arguments):
        """Runs an example to its end. Returns {"seconds": from start to end, "peak_memory_MB": …}."""
        command = [str(part) for part in (self.build / "examples" / name, *arguments)]
        say(f"{name} {' '.join(command[1:])[:80]}")
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


def medians(rounds):
    """Returns {case: {key: value}}, where each value is the median over the rounds."""
    return {case: {key: statistics.median(r[case][key] for r in rounds) for key in rounds[0][case]}
            for case in rounds[0]}


def alternate(rounds, **runs):
    """Calls the runs in turn, `rounds` times, so that a drifting clock affects all alike. Returns the medians of each
    run."""
    results = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
    return {name: medians(found) for name, found in results.items()}
