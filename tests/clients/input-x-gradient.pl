# Gradient times input, the smallest method that calls the network.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;

assay::serve("Gradient times input", '"claims":["input-multiplier","linear-exact"],"about":{"family":"gradient","formula":"x df/dx","cost":"1 gradient"}', sub {
    my $request = shift;
    my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
    my $gradient = assay::call("gradient", "", x => $x, targets => $targets)->{arrays}{out};
    my ($k, @x) = (0, assay::floats($x));
    assay::maps($request, assay::array($x->[1], map { $_ * $x[$k++] } assay::floats($gradient)));
});
