#!/bin/bash
# Slower proofs, for `make check-slow`: tests/slow.sh [PART]... (default: all). The last line is
# "N passed, N failed".
#   batteries  the fixture batteries end as they expect to, and at -j1 and -j2 with the same bytes
#   papers     the batteries of published results end as they expect to, on networks that are trained for them
#   calibrate  on fifteen fresh networks no honest method FAILs, and none that must not pass does
#   kills      a run killed again and again, wherever that hits it, ends with the bytes of an undisturbed one; 200 kills
#              of every kind of process (tests/kills.sh)
#   ranks      the simulated run of many processes keeps bounds that hold for any schedule (bench/ranks.py)
#   memory     all processes of a run together keep to its budget (bench/memory.py)
#   seeds      with other seeds an honest method never FAILs, and one that must not pass never PASSes
#   looks      error rates and power of the rule over all looks, in a thousand simulated runs of each case
#   units      the unit tests of the suites slow_*, which make check leaves out
#   fixtures   the models trained again from their seeds are as good as those that are committed
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "slow.sh: $BUILD/assay: not there: run make first" >&2; exit 2; }
cd "$ROOT" || exit 2
export LC_ALL=C
work=$(mktemp -d /tmp/assay-slow.XXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
. "$ROOT/tests/proofs.sh"

run() { # BATTERY FOLDER [OPTION...]
    local battery=$1 folder=$2
    shift 2
    "$BUILD/assay" run "$battery" -o "$work/$folder" --no-figures "$@" >"$work/$folder.out" 2>"$work/$folder.err"
}

same() { # FOLDER FOLDER: results and verdicts, byte by byte
    local file
    for file in results.csv verdicts.csv report.json junit.xml; do
        cmp "$work/$1/$file" "$work/$2/$file" || return 1
    done
}

test_batteries() {
    check "fashion.yaml at -j2 is as it expects" run fixtures/batteries/fashion.yaml cnn2 -j2
    check "fashion-mlp.yaml at -j2 is as it expects" run fixtures/batteries/fashion-mlp.yaml mlp2 -j2
    check "fashion.yaml at -j1 is as it expects" run fixtures/batteries/fashion.yaml cnn1 -j1
    check "the same bytes at -j1 and -j2" same cnn1 cnn2
    for name in genome machines faults climate promoters reviews field; do
        check "$name.yaml is as it expects" run fixtures/batteries/$name.yaml "$name" -j2
    done
}

train_papers() {
    fixtures/batteries/papers/train.sh "$BUILD/assay" "$work/papers" >/dev/null 2>&1
}

test_papers() {
    local battery name model
    check "the papers' networks are trained" train_papers
    for battery in fixtures/batteries/papers/*.yaml; do
        name=$(basename "$battery" .yaml)
        model=$(sed -n 's|^model: models/||p' "$battery")
        check "papers/$name.yaml is as it expects" run "$battery" "papers-$name" -j2 ${model:+--set "model=$work/papers/$model"}
    done
}

calibrate() {
    "$BUILD/assay" calibrate -o "$work/calibration" -j2 >/dev/null 2>&1
}

test_calibrate() {
    check "of fifteen fresh networks none has a false alarm or a miss" calibrate
}

# Killed after 1, 2, 3, ... seconds more than the last time, resumed each time, until it comes to its end.
killed() { # BATTERY FOLDER
    local seconds=1 status
    while true; do
        # The subshell swallows what bash says of a child that was killed.
        (
            timeout -s KILL "$seconds" "$BUILD/assay" run "$1" -o "$work/$2" --no-figures -j2 --resume >/dev/null
            exit $?
        ) 2>/dev/null
        status=$?
        ((status == 137)) || return $status
        seconds=$((seconds + 1))
    done
}

test_kills() {
    check "fashion-mlp.yaml undisturbed" run fixtures/batteries/fashion-mlp.yaml calm -j2
    check "fashion-mlp.yaml killed and resumed" killed fixtures/batteries/fashion-mlp.yaml killed
    check "a killed run ends with the same bytes" same calm killed
    check "200 kills of parents, workers and gnuplot" env ASSAY_BUILD="$BUILD" tests/kills.sh 200
}

never() { # FOLDER EXPLAINERS WORDS: no verdict of a weight randomisation of those is one of the words
    ! grep -E "^\"($2)\",\"(cascading|independent)\",\"($3)\"" "$work/$1/verdicts.csv"
}

test_ranks() {
    check "the simulation of many processes keeps its bounds" python3 bench/ranks.py check
}

# Two processes for each core, whose nets are large; gradients of each stage, and threads that help.
test_memory() {
    local least budget images=/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz
    local run=("$BUILD/assay" run "$work/memory.yaml" --no-figures -j4)
    printf '%s\n' "model: $ROOT/fixtures/models/fashion-cnn.onnx" \
        "data: {source: \"idx:$images,${images/images-idx3/labels-idx1}\", preprocess: unit, inputs: 100}" \
        'explainers: [gradient, "integrated-gradients:steps=20", smoothgrad]' \
        'controls: [cascading]' 'rule: {draws: 5}' >"$work/memory.yaml"
    least=$("${run[@]}" -o "$work/none" --memory 2M 2>&1 | grep -oE 'at least [0-9]+' | cut -d' ' -f3)
    check "a run without a budget" "${run[@]}" -o "$work/memory-none" >"$work/memory.out" 2>&1
    for budget in $((least + 20)) $((2 * least)) $((4 * least)); do
        check "a run with a budget of $budget MiB keeps to it" keeps_to "$budget" "${run[@]}"
        check "... and has the same results" cmp "$work/memory-none/results.csv" "$work/memory-$budget/results.csv"
    done
}

keeps_to() { # MIB COMMAND...
    local budget=$1 peak
    shift
    python3 bench/memory.py -- "$@" -o "$work/memory-$budget" --memory "${budget}M" >"$work/memory.out" 2>"$work/memory.err"
    peak=$(sed -n 's/^memory: peak \([0-9]*\) MiB.*/\1/p' "$work/memory.err")
    echo "peak of $peak MiB, budget of $budget MiB"
    [[ $peak -gt 0 && $peak -le $budget ]]
}

test_seeds() {
    local model seed name honest='gradient|saliency|input-x-gradient|integrated-gradients|ig-average|smoothgrad'
    for model in cnn mlp; do
        sed -e '/^training:/,/^explainers:/{/^explainers:/!d}' -e '/label-permutation$/d' -e '/^expect:/,$d' \
            -e "s|\.\./models|$ROOT/fixtures/models|" "fixtures/batteries/$([[ $model == cnn ]] && echo fashion || echo fashion-mlp).yaml" \
            >"$work/$model.yaml"
        for seed in 2 3 4 5 6; do
            name=$model-$seed
            run "$work/$model.yaml" "$name" -j2 --seed $seed
            [[ -s $work/$name/verdicts.csv ]] || cat "$work/$name.err"
            check "$model, seed $seed: it ran" test -s "$work/$name/verdicts.csv"
            check "$model, seed $seed: honest methods do not FAIL" never "$name" "$honest|grad-cam|grad-cam-signed" FAIL
            # (Grad-CAM's ReLU may leave nothing of too many maps of the original network: an ERROR.)
            check "$model, seed $seed: and can be judged" never "$name" "$honest" 'ERROR|UNINFORMATIVE'
            check "$model, seed $seed: what must not PASS does not" \
                never "$name" 'edge-detector|input|random-noise|constant' 'PASS|INCONCLUSIVE'
            check "$model, seed $seed: guided backpropagation FAILs the cascade" \
                grep -q '^"guided-backprop","cascading","FAIL"' "$work/$name/verdicts.csv"
        done
    done
}

as_good() { # MODEL DATA PREPROCESS: test accuracy within one point of the committed one
    local old new
    old=$("$BUILD/assay" eval --model "fixtures/models/$1" --data "$2" --preprocess "$3" | awk '{print $2}')
    new=$("$BUILD/assay" eval --model "$work/models/$1" --data "$2" --preprocess "$3" | awk '{print $2}')
    echo "     $1: committed $old, trained again $new$(cmp -s "fixtures/models/$1" "$work/models/$1" && echo ", the same bytes")"
    awk -v a="$old" -v b="$new" 'BEGIN { exit !(a > .85 && b > a - .01) }'
}

labels_as_good() { # as_good, of several labels
    local old new columns=,label=overheats,label=worn,label=leaks
    old=$("$BUILD/assay" eval --task multi-label --model "fixtures/models/$1" --data "$2$columns" | awk 'NR == 1 {print $2}')
    new=$("$BUILD/assay" eval --task multi-label --model "$work/models/$1" --data "$2$columns" | awk 'NR == 1 {print $2}')
    echo "     $1: committed $old, trained again $new$(cmp -s "fixtures/models/$1" "$work/models/$1" && echo ", the same bytes")"
    awk -v a="$old" -v b="$new" 'BEGIN { exit !(a > .95 && b > a - .01) }'
}

r_squared() { # as_good, of R2
    local old new
    old=$("$BUILD/assay" eval --task regression --model "fixtures/models/$1" --data "$2" | awk '{print $4}')
    new=$("$BUILD/assay" eval --task regression --model "$work/models/$1" --data "$2" | awk '{print $4}')
    echo "     $1: committed R2 $old, trained again $new$(cmp -s "fixtures/models/$1" "$work/models/$1" && echo ", the same bytes")"
    awk -v a="$old" -v b="$new" 'BEGIN { exit !(a > .9 && b > a - .01) }'
}

train() {
    fixtures/train.sh "$BUILD/assay" "$work/models" >/dev/null 2>&1
}

test_looks() {
    check "simulated error rates and power" env ASSAY_SIMULATED_RUNS=1000 "$BUILD/tests/unit-tests" --filter 'looks/*'
}

test_units() {
    "$BUILD/tests/unit-tests" --list | awk '/^[a-z]/ {slow = /^slow_/} slow {print "     " $0}'
    check "slow unit tests" env ASSAY_BUILD="$BUILD" "$BUILD/tests/unit-tests" --filter 'slow_*/*'
}

test_fixtures() {
    mkdir -p "$work/models"
    check "the fixtures are trained again" train
    local fashion=/usr/share/datasets/fashion-mnist/t10k
    fashion=idx:$fashion-images-idx3-ubyte.gz,$fashion-labels-idx1-ubyte.gz
    check "fashion-mlp.onnx" as_good fashion-mlp.onnx "$fashion" unit
    check "fashion-cnn.onnx" as_good fashion-cnn.onnx "$fashion" unit
    check "genome-cnn.onnx" as_good genome-cnn.onnx sequence:fixtures/data/genome-test.csv none
    check "reviews-cnn.onnx" as_good reviews-cnn.onnx csv:fixtures/data/reviews-test.csv none
    check "promoters-cnn.onnx" as_good promoters-cnn.onnx sequence:fixtures/data/promoters-test.csv none
    check "climate-mlp.onnx" r_squared climate-mlp.onnx \
        npy:fixtures/data/climate-test-fields.npy,fixtures/data/climate-test-years.npy
    check "machines-mlp.onnx" as_good machines-mlp.onnx csv:fixtures/data/machines-test.csv none
    check "faults-mlp.onnx" labels_as_good faults-mlp.onnx csv:fixtures/data/faults-test.csv
}

(($#)) || set -- batteries papers calibrate kills ranks memory seeds fixtures looks units
play_parts "$@"
