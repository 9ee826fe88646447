#!/bin/bash
# The scripts of docs/ci.md, run in a project as the page has it: the battery passes its gate; GitHub's steps and GitLab's
# script but for those that install; the hook with and without a change; the entry of pre-commit; the other commands.
# Prints one line per failure; the last line is "N scripts, N failed".
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
page=$ROOT/docs/ci.md
work=$(mktemp -d /tmp/assay-ci.XXXXXX)
trap 'rm -rf "$work"' EXIT
count=0 failed=0

block() { # FILE: the yaml block whose first line is its name
    awk -v name="# $1" '$0 == "```yaml" {getline; inside = $0 == name} $0 == "```" {inside = 0} inside' "$page"
}

shell() { # N: the Nth block for the shell
    awk -v n="$1" '$0 == "```sh" {k++; inside = k == n; next} $0 == "```" {inside = 0} inside' "$page"
}

steps() { # the scripts of `run`, a folder of files; Install is left out
    awk -v to="$1" '
        function close_script() {if (file) close(file); file = ""}
        / - name: / {close_script(); name = $0; sub(/.*name: /, "", name)}
        / run: \|/ {n++; file = to "/" n ".sh"; body = match($0, /r/) + 2; if (name == "Install") file = ""; next}
        / run: / {n++; line = $0; sub(/.*run: /, "", line); if (name != "Install") print line >(to "/" n ".sh"); next}
        file && match($0, /[^ ]/) >= body {print substr($0, body) >file; next}
        {close_script()}'
}

play() { # STATUS WHAT SCRIPT
    count=$((count + 1))
    bash -eo pipefail "$3" >"$work/out" 2>&1 </dev/null
    local got=$?
    ((got == $1)) || { failed=$((failed + 1)); echo "FAIL $2: status $got"; sed 's/^/    /' "$work/out"; }
}

data=/usr/share/datasets/fashion-mnist
mkdir "$work/project" "$work/steps"
cd "$work/project" || exit 2
git init -q . && git config user.email a@example.org && git config user.name A
cp "$ROOT/fixtures/models/fashion-cnn.onnx" model.onnx
ln -s $data/t10k-images-idx3-ubyte.gz images.gz
ln -s $data/t10k-labels-idx1-ubyte.gz labels.gz
block battery.yaml >battery.yaml
export GITHUB_STEP_SUMMARY=$work/summary

block .github/workflows/explanations.yml | steps "$work/steps"
for script in "$work"/steps/*.sh; do play 0 "GitHub: $(head -1 "$script")" "$script"; done
grep -q '^| guided-backprop | FAIL' "$GITHUB_STEP_SUMMARY" || { failed=$((failed + 1)); echo "FAIL the summary"; }

block .gitlab-ci.yml | sed -n '/^  script:/,/^  [a-z]*:$/{s/^    - //p}' >"$work/gitlab.sh"
play 0 GitLab "$work/gitlab.sh"
[[ -s verdicts/junit.xml ]] || { failed=$((failed + 1)); echo "FAIL GitLab: verdicts/junit.xml is not there"; }

shell 1 >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
echo 'git add README; git commit -qm one; [[ ! -e .assay ]]' >"$work/commit.sh"
touch README
play 0 "the hook, nothing to judge" "$work/commit.sh"
echo 'git add battery.yaml model.onnx; git commit -qm two; [[ -e .assay/report.txt ]]' >"$work/commit.sh"
play 0 "the hook" "$work/commit.sh"
echo 'sed -i "/guided-backprop.cascading: FAIL/d" battery.yaml; git add battery.yaml; git commit -qm three' >"$work/commit.sh"
play 1 "the hook stops a commit" "$work/commit.sh"
block .pre-commit-config.yaml | sed -n 's/^ *entry: //p' >"$work/entry.sh"
play 1 "the entry of pre-commit" "$work/entry.sh"

shell 2 >"$work/accept.sh"
play 0 "the command that accepts" "$work/accept.sh"
grep -q '^accepted: guided-backprop under cascading' "$work/out" || { failed=$((failed + 1)); echo "FAIL nothing was accepted"; }

assay new my-method >/dev/null
sed -i 's|^  - edge-detector|  - {use: my-method/my-method.so, name: my-method}\n&|' battery.yaml
echo 'assay accept verdicts --baseline known.yaml' >"$work/known.sh"
play 0 "what is known goes into a baseline" "$work/known.sh"
shell 3 >"$work/plugin.sh"
play 0 "a plugin of the project" "$work/plugin.sh"
grep -q '^"my-method","cascading","PASS"' verdicts/verdicts.csv || { failed=$((failed + 1)); echo "FAIL no verdict of the plugin"; }

echo "$count scripts, $failed failed"
((failed == 0))
