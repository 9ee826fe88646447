#!/bin/bash
# make check-python: the Python package, installed by pip into a fresh virtual environment with numpy alone; then, where
# PYTHON has torch, the own-module route and the README's lines with it (TORCH=1 installs torch and captum first, which
# takes two minutes). Without pip it says so. The last line is pytest's.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${ASSAY_BUILD:-build} PYTHON=${PYTHON:-python3}
[[ $BUILD == /* ]] || BUILD=$PWD/$BUILD
export ASSAY=$BUILD/assay OMP_NUM_THREADS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
venv=$BUILD/python

if ! "$PYTHON" -m venv --help >/dev/null 2>&1 || ! "$PYTHON" -m pip --version >/dev/null 2>&1; then
    echo "skipped: $PYTHON has no pip or no venv (apt-get install python3-pip python3-venv): the Python package was not tested"
    exit 0
fi
rm -rf "$venv"
"$PYTHON" -m venv "$venv"
# setuptools builds in the folder that it is given: it gets a copy.
rm -rf "$BUILD/python-source" && cp -r python "$BUILD/python-source"
"$venv/bin/pip" -q install "$BUILD/python-source[test]" ${TORCH:+torch captum onnx}
echo "$("$venv/bin/python" --version): the package as pip installs it"
"$venv/bin/python" -m pytest -q -p no:cacheprovider python/tests

((${TORCH:-0})) && exit 0
if "$PYTHON" -c 'import torch, captum, onnx, pytest' 2>/dev/null; then
    echo "$("$PYTHON" --version) with torch: the own-module route"
    PYTHONPATH=python "$PYTHON" -m pytest -q -p no:cacheprovider python/tests/test_own.py python/tests/test_judge.py \
        python/tests/test_careless.py python/tests/test_readme.py
else
    echo "skipped: $PYTHON has no torch, captum, onnx and pytest: judging with torch was not tested (TORCH=1 installs them)"
fi
