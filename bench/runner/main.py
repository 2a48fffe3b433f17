"""Run by scripts/bench after the build: measures sections, stores their results and writes docs/benchmarks.md."""

import argparse
import datetime
import json
import os
import sys
from pathlib import Path

import report
from programs import Programs, output_of
from sections import LONG, QUICK, SECTIONS, Run

ROOT = Path(__file__).resolve().parents[2]


def parse():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures minibert and its peers.")
    parser.add_argument("--quick", action="store_true", help="a minute's worth; the page goes to standard output only")
    parser.add_argument("--section", action="append", choices=SECTIONS, dest="sections", metavar="NAME",
                        help=f"only this one, and the page anew (can be repeated): {', '.join(SECTIONS)}; without it "
                        f"all but {' and '.join(LONG)}, which take minutes")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page from what was kept")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", metavar="FOLDER",
                        help="where the page and its plots go (default: docs)")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over so many (default: 3)")
    return parser.parse_args()


def machine_context(programs):
    """Returns the facts that are the same for all sections, such as the processor."""
    cpu = "an unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    family = {key.strip(): value.strip() for key, value in
              (line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)}
    isa = programs.isa()
    versions = output_of([programs.python, "-c", "import torch, transformers as t\n"
                          "print(f'PyTorch {torch.__version__}, transformers {t.__version__}')"])
    return {"cpu": f"{cpu} (family {family.get('cpu family', '?')}, model {family.get('model', '?')})",
            "cores": os.cpu_count(), "memory_GB": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
            "isa": isa, "compiler": programs.context["compiler"],
            "peers": versions.strip()}


def main():
    arguments = parse()
    build = ROOT / "build"
    results_folder = build / ("bench-results-quick" if arguments.quick else "bench-results")
    results_folder.mkdir(parents=True, exist_ok=True)
    python = os.environ.get("MINIBERT_PYTHON") or build / "venv/bin/python"  # empty counts as unset
    programs = Programs(build / "bench", build / "bench-clang", python, ROOT / "bench/peers",
                        min_time=0.03 if arguments.quick else 0.2)
    run = Run(programs, 1 if arguments.quick else arguments.rounds, arguments.quick, results_folder)
    wanted = arguments.sections or (QUICK if arguments.quick else [name for name in SECTIONS if name not in LONG])
    for name in [] if arguments.report else wanted:
        print(f"\n== {name}", file=sys.stderr, flush=True)
        programs.disturbed = 0
        entry = {"result": SECTIONS[name](run), "date": datetime.date.today().isoformat(),
                 "disturbed": programs.disturbed}
        (results_folder / f"{name}.json").write_text(json.dumps(entry, indent=1))

    entries = {name: json.loads((results_folder / f"{name}.json").read_text()) for name in SECTIONS
               if (results_folder / f"{name}.json").exists()}
    machine = machine_context(programs) | {"dates": sorted({entry["date"] for entry in entries.values()}),
                                           "disturbed": [name for name, entry in entries.items() if entry["disturbed"]],
                                           "text": run.text_name()}
    results = {name: entry["result"] for name, entry in entries.items()}
    page = report.write(results_folder if arguments.quick else arguments.output, results, machine)
    if arguments.quick:
        print(page)
    print(f"\n== targets\n\n{report.targets_table(results)}", file=sys.stderr)


if __name__ == "__main__":
    main()
