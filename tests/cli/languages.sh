#!/bin/bash
# Plugins in other languages are built as docs/guide.md says, keep the rules, and give the bytes of our own gradient. Run in
# a scratch folder with assay in PATH. Prints a line a language; where its compiler is not there, that it was skipped.
set -u
cp "$ROOT"/tests/clients/gradient.{cpp,rs} "$ROOT"/explainers/explainer.{h,rs} .
failed=0
map() { assay explain --model "$ROOT"/tests/golden/cli/conv.onnx --input input.npy --target 1 --explainer "$1" -o "$2" >/dev/null; }
printf '\223NUMPY\001\0v\0%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 4, 4), }" >input.npy
head -c 64 "$ROOT"/explainers/explainer.h | od -An -v -tu1 | tr -s ' ' '\n' | awk 'NF' >bytes
while read -r byte; do printf '\x00\x00'"\\x$(printf %02x $((byte % 64)))"'\x3f'; done < <(head -16 bytes) >>input.npy
map gradient ours.npy || exit 1

try() { # LANGUAGE COMPILER COMMAND
    command -v "$2" >/dev/null || { echo "$1: skipped: no $2"; return; }
    if eval "$3" && assay check ./theirs.so >check.txt && map ./theirs.so theirs.npy && cmp ours.npy theirs.npy; then
        echo "$1: as our own"
    else
        failed=1
    fi
    rm -f theirs.so
}
try C++ g++ 'g++ -std=c++17 -Wall -Wextra -fPIC -shared -o theirs.so gradient.cpp'
try Rust rustc 'rustc -O --crate-type cdylib -o theirs.so gradient.rs'
exit $failed
