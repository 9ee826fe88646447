# One map for each operation of the protocol, by `options`: tests/unit/program.c compares them with the plugin ABI. What an
# operation answers fills the map from its front; the rest is 0.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;

sub gradient_by { my ($rule, $x, $targets) = @_; return assay::call("gradient", $rule ? "\"rule\":\"$rule\"" : "", x => $x, targets => $targets)->{arrays}{out} }
sub floats { map { assay::floats($_) } @_ }

# Rules by role; what is not there has the gradient.
my %epsilon = (layer => '["epsilon",0.01]', linear => '["epsilon",0.01]', rectifier => '"pass"', pointwise => '"pass"');
my %rescale = (rectifier => '"rescale"', pointwise => '"rescale"', maximum => '["rescale"]');
sub propagate {
    my ($keys, $rules, %arrays) = @_;
    my @roles = assay::call("operators", "")->{head} =~ /"role":"(\w+)"/g;
    my $list = join ",", map { $rules->{$_} || "null" } @roles;
    return assay::call("propagate", "$keys,\"rules\":[$list]", %arrays)->{arrays}{out};
}

# (request, one input as an array of [1, ...], the same as [...], its target, its seed) => numbers
my %of = (
    forward => sub { floats(assay::call("forward", "", x => $_[1])->{arrays}{out}) },
    gradient => sub { floats(gradient_by("", $_[1], $_[3])) },
    guided => sub { floats(gradient_by("guided", $_[1], $_[3])) },
    deconvnet => sub { floats(gradient_by("deconvnet", $_[1], $_[3])) },
    gradient_sum => sub { floats(assay::call("gradient_sum", "", x => $_[1], targets => $_[3], weights => assay::array([1], 2.5))->{arrays}{out}) },
    line => sub {
        my ($request, $x, $alone, $target) = @_;
        my $zero = assay::array($alone->[1], (0) x (length($alone->[2]) / 4));
        my $sum = assay::call("line", '"target":' . unpack("V", $target->[2]), from => $zero, to => $alone,
            positions => assay::array([3], 0, .5, 1), weights => assay::array([3], .25, .5, .25));
        floats($sum->{arrays}{out});
    },
    vjp => sub { my ($k) = $_[0]{head} =~ /"outputs":(\d+)/; floats(assay::call("vjp", "", x => $_[1], cotangent => assay::array([1, $k], map { $_ % 2 ? -$_ : $_ + 1 } 0 .. $k - 1))->{arrays}{out}) },
    layers => sub {
        my $head = assay::call("layers", "")->{head};
        my @names = $head =~ /"name":"([^"]*)"/g;
        my @sizes = map { my $n = 1; $n *= $_ for split /,/; $n } $head =~ /"shape":\[([\d,]*)\]/g;
        my @ops = $head =~ /"op":"(\w+)"/g;
        (scalar @names, length join("", @names), length join("", @ops), @sizes);
    },
    inspect => sub { my $a = assay::call("inspect", '"layer":3,"gradient":true', x => $_[1], targets => $_[3])->{arrays}; floats($a->{activation}, $a->{gradient}) },
    activation => sub { floats(assay::call("inspect", '"layer":4', x => $_[1])->{arrays}{activation}) },
    weights => sub {
        my $head = assay::call("weights", "")->{head};
        my (@names, $digits);
        while ($head =~ /\["([^"]*)",\[[\d,]*\],"(\w{64})"\]/g) { push @names, $1; $digits .= $2 }
        my $arrays = assay::call("weights", "\"names\":[\"$names[3]\",\"$names[1]\"]")->{arrays};
        (scalar @names, unpack("%32C*", $digits), floats(@{$arrays}{@names[1, 3]}));
    },
    background => sub { my $out = assay::call("background", "")->{arrays}{out}; (scalar @{$out->[1]}, $out->[1][0], (floats($out))[400 .. 500]) },
    operators => sub {
        my $head = assay::call("operators", "")->{head};
        my @all = $head =~ /\{"name":"([^"]*)","op":"(\w+)","role":"(\w+)","first":(true|false)\}/g;
        map { length($all[4 * $_] . $all[4 * $_ + 1]), length($all[4 * $_ + 2]), $all[4 * $_ + 3] eq "true" ? 1 : 0 } 0 .. @all / 4 - 1;
    },
    propagate => sub { floats(propagate('"start":"logit"', \%epsilon, x => $_[1], targets => $_[3])) },
    rescale => sub {
        my ($request, $x, $alone, $target) = @_;
        my $half = assay::array($x->[1], (.5) x (length($x->[2]) / 4));
        floats(propagate('"reference":true', \%rescale, x => $x, targets => $target, reference => $half));
    },
    normal => sub { floats(assay::call("random", '"kind":"normal","count":100', seed => $_[4])->{arrays}{out}) },
    uniform => sub { floats(assay::call("random", '"kind":"uniform","first":50,"count":100', seed => $_[4])->{arrays}{out}) },
);

assay::serve("Every operation", "", sub {
    my $request = shift;
    my ($x, $targets, $seeds) = @{$request->{arrays}}{"inputs", "targets", "seeds"};
    my ($n, @dims) = @{$x->[1]};
    my $size = length($x->[2]) / $n;
    my $maps = "";
    for my $i (0 .. $n - 1) {
        my $bytes = substr $x->[2], $i * $size, $size;
        my @numbers = $of{$assay::options}->($request, ["<f4", [1, @dims], $bytes], ["<f4", [@dims], $bytes],
            ["<u4", [1], substr $targets->[2], 4 * $i, 4], ["<u8", [1], substr $seeds->[2], 8 * $i, 8]);
        my $map = pack "f<*", @numbers;
        $maps .= $map . "\0" x ($size - length $map);
    }
    assay::maps($request, ["<f4", $x->[1], $maps]);
});
