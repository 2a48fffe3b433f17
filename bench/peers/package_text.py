"""Writes a large text without repeated lines: the lines of the sources and texts of all installed Python packages."""

import sys
import sysconfig
from pathlib import Path

SUFFIXES = {".py", ".pyi", ".md", ".rst", ".txt", ".h", ".hpp", ".cpp"}


def lines():
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*")):
        if path.suffix in SUFFIXES and path.is_file() and not path.is_symlink():
            for line in path.read_bytes().split(b"\n"):
                yield line.strip()


def is_utf8(line):
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def main():
    target, megabytes = sys.argv[1], float(sys.argv[2])
    seen, size = set(), 0
    with open(target, "wb") as file:
        for line in lines():
            if len(line) < 3 or line in seen or not is_utf8(line):
                continue
            seen.add(line)
            size += file.write(line + b"\n")
            if size >= megabytes * 1e6:
                return
    sys.exit(f"only {size / 1e6:.0f} MB of text in the packages, expected {megabytes:.0f}")


if __name__ == "__main__":
    main()
