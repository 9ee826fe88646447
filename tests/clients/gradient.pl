# The gradient: the bytes of assay's own plugin.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;

assay::serve("Gradient", '"claims":["linear-exact"]', sub {
    my $request = shift;
    my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
    assay::maps($request, assay::call("gradient", "", x => $x, targets => $targets)->{arrays}{out});
});
