#!/bin/bash
# Every option of every --help stands in docs/assay.1 under its command, and the other way round; so does whether it is
# required, and its default. Prints the differences.
set -u
page=$(dirname "${BASH_SOURCE[0]}")/../../docs/assay.1
status=0

helped() { # COMMAND: "-o --output" lines, as accepted
    assay "$1" --help | sed -n '/^options:/,$p' | grep -oE '^  (-.,|   ) --[a-z-]+' | grep -vE -- '--(help|version)$' |
        sed -E 's/^ +//; s/,//' | sort
}

described() { # COMMAND: the same from the .It lines under its heading
    sed -n "/^\.Ss assay $1\$/,/^\.S[sh] /{/^\.Ss assay $1\$/!{/^\.S[sh] /!p}}" "$page" |
        sed -nE 's/^\.It Fl (. , Fl )?-([a-z-]+).*/\1--\2/p' | sed -E 's/^(.) , Fl /-\1 /' | sort
}

facts_helped() { # COMMAND: "--output required", "--seed default 1"; a long summary goes on in the next line
    assay "$1" --help | sed -n '/^options:/,$p' | awk '/^  (-.,|   ) --/ {print line; line = $0; next} {line = line " " $0}
        END {print line}' | sed -E 's/ +/ /g' |
        sed -nE 's/.*(--[a-z-]+).*\((required)\)$/\1 \2/p; s/^ (-., )?(--[a-z-]+) .*\((default) ([^ ]+)\)$/\2 \3 \4/p' | sort
}

facts_described() { # COMMAND: the same from the sentences "Required." and "Default: X." of its items
    sed -n "/^\.Ss assay $1\$/,/^\.S[sh] /{/^\.Ss assay $1\$/!{/^\.S[sh] /!p}}" "$page" |
        awk '/^\.It Fl/ {for (i = 1; i <= NF; i++) if ($i ~ /^-[a-z]/) name = "-" $i}
            $0 == "Required." {print name, "required"}
            after {print name, "default", $2; after = 0}
            $0 == "Default:" {after = 1}
            /^Default: [^ ]+\.$/ {sub(/\.$/, ""); print name, "default", $2}' | sort
}

commands=$(assay --help | sed -n '/^commands:/,/^$/p' | grep -oE '^  [a-z]+')
[[ -n $commands ]] || { echo "assay --help names no commands"; exit 1; }
for command in $commands; do
    grep -q "^\.Ss assay $command\$" "$page" || { echo "$command: not in the manual"; status=1; }
    if ! difference=$(diff <(helped "$command") <(described "$command")); then
        printf '%s: --help (<) and manual (>) differ\n%s\n' "$command" "$difference"
        status=1
    fi
    # Options whose default is in words ("the name of the battery") have none in the table.
    if ! difference=$(diff <(facts_helped "$command") <(facts_described "$command" | grep -vF 'Pa .run')); then
        printf '%s: required or defaults of --help (<) and manual (>) differ\n%s\n' "$command" "$difference"
        status=1
    fi
done
for command in $(sed -nE 's/^\.Ss assay ([a-z]+)$/\1/p' "$page"); do
    [[ " $(echo $commands) " == *" $command "* ]] || { echo "$command: in the manual only"; status=1; }
done
for option in help version; do
    grep -q "Fl -$option" "$page" || { echo "--$option: not in the manual"; status=1; }
done
# The pages of section 5: the keys of a battery as the tables have them, the files of a run folder as reports name them.
docs=$(dirname "$page")
if ! difference=$(diff <(assay list battery --format mdoc) <(sed '1,/^\.\\" keys$/d; /^\.\\" keys$/,$d' "$docs/assay-battery.5")); then
    printf 'assay-battery.5: make docs writes other keys\n%s\n' "$difference"
    status=1
fi
diff <(assay list schema) "$docs/battery.schema.json" || { echo 'battery.schema.json: make docs writes another'; status=1; }
for file in $(assay list reports | awk '/^  / {print $1}'); do
    grep -q "^\.It Pa $file\$" "$docs/assay-run.5" || { echo "assay-run.5: $file is missing"; status=1; }
done
for file in "$page" "$docs"/assay-*.5; do
    groff -mandoc -Tutf8 -ww "$file" 2>&1 >/dev/null | grep . && status=1
done
exit $status
