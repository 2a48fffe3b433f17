# The scripts of this folder source this file. It stops them at the first error, changes to the top of the repository,
# and installs packages.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*" >&2; }

fail() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

is_installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages PACKAGE...: installs the packages that are missing. Needs no network if none is missing.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "apt-get is missing: install the equivalents of these Debian packages yourself: $*"
    return
  fi
  local package missing=() as_root=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root, and sudo is missing: run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# Installs the packages that build the library, its tests and its examples, and the text of the default corpus.
install_build_packages() {
  install_packages g++ cmake ninja-build libeigen3-dev rapidjson-dev zlib1g-dev libzstd-dev doctest-dev libcli11-dev \
    bible-kjv bible-kjv-text
  command -v cmake >/dev/null || fail "cmake is missing: install it"
  command -v ninja >/dev/null || fail "ninja is missing: install it"
}

# Creates build/venv, the Python environment for the checks and benches against Hugging Face. Creates it again if
# requirements.txt has changed.
make_python_environment() {
  local wanted=tests/interop/requirements.txt made_from=build/venv/requirements.txt python
  if cmp -s "$wanted" "$made_from"; then return; fi
  install_packages python3-venv
  say "installing Python packages into build/venv"
  python=/usr/bin/python3 # the Python of the package python3-venv, even if PATH has another one first
  [ -x "$python" ] || python=python3
  "$python" -m venv --clear build/venv
  build/venv/bin/python -m pip install --disable-pip-version-check --requirement "$wanted"
  cp "$wanted" "$made_from"
}
