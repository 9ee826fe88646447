#!/bin/bash
# Installs into a folder of its own and plays the transcripts with that program, where the project's tree is not:
# tests/installed.sh [CASE]... (default: all but those about the tree). Then a plugin is built by what pkg-config says and checked.
set -eu
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
work=$(mktemp -d /tmp/XXXXXX)
trap 'rm -rf "$work"' EXIT
make -s -C "$ROOT" BUILD="$BUILD" PREFIX="$work/usr" install
mkdir -p "$work/t/build"
cp -r "$ROOT"/{tests,fixtures,explainers,docs,README.md,python} "$work/t"
cp -r "$BUILD"/{tests,fixtures} "$work/t/build"
cd "$work/t"
rm tests/cli/cases/{install,docs,style}.txt # about the tree itself
ASSAY_BIN=$work/usr/bin ASSAY_BUILD=$work/t/build tests/cli/run.sh "$@"
cd "$work"
export PKG_CONFIG_PATH=$work/usr/share/pkgconfig PATH=$work/usr/bin:$PATH
cp "$ROOT/explainers/deep-shap.c" mine.c
# shellcheck disable=SC2046
cc -std=c11 -fPIC -shared -fvisibility=hidden $(pkg-config --cflags assay) -o mine.so mine.c -lm
assay check ./mine.so
echo "pkg-config $(pkg-config --modversion assay): a plugin was built and checked"
