# The gradient by a program that is started once and forks for each chain; `options` say what goes wrong. It keeps what
# it saw first: a chain that saw another's would be found out.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;

my $first;
$| = 1;
print "started\n";
assay::serve("Gradient, forked", '"claims":["linear-exact"],"forks":true', sub {
    my $request = shift;
    my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
    my ($variant) = $request->{head} =~ /"variant":"(\w+)"/;
    kill "SEGV", $$ if $assay::options eq "segfault";
    exit 4 if $assay::options eq "exit";
    if ($assay::options eq "endless") { 1 while 1 }
    if ($assay::options eq "keeps") { # the first variant of its process: conformance, then each chain, begin with the original
        $first = $variant unless defined $first;
        print "began with $first\n" if $first eq $variant;
    }
    assay::maps($request, assay::call("gradient", "", x => $x, targets => $targets)->{arrays}{out});
});
