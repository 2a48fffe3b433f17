"""Helpers of the peers in Python: a clean environment, timing, and the format of their results.

Each peer prints one JSON object: {"context": {...}, "cases": {name: {"seconds": median, ...}}}.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # these slow NumPy down; removed before it is imported
    os.environ.pop(name, None)
os.environ["HF_HUB_OFFLINE"] = "1"

import torch

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def parser(description):
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count()))
    result.add_argument("--min_time", type=float, default=0.3, help="seconds for each case")
    return result


def parse(arguments):
    result = arguments.parse_args()
    torch.set_num_threads(result.threads)
    torch.manual_seed(0)
    return result


def measure(f, min_time, warm_up=2):
    """Returns the median time of f() in seconds. Calls it at least three times, for at least min_time seconds."""
    for _ in range(warm_up):
        f()
    times = []
    while sum(times) < min_time or len(times) < 3:
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_memory():
    """Returns the peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def report(cases, **context):
    context = {"torch": torch.__version__, "threads": torch.get_num_threads(), **context}
    json.dump({"context": context, "cases": cases}, sys.stdout, indent=1)
    print()
