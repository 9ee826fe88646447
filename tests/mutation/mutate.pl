#!/usr/bin/perl
# One-token mutants of C files: mutate.pl list FILE... prints "FILE:LINE:COLUMN|FROM|TO" for each; mutate.pl apply
# 'FILE:LINE:COLUMN|FROM|TO' prints the file with that one change; mutate.pl texts FILE... prints "FILE|TEXT OF
# LINE|FROM|TO" for each, as equivalent.txt names them. Texts, comments and what only runs without memory
# are left alone.
use strict;
use warnings;

my @rules = (
    [qr/(?<= )<=(?= )/, '<'],   [qr/(?<= )>=(?= )/, '>'],  [qr/(?<= )<(?= )/, '<='],  [qr/(?<= )>(?= )/, '>='],
    [qr/==/, '!='],             [qr/!=/, '=='],            [qr/&&/, '||'],            [qr/\|\|/, '&&'],
    [qr/(?<= )\+(?= )/, '-'],   [qr/(?<= )-(?= )/, '+'],   [qr/(?<= )\/(?= )/, '*'],  [qr/(?<= )\*(?= )/, '/'],
    [qr/\bfmin\b/, 'fmax'],     [qr/\bfmax\b/, 'fmin'],    [qr/\btrue\b/, 'false'],   [qr/\bfalse\b/, 'true'],
    [qr/(?<=[ (])!(?=[a-z])/, ''], [qr/\+=/, '-='],
    [qr/(?<![\w.\[])0(?![\w.])/, '1'], [qr/(?<![\w.])1(?![\w.])/, '2'], [qr/(?<![\w.])([2-9])(?![\w.])/, '1'],
    [qr/(?<!\w)\.5(?!\d)/, '.6'],
);

# The line with texts, characters and comments blanked, so that columns stay.
sub code_of {
    my ($line, $comment) = @_;
    my $blank = sub { my $t = shift; $t =~ s/./\0/g; $t };
    if ($$comment) {
        if ($line =~ s/^(.*?\*\/)/$blank->($1)/e) { $$comment = 0 }
        else { return $blank->($line) }
    }
    $line =~ s/("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/$blank->($1)/ge;
    $line =~ s/(\/\*.*?\*\/)/$blank->($1)/ge;
    if ($line =~ s/(\/\*.*)$/$blank->($1)/e) { $$comment = 1 }
    return $line;
}

sub list {
    my ($with_text, @files) = @_;
    for my $file (@files) {
        my ($number, $comment) = (0, 0);
        open my $in, '<', $file or die "$file: $!\n";
        while (my $line = <$in>) {
            $number++;
            my $code = code_of($line, \$comment);
            my ($text) = $line =~ /^ *(.*)$/;
            next if $code =~ /^\s*#|alloc\(|error_memory|error_set|\bfree\(|^static const|^struct|^enum/;
            for my $rule (@rules) {
                my ($from, $to) = @$rule;
                while ($code =~ /$from/g) {
                    my $place = $with_text ? "$file|$text" : "$file:$number:$-[0]";
                    print "$place|", substr($code, $-[0], $+[0] - $-[0]), "|$to\n";
                }
            }
        }
        close $in;
    }
}

sub apply {
    $_[0] =~ /^([^:]+):(\d+):(\d+)\|(\|\||[^|]+)\|(\|\||[^|]*)$/ or die "$_[0]: no mutant\n";
    my ($file, $number, $column, $old, $new) = ($1, $2, $3, $4, $5);
    open my $in, '<', $file or die "$file: $!\n";
    while (my $line = <$in>) {
        if ($. == $number) {
            substr($line, $column, length $old) eq $old or die "$_[0]: no such mutant\n";
            substr($line, $column, length $old) = $new;
        }
        print $line;
    }
    close $in;
}

my $what = shift @ARGV // '';
if ($what eq 'list') { list(0, @ARGV) }
elsif ($what eq 'texts') { list(1, @ARGV) }
elsif ($what eq 'apply' && @ARGV) { apply($ARGV[0]) }
else { die "usage: mutate.pl list FILE... | texts FILE... | apply MUTANT\n" }
