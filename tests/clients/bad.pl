# Programs that err, one for each `options` of the battery: tests/cli/cases/program.txt.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;

sub gradient {
    my $request = shift;
    my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
    return assay::call("gradient", "", x => $x, targets => $targets)->{arrays}{out};
}
sub honest { assay::maps($_[0], gradient($_[0])) }
sub constant { my ($request, $value) = @_; my $x = $request->{arrays}{inputs}; assay::array($x->[1], map { $value } assay::floats($x)) }
sub rules { my $rule = shift; my $n = () = assay::call("operators", "")->{head} =~ /"role"/g; return "[" . join(",", ($rule) x $n) . "]" }
sub propagate {
    my ($request, $rules, $more) = @_;
    my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
    return assay::call("propagate", "\"rules\":$rules" . ($more || ""), x => $x, targets => $targets);
}
sub raw { syswrite $assay::out, $_[0] }
sub said { my ($answer) = @_; return "$1: $2" if $answer->{head} =~ /"status":"(\w+)","message":"([^"]*)"/ or $answer->{head} =~ /"message":"([^"]*)".*"status":"(\w+)"/; "no refusal" }

# In place of a hello.
my %greeting = (
    "silence"          => sub { sleep 100 },
    "garbage"          => sub { raw("Hello, world!\n") },
    "no-line"          => sub { raw("{" x (5 << 20)) },
    "future-protocol"  => sub { assay::send_frame('"type":"hello","protocol":99,"name":"from the future"') },
    "dies-early"       => sub { exit 2 },
    "refuses"          => sub { assay::send_frame('"type":"error","id":0,"status":"failed","message":"No module named captum."') },
    "unknown-claim"    => sub { assay::send_frame('"type":"hello","protocol":1,"name":"x","claims":["linear-exakt"]') },
    "text-baseline"    => sub { assay::send_frame('"type":"hello","protocol":1,"name":"x","claims":["complete"],"params":{"baseline":"blurred"}') },
    "two-lines"        => sub { assay::send_frame('"type":"hello","protocol":1,"name":"x","summary":"one\nPASS"') },
    "last-words"       => sub { print STDERR "Traceback:\n  line 1\nImportError: no captum\n\n"; exit 1 },
    "strange-about"    => sub { assay::send_frame('"type":"hello","protocol":1,"name":"x","about":{"family":"gradient","inputs":["paintings"]}') },
    "other-frame"      => sub { assay::send_frame('"type":"maps","id":1') },
);

# In place of maps.
my %deed = (
    "segfault"         => sub { kill "SEGV", $$; sleep 1 },
    "exit-0"           => sub { exit 0 },
    "endless"          => sub { 1 while 1 },
    "asks-for-ever"    => sub { assay::call("layers", "") while 1 },
    "child-left"       => sub { fork or exec "sleep", "31.4159"; exit 3 },
    "nan"              => sub { assay::maps($_[0], constant($_[0], "NaN")) },
    "infinite"         => sub { assay::maps($_[0], constant($_[0], "Inf")) },
    "huge"             => sub { raw('{"type":"maps","id":' . $_[0]{id} . ',"arrays":[["maps","<f4",[3000000000]]],"bytes":12000000000}' . "\n"); sleep 100 },
    "large"            => sub { raw('{"type":"maps","id":' . $_[0]{id} . ',"arrays":[["maps","<f4",[500000000]]],"bytes":2000000000}' . "\n"); sleep 100 },
    "half-frame"       => sub { my $x = $_[0]{arrays}{inputs}; my $n = length $x->[2]; raw('{"type":"maps","id":' . $_[0]{id} . ',"arrays":[["maps","<f4",[' . join(",", @{$x->[1]}) . ']]],"bytes":' . $n . "}\nhalf"); exit 0 },
    "half-header"      => sub { raw('{"type":"maps",'); exit 0 },
    "other-bytes"      => sub { raw('{"type":"maps","id":' . $_[0]{id} . ',"arrays":[["maps","<f4",[2]]],"bytes":4}' . "\nhalf") },
    "other-shape"      => sub { my $m = constant($_[0], 1); $m->[1] = [length($m->[2]) / 4]; assay::maps($_[0], $m) },
    "other-type"       => sub { my $m = constant($_[0], 1); $m->[0] = "<u4"; assay::maps($_[0], $m) },
    "other-id"         => sub { my %r = (%{$_[0]}, id => 4711); assay::maps(\%r, gradient($_[0])) },
    "twice"            => sub { my $m = gradient($_[0]); assay::maps($_[0], $m); assay::maps($_[0], $m) },
    "unknown-frame"    => sub { assay::send_frame('"type":"goodbye"') },
    "no-json"          => sub { raw("[1, 2\n") },
    "unknown-status"   => sub { assay::fail($_[0], "perhaps", "who knows") },
    "closes"           => sub { close $assay::out; sleep 100 },
    "wrong-target"     => sub { my $x = $_[0]{arrays}{inputs}; assay::fail($_[0], "failed", said(assay::call("gradient", "", x => $x, targets => ["<u4", [$x->[1][0]], pack "V*", (99) x $x->[1][0]]))) },
    "wrong-shape"      => sub { my $x = $_[0]{arrays}{inputs}; assay::fail($_[0], "failed", said(assay::call("forward", "", x => ["<f4", [1, 3], pack "f3", 1, 2, 3]))) },
    "unknown-op"       => sub { assay::fail($_[0], "failed", said(assay::call("magic", ""))) },
    "few-rules"        => sub { assay::fail($_[0], "failed", said(propagate($_[0], '["epsilon"]'))) },
    "strange-rule"     => sub { assay::fail($_[0], "failed", said(propagate($_[0], rules('["epsilon","much"]')))) },
    "unknown-rule"     => sub { assay::fail($_[0], "failed", said(propagate($_[0], rules('"fair"')))) },
    "no-reference"     => sub { assay::fail($_[0], "failed", said(propagate($_[0], rules("null"), ',"reference":true'))) },
    "own-words"        => sub { assay::fail($_[0], "failed", "The heat map was not hot enough: " . "very " x 40 . "cold.") },
    "random"           => sub { assay::maps($_[0], constant($_[0], rand)) },
    # no harm in these
    "unsupported"      => sub { assay::fail($_[0], "unsupported", "LayerNorm has no rule.") },
    "noisy"            => sub { print "x" x 99, "\n" for 1 .. 1000; print STDERR "done\n"; system "true"; honest($_[0]) },
    "child-behind"     => sub { fork or do { close $assay::in; exec "sleep", "27.1828" }; honest($_[0]) },
    "refused-call"     => sub { assay::call("magic", ""); honest($_[0]) },
);

assay::open_pipes();
my $frame = assay::receive();
my ($options) = $frame->{head} =~ /"options":"([^"]*)"/;
$greeting{$options}->() if $greeting{$options};
assay::send_frame("\"type\":\"hello\",\"protocol\":1,\"name\":\"$options\"") unless $greeting{$options};
while (my $request = assay::receive()) {
    last if $request->{type} eq "bye";
    $deed{$options}->($request);
}
