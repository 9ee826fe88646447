#!/bin/bash
# The names in the documents are those of the program: tests/docs.sh [FOLDER] (default: the project). Looked at are
# DESIGN.md, CONTRIBUTING.md and docs/*.md. Prints FILE:LINE: WHAT IS WRONG; the last line is "docs: N names, N problems".
#   a/b.c, b.c, `a/`     a file or folder of that name is there, from the root or below any folder
#   `some_name`          the sources have that word; `a.b`, `a->b`: both words; `f()`: a function or macro of that name
#   `struct x`           the sources define it; so enum
#   `make x`             the Makefile has that target
# CAPITALS (controls/NAME.c) stand for any name: the folder is looked for. `module_verb` is the pattern of names.
set -u
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" || exit 2
export LC_ALL=C.UTF-8
list=$(mktemp /tmp/assay-docs.XXXXXX)
trap 'rm -f "$list"' EXIT
{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -not -path './runs/*' -printf '%P\n'; } |
    while IFS= read -r file; do [[ -f $file ]] && printf '%s\n' "$file"; done >"$list"

perl -e '
use strict;
use warnings;
my ($list, @documents) = @ARGV;
my (%ends, %word, %defined, %target);
open my $files, "<", $list or die;
while (my $file = <$files>) {
    chomp $file;
    my @parts = split m{/}, $file;
    for my $from (0 .. $#parts) {
        $ends{join "/", @parts[$from .. $#parts]} = 1;
        $ends{join("/", @parts[$from .. $_]) . "/"} = 1 for $from .. $#parts - 1;
    }
    next unless $file =~ m{\.(c|h|sh|py|pl|awk)$|(^Makefile|\.mk)$|^bench/[a-z]+$} && open my $in, "<", $file;
    while (my $line = <$in>) {
        $word{$_} = 1 for $line =~ /\w+/g;
        $defined{"$1 $2"} = 1 if $line =~ /\b(struct|enum) (\w+) \{/;
        $defined{$_} = 1 for $line =~ /(\w+)\(/g;
        $target{$1} = 1 if $file =~ /(^Makefile|\.mk)$/ && $line =~ /^([a-z0-9-]+):/;
    }
}

my ($names, $problems) = (0, 0);
sub check { # WHERE NAME WHETHER WHAT
    my ($where, $name, $there, $what) = @_;
    $names++;
    return if $there;
    $problems++;
    print "$where: $name: $what\n";
}
for my $document (@documents) {
    open my $in, "<", $document or next;
    my ($number, $fenced) = (0, 0);
    while (my $line = <$in>) {
        my $at = "$document:" . ++$number;
        $fenced = !$fenced if $line =~ /^ *```/;
        for my $path ($line =~ m{(?<![\w/.*:-])((?:[\w.-]+/)+[\w.-]+\.(?:c|h|sh|py|pl|awk|md|yaml|onnx)|[\w-]+\.[ch])\b(?![\w./])}g) {
            my $folder = $path =~ s{[^/]*$}{}r;
            my $any = $path =~ m{(^|/)[A-Z]+\.\w+$};
            check($at, $path, $any ? $folder eq "" || $ends{$folder} : $ends{$path}, "no such file");
        }
        next if $fenced;
        for my $code ($line =~ /`([^`]+)`/g) {
            check($at, $code, $ends{$code}, "no such folder") if $code =~ m{^[\w./-]+/$};
            check($at, $code, $defined{$code}, "not defined") if $code =~ /^(struct|enum) \w+$/;
            check($at, $code, $target{$1}, "no target of the Makefile") if $code =~ /^make ([a-z0-9-]+)/;
            check($at, $code, $defined{$1}, "no such function") if $code =~ /^(\w+)\(\)$/;
            next if $code eq "module_verb";
            next unless $code =~ /^[A-Za-z]\w*(?:(?:\.|->)[a-z]\w*)*(?:\[\])?$/ && $code =~ /_|->|[a-z]\.[a-z]/;
            next if $code =~ m{\.(c|h|sh|py|pl|awk|md|yaml|onnx|txt|json|db|csv|log|xml|so|gp)$};
            check($at, $code, $word{$_} || $word{"ASSAY_$_"}, "the sources have no $_") for $code =~ /\w+/g;
        }
    }
}
print "docs: $names names, $problems problems\n";
exit($problems || !$names ? 1 : 0);
' "$list" DESIGN.md CONTRIBUTING.md docs/*.md
