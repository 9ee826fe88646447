#!/bin/bash
# The program on AArch64, in an emulator of programs (qemu-user): tests/aarch64.sh [PART]... (default: all), as
# make check-aarch64 calls it. The last line is "N passed, N failed".
#   starts     it says its version, finds its explainers, and says that there is no sandbox
#   trains     a network that it trains is as good on both
#   runs       batteries have the words of the portable route here, and its numbers within the tolerance of verify
#   verifies   each recomputes all units of the other's run; neither goes on with it
#   units      unit tests of what computes and of what reads
# ASSAY_BUILD has the program of here; that for AArch64 is built beside it, in ASSAY_BUILD-aarch64, against Debian's
# libraries of arm64 in ASSAY_BUILD-aarch64-sysroot. LIBRARIES names their packages. Needs gcc-aarch64-linux-gnu and qemu-user.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
CROSS=${CROSS:-aarch64-linux-gnu-gcc}
JOBS=${JOBS:-$(nproc)}
[[ -x $BUILD/assay ]] || { echo "aarch64.sh: $BUILD/assay: not there: run make first" >&2; exit 2; }
[[ ${LIBRARIES:-} ]] || { echo "aarch64.sh: LIBRARIES names no packages: run make check-aarch64" >&2; exit 2; }
for tool in "${CROSS##* }" qemu-aarch64 dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "aarch64.sh: $tool: not there: run make check-aarch64" >&2; exit 2; }
done
cd "$ROOT" || exit 2
export LC_ALL=C
unset MAKEFLAGS MAKELEVEL ASSAY_ISA ASSAY_SANDBOX OPENBLAS_CORETYPE
cross=$BUILD-aarch64 sysroot=$BUILD-aarch64-sysroot
work=$(mktemp -d /tmp/assay-aarch64.XXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
. "$ROOT/tests/proofs.sh"

# ---- the libraries, and the program ----

# Packages and what they depend on, unpacked. By an apt of its own: the system's knows nothing of another architecture.
fetch() {
    local apt=$sysroot/apt package link options
    mkdir -p "$apt"/{lists,cache/archives}/partial "$sysroot" && : >"$apt/status"
    options=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists="$apt/lists"
        -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update || return 1
    apt-get "${options[@]}" install -y --no-install-recommends --download-only $LIBRARIES >/dev/null || return 1
    for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot" || return 1; done
    # Links from the root are such of the folder; those that update-alternatives makes are made here.
    find "$sysroot" -type l -lname '/*' | while read -r link; do ln -srfn "$sysroot$(readlink "$link")" "$link"; done
    ln -sf openblas-serial/libopenblas.so.0 "$sysroot/usr/lib/aarch64-linux-gnu"
    for link in cblas.h openblas_config.h; do
        ln -sf openblas-serial/$link "$sysroot/usr/include/aarch64-linux-gnu"
    done
    rm -rf "$apt"
    echo "$LIBRARIES" >"$sysroot/fetched"
}

build() {
    local libraries=$sysroot/usr/lib/aarch64-linux-gnu
    PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$libraries/openblas-serial/pkgconfig \
        make -s -j"$JOBS" BUILD="$cross" CC="$CROSS --sysroot=$sysroot" WERROR=-Werror aarch64-build
}

arm() { qemu-aarch64 -L "$sysroot" "$cross/assay" "$@"; }
here() { "$BUILD/assay" "$@"; }
portable() { ASSAY_ISA=portable "$BUILD/assay" "$@"; }

# ---- starts ----

says_version() { [[ $(arm --version) == "$(here --version)" ]]; }
finds_explainers() { [[ $(arm list explainers) == "$(here list explainers)" ]]; }

# All is well but the sandbox, as the emulator passes no seccomp on.
finds_no_sandbox() {
    arm doctor >"$work/doctor"
    (($? == 1)) && grep -E '^WRONG +sandbox +none: no seccomp' "$work/doctor" && [[ $(grep -c '^WRONG' "$work/doctor") == 1 ]] &&
        grep -E '^ok +processor' "$work/doctor"
}

test_starts() {
    check "it says its version" says_version
    check "it finds the same explainers" finds_explainers
    check "assay doctor says that there is no sandbox, and finds nothing else wrong" finds_no_sandbox
}

# ---- runs ----

batteries=(faults machines first)

# Runs of both, once, in $work/NAME-here and $work/NAME-arm. A FAIL that a battery does not expect is an outcome, too.
ran() { # PROGRAM NAME
    local folder=$work/$2-$1 status
    [[ -s $folder/verdicts.csv ]] && return
    "$1" run "fixtures/batteries/$2.yaml" -o "$folder" --no-figures >"$folder.out" 2>"$folder.err"
    status=$?
    ((status <= 1)) && [[ -s $folder/verdicts.csv ]] || { cat "$folder.err" && return 1; }
}

same_words() { # NAME
    diff <(cut -d, -f1-3 "$work/$1-portable/verdicts.csv") <(cut -d, -f1-3 "$work/$1-arm/verdicts.csv")
}

# Similarities, of which a network at a rectifier's edge may make 0.02 other ones (run/verify.h).
same_numbers() { # NAME
    paste -d'\t' "$work/$1-portable/results.csv" "$work/$1-arm/results.csv" | awk -F'\t' '
        { at = match($1, /[^,]*$/); bt = match($2, /[^,]*$/)
          if (substr($1, 1, at - 1) != substr($2, 1, bt - 1)) { print "     line " NR ": not the same row"; bad = 1; exit }
          a = substr($1, at); b = substr($2, bt); off = a - b; if (off < 0) off = -off
          if ((a == "") != (b == "") || off > .02) { print "     line " NR ": " $1 " and " b; bad = 1; exit }
          if (off > most) most = off; others += off > 0 }
        END { if (bad || NR < 2) exit 1
              printf "     %d numbers, %d of them others, the furthest by %.2g\n", NR - 1, others, most }'
}

says_no_sandbox() { # NAME: the record of a run
    grep -q '"sandbox": "none"' "$work/$1-arm/report.json" && grep -q 'no sandbox' "$work/$1-arm.err"
}

test_runs() {
    local name
    for name in "${batteries[@]}"; do
        check "$name.yaml runs here, on the portable route" ran portable "$name"
        check "$name.yaml runs on AArch64" ran arm "$name"
        check "$name.yaml: the same words" same_words "$name"
        check "$name.yaml: the same numbers, within the tolerance" same_numbers "$name"
    done
    check "the run says that it had no sandbox" says_no_sandbox faults
}

# ---- verifies ----

verified() { # PROGRAM FOLDER
    "$1" verify "$2" --units 100000 --seed 1 >"$work/verified" 2>&1
    local status=$?
    sed 's/^/     /' "$work/verified"
    ((status == 0)) && grep -q 'on another compute route' "$work/verified" &&
        grep -Eq '^([0-9]+) of \1 explainers are other files' "$work/verified" &&
        grep -Eq '^[0-9]+ units agree' "$work/verified"
}

goes_not_on() { # PROGRAM NAME FOLDER
    "$1" run "fixtures/batteries/$2.yaml" -o "$3" --no-figures --resume >/dev/null 2>"$work/refused"
    (($? == 2)) && grep -q 'holds a run of another' "$work/refused"
}

test_verifies() {
    local name
    for name in "${batteries[@]}"; do
        check "$name.yaml runs here" ran here "$name"
        check "$name.yaml runs on AArch64" ran arm "$name"
        check "$name.yaml: AArch64 verifies the run of here" verified arm "$work/$name-here"
        check "$name.yaml: the widest route here verifies that of AArch64" verified here "$work/$name-arm"
        check "$name.yaml: the portable route verifies that of AArch64" verified portable "$work/$name-arm"
    done
    check "a run of here is not resumed on AArch64" goes_not_on arm faults "$work/faults-here"
    check "nor the other way round" goes_not_on here faults "$work/faults-arm"
}

# ---- trains ----

# d.csv, and m.onnx of AArch64.
train() {
    assay() { arm "$@"; }
    (cd "$work" && make_network)
    unset -f assay
}

same_accuracy() {
    arm eval --model "$work/m.onnx" --data "csv:$work/d.csv" >"$work/accuracy-arm" &&
        here eval --model "$work/m.onnx" --data "csv:$work/d.csv" >"$work/accuracy-here" &&
        diff "$work/accuracy-arm" "$work/accuracy-here" && awk '{ exit !($2 > .9) }' "$work/accuracy-arm"
}

test_trains() {
    check "a network is trained on AArch64" train
    check "it is as good on both" same_accuracy
}

# ---- units ----

# Suites of what computes and of what reads. Others ask for what the emulator has not (seccomp, programs of ours).
suites=(accuracy activations arch array attention axis_order canary conv cpu csv csv_rows dataset entropy fast_math file
    graph idx image interval labels layer_blocks layer_groups layout logo maxpool message mprt net net_chain net_loss
    net_memory net_routes net_span net_stem npy onnx onnx_attention onnx_branch onnx_choice onnx_conformance
    op_gradients op_integers pair plane preprocess product propagate relevance resize rng same_run sequence shape smooth
    spearman ssim text tokens turn twin weights winograd)

test_units() {
    check "unit tests" env ASSAY_BUILD="$cross" qemu-aarch64 -L "$sysroot" "$cross/tests/unit-tests-forked" "${suites[@]/%//*}"
}

[[ -f $sysroot/fetched && $(<"$sysroot/fetched") == "$LIBRARIES" ]] || check "the libraries are fetched" fetch
check "it is cross-compiled without a warning" build
((failed == 0)) || { echo "$passed passed, $failed failed" && exit 1; }
(($#)) || set -- starts trains runs verifies units
play_parts "$@"
