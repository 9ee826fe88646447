#!/bin/bash
# Runs the mutants of tests/mutants against the controls, and prints which control notices which:
#   tests/mutants/run.sh [OPTION]... [EXPLAINER]...     (default: all of the tables; a name may have * and ?)
#   --networks LIST   of the table below, with commas (default: those of the first column that say "yes")
#   --quick           ten mutants on the smallest network of pictures, in seconds; a mutant that is listed as a survivor
#                     and is none may be there
#   --honest          the honest explainers alone, on all networks, at five seeds: --seeds "1 2 3 4 5"
#   --keep DIR        batteries and run folders, which are removed otherwise
#   --skip CONTROL    leave a control out (the standard ones but label-permutation are asked, all by --all-controls)
#   --first-kill      ask the cheap controls first, and the dear ones of those alone that nothing has noticed yet; what is
#                     left is judged by all controls at once. Which controls would notice a mutant, too, is not told then
#   --inputs N        in place of the table's
#   --jobs N          worker processes
# Each network is run twice: with the claims of the honest base, and without any claim. What survives has to be in
# tests/mutants/survivors.txt, and nothing else may be there; no honest explainer may FAIL that is not in
# tests/mutants/honest.txt. The exit status is 0 when that is so.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HERE=$ROOT/tests/mutants
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "run.sh: $BUILD/assay: not there: run make first" >&2; exit 2; }
export LC_ALL=C
fashion=/usr/share/datasets/fashion-mnist

# Run by default, name, model, families (all: every one), data. Methods that ask for hundreds of answers for a map
# (perturbation, surrogate) take too long on the larger network.
networks() {
    local test="idx:$fashion/t10k-images-idx3-ubyte.gz,$fashion/t10k-labels-idx1-ubyte.gz"
    cat <<TABLE
yes fashion-mlp $ROOT/fixtures/models/fashion-mlp.onnx all source: "$test", preprocess: unit, inputs: 20
yes fashion-cnn $ROOT/fixtures/models/fashion-cnn.onnx gradient,path,smoothing,cam,backward,propagation source: "$test", preprocess: unit, inputs: 20
yes genome-cnn $ROOT/fixtures/models/genome-cnn.onnx all source: "sequence:$ROOT/fixtures/data/genome-test.csv", inputs: 20
no machines-mlp $ROOT/fixtures/models/machines-mlp.onnx all source: "csv:$ROOT/fixtures/data/machines-test.csv", inputs: 30
no reviews-cnn $ROOT/fixtures/models/reviews-cnn.onnx all source: "csv:$ROOT/fixtures/data/reviews-test.csv", inputs: 30
TABLE
}

# One mutant for each kind of fault, all cheap.
quick='gradient-class-own gradient-probability gradient-keyed-noise gradient-last-layer gradient-bump-80 gradient-edges-50
       gradient-half-copied gradient-cached ixg-input-lost prior-x-sign'

die() {
    echo "run.sh: $*" >&2
    exit 2
}

# What costs few maps; planted-evidence is next, randomised weights come last, with all the others once more.
cheap=linear-identity,zero-pixel,completeness,twins,class-sensitivity,other-classes,class-relabelling
cheap+=,quadratic-identity,unseen-region

names=() chosen='' seeds=1 honest=0 keep='' jobs=$(nproc) quick_run=0 inputs='' stages=(all)
skip=' label-permutation bottom-up mprt input-shift '
while (($#)); do
    case $1 in
        --networks) chosen=${2:?}; shift ;;
        --quick) quick_run=1; chosen=fashion-mlp; read -r -d '' -a names <<<"$quick" ;;
        --honest) honest=1; seeds='1 2 3 4 5'; chosen=$(networks | awk '{print $2}' | paste -sd,) ;;
        --seeds) seeds=${2:?}; shift ;;
        --keep) keep=${2:?}; shift ;;
        --skip) skip+="${2:?} "; shift ;;
        --all-controls) skip=' ' ;;
        --first-kill) stages=(cheap planted all) ;;
        --inputs) inputs=${2:?}; shift ;;
        --jobs) jobs=${2:?}; shift ;;
        -*) die "$1: no such option" ;;
        *) names+=("$1") ;;
    esac
    shift
done

work=${keep:-$(mktemp -d /tmp/assay-mutants.XXXXXX)}
mkdir -p "$work" || die "$work: cannot be made"
work=$(cd "$work" && pwd)
[[ $keep ]] || trap 'rm -rf "$work"' EXIT
"$BUILD/tests/mutants/list" "$BUILD"/tests/mutants/*.so >"$work/list.tsv" || die "the tables of mutants cannot be read"
controls=$("$BUILD/assay" list controls | awk -v skip="$skip" '/^  [a-z]/ && !index(skip, " " $1 " ") {print $1}' | paste -sd,)
[[ $controls ]] || die "no controls"

wanted() { # ID FAMILY BASE FAMILIES: whether this run has it
    local pattern
    [[ $4 == all || ,$4, == *,$2,* ]] || return 1
    ((honest)) && [[ $3 != - ]] && return 1
    [[ ! ${known:-} ]] || ! grep -qxF "$1" "$known" || return 1
    ((${#names[@]})) || return 0
    for pattern in "${names[@]}"; do
        # shellcheck disable=SC2053
        [[ $1 == $pattern ]] && return 0
    done
    return 1
}

asked_in() { # STAGE: its controls, with commas
    case $1 in
        all) echo "$controls" ;;
        planted) [[ ,$controls, == *,planted-evidence,* ]] && echo planted-evidence ;;
        cheap) tr ',' '\n' <<<"$controls" | grep -xF "$(tr ',' '\n' <<<"$cheap")" | paste -sd, ;;
    esac
}

battery() { # FILE NETWORK MODEL FAMILIES DATA FOLDER SEED CONTROLS: false when no explainer is wanted
    local id family base dose given rest rows=0 data=$5
    [[ $inputs ]] && data=$(sed "s/inputs: [0-9]*/inputs: $inputs/" <<<"$5")
    printf 'name: %s\nmodel: %s\nseed: %s\nrule: {draws: [5, 7, 10]}\ndata: {%s}\ncontrols: [%s]\nexplainers:\n' "$2" "$3" "$7" "$data" "$8" >"$1"
    while IFS=$'\t' read -r id family base dose given rest; do
        wanted "$id" "$family" "$base" "$4" || continue
        [[ $base == - && $6 ]] && continue # an honest method says what it is
        [[ $given == - ]] && given='' || given=:$given
        printf '  - {use: "%s/tests/mutants/%s%s.so#%s%s", name: %s}\n' "$BUILD" "$6" "$family" "$id" "$given" "$id" >>"$1"
        rows=$((rows + 1))
    done <"$work/list.tsv"
    ((rows > 0))
}

noticed() { # FOLDER: the explainers whose overall verdict there is FAIL or ERROR
    sed -nE 's/^"([^"]*)","overall","(FAIL|ERROR)".*/\1/p' "$1/verdicts.csv"
}

runs=()
while read -r default network model families data; do
    [[ ${chosen:+,$chosen,} == *,$network,* || (-z $chosen && $default == yes) ]] || continue
    for seed in $seeds; do
        for claims in claimed unclaimed; do
            folder='' known=$work/$network-$claims-$seed.known
            [[ $claims == claimed ]] || folder=unclaimed/
            : >"$known"
            for stage in "${stages[@]}"; do
                name=$network-$claims-$seed
                [[ $stage == all ]] || name+=-$stage
                asked=$(asked_in "$stage")
                [[ $asked ]] && battery "$work/$name.yaml" "$network" "$model" "$families" "$data" "$folder" "$seed" "$asked" || continue
                canaries=()
                [[ $stage == all ]] || canaries=(--no-canaries)
                "$BUILD/assay" run "$work/$name.yaml" -o "$work/$name" --no-figures -j "$jobs" "${canaries[@]}" >"$work/$name.out" 2>"$work/$name.err"
                status=$?
                [[ $status =~ ^[0134]$ ]] || { tail -5 "$work/$name.err" >&2; die "$name.yaml: exit status $status"; }
                ((quick_run)) || echo "$name: $(tail -1 "$work/$name.err")" >&2
                noticed "$work/$name" >>"$known"
                runs+=("$network:$claims:$seed:$work/$name/verdicts.csv")
            done
        done
    done
done < <(networks)
((${#runs[@]})) || die "nothing to run"
((quick_run)) && export STALE=allowed
[[ ${#stages[@]} == 1 ]] || export FIRST=told
perl "$HERE/matrix.pl" "$work/list.tsv" "$HERE/survivors.txt" "$HERE/honest.txt" "${runs[@]}"
