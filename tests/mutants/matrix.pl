# matrix.pl: the kill matrix: which control notices which mutant (tests/mutants/run.sh).
#   perl matrix.pl LIST SURVIVORS HONEST NETWORK:CLAIMS:SEED:VERDICTS.CSV...
# Prints a line for each explainer and network, and what is not as the tables say; the exit status is 1 then. With STALE
# in the environment a mutant that is listed among the survivors need not survive. With FIRST not every control was asked
# of every mutant: a network has several runs, and the last one that has a mutant says what became of it. At the end are
# the survivors, as lines of their table, where it is not as it should be.
use strict;
use warnings;

my ($list, $survivors, $honest, @runs) = @ARGV;
my %letter = (PASS => ".", FAIL => "F", ERROR => "E", UNINFORMATIVE => "U", INCONCLUSIVE => "I", SKIP => "-");

sub refuse {
    print STDERR "matrix.pl: $_[0]\n";
    exit 2;
}

sub lines_of {
    my ($path) = @_;
    open my $in, "<", $path or refuse("$path: $!");
    chomp(my @lines = <$in>);
    return @lines;
}

# What is known of an explainer: id, family, base ("-": honest), dose, parameters, what it equals, claims, fault.
my (%mutant, @order);
for my $line (lines_of($list)) {
    my @field = split /\t/, $line;
    $mutant{$field[0]} = {base => $field[2], equals => $field[5], fault => $field[7]};
    push @order, $field[0];
}

# "a, b" as a set; "-" is none.
sub set_of {
    my ($text) = @_;
    my %set = map { $_ => 1 } grep { $_ ne "-" } split /\s*,\s*/, $text;
    return \%set;
}

# Tables of names: NAME | networks | ... | reason.
my %reasons;
sub table_of {
    my ($path, $columns) = @_;
    my %table;
    for my $line (lines_of($path)) {
        next if $line =~ /^#|^\s*$/;
        my @cell = map { s/^\s+|\s+$//gr } split /\|/, $line;
        refuse("$path: $line: $columns cells wanted, the last a reason") if @cell != $columns || $cell[-1] eq "";
        refuse("$path: $cell[0]: no such explainer") unless $mutant{$cell[0]};
        refuse("$path: $cell[0] is there twice") if $table{$cell[0]};
        $reasons{$cell[0]} = $cell[-1];
        $table{$cell[0]} = [map { set_of($_) } @cell[1 .. $#cell - 1]];
    }
    return %table;
}
my %lives = table_of($survivors, 4); # claimed, unclaimed
my %excused = table_of($honest, 3);  # honest explainers that FAIL, and where

# The verdicts of a run: {explainer}{control} = [word, reason].
my $problems = 0;
my (%controls, @controls, %result);
for my $run (@runs) {
    my ($network, $claims, $seed, $path) = split /:/, $run, 4;
    for my $line (lines_of($path)) {
        next unless $line =~ /^"([^"]*)","([^"]*)","([A-Z]*)","[^"]*","[^"]*",(\w+),"((?:[^"]|"")*)"/;
        my ($id, $control, $word, $expected, $reason) = ($1, $2, $3, $4, $5);
        refuse("$path: $id: no such explainer") unless $mutant{$id};
        push @controls, $control unless $control eq "overall" || $controls{$control}++;
        $result{$network}{$id}{$claims}{$seed}{$control} = [$word, $reason, $expected];
    }
}

sub problem {
    print "! $_[0]\n";
    $problems++;
}

# Four letters of a control's name head a column.
my %head = map { my $c = $_; $c => join "", map { substr $_, 0, $c =~ /-/ ? 2 : 4 } (split /-/, $c)[0 .. ($c =~ /-/ ? 1 : 0)] } @controls;

# The cells of one run: a letter for each control, then the word of the whole row.
sub cells {
    my ($row, $id) = @_;
    return " " x (5 * (1 + @controls) + 9) unless $row;
    my $rules = (grep { $_->[1] =~ /^Breach of the plugin rules/ } values %$row) ? "F" : ".";
    my @cell = map { $rules eq "F" ? "." : $row->{$_} ? $letter{$row->{$_}[0]} : "" } @controls;
    return join("", map { sprintf "%-5s", $_ } $rules, @cell) . sprintf "%-9s", $mutant{$id}{base} eq "-" && fate($row) eq "SURVIVES" ? "PASS" : fate($row);
}

sub fate {
    my ($row) = @_;
    my $word = $row->{overall}[0] or refuse("a row without an overall verdict: " . join " ", sort keys %$row);
    return "killed" if $word =~ /FAIL|ERROR/;
    return "n.a." if $word eq "SKIP";
    # Exit code 0 wants every cell as expected, which an UNINFORMATIVE one is not.
    return $word ne "PASS" || grep({ $_->[2] ne "true" } values %$row) ? "stopped" : "SURVIVES";
}

sub print_line {
    print $_[0] =~ s/ +$//r, "\n";
}

my (%count, %kills, %alone, %alive);
for my $network (sort keys %result) {
    my $width = length $network;
    for my $id (keys %{$result{$network}}) { $width = length $id if length $id > $width; }
    my $heads = join "", map { sprintf "%-5s", $_ } "rule", map { $head{$_} } @controls;
    printf "\n%-${width}s  %-*s %s\n", $network, length($heads) + 9, "with claims", "without any claim";
    print_line(sprintf "%-${width}s  %s%-9s %s", "", $heads, "", $heads);
    for my $id (grep { $result{$network}{$_} } @order) {
        my $both = $result{$network}{$id};
        for my $seed (sort { $a <=> $b } keys %{$both->{claimed}}) {
            print_line(sprintf "%-${width}s  %s %s", $id, cells($both->{claimed}{$seed}, $id), cells($both->{unclaimed}{$seed}, $id));
            $mutant{$id}{base} eq "-" ? judge_honest($network, $id, $seed) : judge_mutant($network, $id, $seed);
        }
    }
}

sub judge_honest {
    my ($network, $id, $seed) = @_;
    my $row = $result{$network}{$id}{claimed}{$seed};
    my $fate = fate($row);
    $count{honest}{$fate}++;
    return if $fate ne "killed" || ($excused{$id} && $excused{$id}[0]{$network});
    for my $control (@controls) {
        next unless ($row->{$control}[0] // "") =~ /FAIL|ERROR/;
        problem("honest $id is blamed on $network at seed $seed: $control: $row->{$control}[0]: $row->{$control}[1]");
    }
}

sub judge_mutant {
    my ($network, $id, $seed) = @_;
    for my $k (0, 1) {
        my $claims = $k ? "unclaimed" : "claimed";
        my $row = $result{$network}{$id}{$claims}{$seed} or next;
        my $fate = fate($row);
        $count{$claims}{$fate}++;
        push @{$alive{$id}[$k]}, $network if $fate eq "SURVIVES";
        my $listed = $lives{$id} && $lives{$id}[$k]{$network};
        problem("$id survives on $network, $claims: $mutant{$id}{fault}") if $fate eq "SURVIVES" && !$listed;
        problem("$id no longer survives on $network, $claims: take it out of survivors.txt") if $fate ne "SURVIVES" && $listed && !$ENV{STALE};
        my $rules = grep { $_->[1] =~ /^Breach of the plugin rules/ } values %$row;
        my @killers = $rules ? "conformance" : grep { ($row->{$_}[0] // "") =~ /FAIL|ERROR/ } @controls;
        $kills{$_}{$claims}++ for @killers;
        $alone{$killers[0]}{$claims}++ if @killers == 1;
    }
}

sub number {
    my ($table, $claims) = @_;
    return $table->{$claims} // 0;
}

my $first = $ENV{FIRST};
print $first ? "\nnoticed by, of what was asked first     with claims   without claims\n"
             : "\nnoticed by              with claims   by it alone   without claims   by it alone\n";
for my $control ("conformance", @controls) {
    if ($first) {
        printf "%-38s  %11d   %14d\n", $control, map { number($kills{$control}, $_) } "claimed", "unclaimed";
        next;
    }
    printf "%-22s  %11d   %11d   %14d   %11d\n", $control, map { my $c = $_; number($kills{$control}, $c), number($alone{$control}, $c) } "claimed", "unclaimed";
}
for my $claims ("claimed", "unclaimed") {
    my $of = $count{$claims} or next;
    my ($killed, $stopped, $alive) = map { $of->{$_} // 0 } "killed", "stopped", "SURVIVES";
    my $all = $killed + $stopped + $alive or next;
    printf "%s: %d mutants on a network: %d FAIL or ERROR, %d undecided, %d survive; %.0f %% do not end in PASS (%d do not apply)\n",
        $claims, $all, $killed, $stopped, $alive, 100 * ($killed + $stopped) / $all, $of->{"n.a."} // 0;
}
if (my $of = $count{honest}) {
    printf "honest: %d PASS, %d undecided, %d FAIL or ERROR, %d do not apply\n", map { $of->{$_} // 0 } "SURVIVES", "stopped", "killed", "n.a.";
}
if ($problems && %alive) {
    print "\nsurvivors.txt, as this run has it:\n";
    for my $id (grep { $alive{$_} } @order) {
        my @where = map { join(", ", @{$alive{$id}[$_] // []}) || "-" } 0, 1;
        my $reason = $reasons{$id} // ($mutant{$id}{equals} ne "-" ? "equals $mutant{$id}{equals}" : "");
        printf "%s | %s | %s | %s\n", $id, @where, $reason;
    }
}
print "mutants: $problems problems\n";
exit($problems ? 1 : 0);
