# assay.pm: the client's side of docs/protocol.md in plain Perl, without any module: for the programs beside it.
package assay;
use strict;
use warnings;

my %size = ("<f4" => 4, "<u4" => 4, "<u8" => 8);
our ($in, $out, $next, $options) = (undef, undef, 0, "");

# Descriptors 3 and 4, or those of a fork's pipes or of a socket.
sub open_pipes {
    ($in, $out) = @_ if @_;
    open $in, "<&=", 3 or die "descriptor 3: $!" unless $in;
    open $out, ">&=", 4 or die "descriptor 4: $!" unless $out;
    binmode $_ for $in, $out;
    select((select($out), $| = 1)[0]);
}

# The next frame: {head => the line, type, id, arrays => {name => [type, [dims], bytes]}}, or undef at the end.
sub receive {
    my $head = <$in>;
    return undef unless defined $head;
    my %frame = (head => $head);
    ($frame{type}) = $head =~ /"type":"(\w+)"/;
    ($frame{id}) = $head =~ /"id":(\d+)/;
    while ($head =~ /\["([^"]+)","(<[fu][48])",\[([\d,]*)\]\]/g) {
        my ($name, $type, @dims) = ($1, $2, split /,/, $3);
        my $bytes = $size{$type};
        $bytes *= $_ for @dims;
        read($in, my $data, $bytes) == $bytes or die "half a frame";
        $frame{arrays}{$name} = [$type, \@dims, $data];
    }
    return \%frame;
}

# send('"type":"maps","id":1', maps => ["<f4", [dims], bytes], ...)
sub send_frame {
    my ($keys, %arrays) = @_;
    my ($list, $data) = ("", "");
    for my $name (sort keys %arrays) {
        my ($type, $dims, $bytes) = @{$arrays{$name}};
        $list .= ($list ? "," : "") . "[\"$name\",\"$type\",[" . join(",", @$dims) . "]]";
        $data .= $bytes;
    }
    my $tail = $list ? ",\"arrays\":[$list],\"bytes\":" . length $data : "";
    print $out "{$keys$tail}\n$data";
}

sub hello {
    my ($name, $more) = @_;
    my $frame = receive() or exit 0;
    ($options) = $frame->{head} =~ /"options":"([^"]*)"/;
    send_frame("\"type\":\"hello\",\"protocol\":1,\"name\":\"$name\",\"language\":\"Perl $]\"" . ($more ? ",$more" : ""));
}

# The answer's frame; of a refusal its type is "error".
sub call {
    my ($op, $keys, %arrays) = @_;
    my $id = ++$next;
    send_frame("\"type\":\"call\",\"id\":$id,\"op\":\"$op\"" . ($keys ? ",$keys" : ""), %arrays);
    my $answer = receive() or exit 0;
    die "an answer to another call" unless $answer->{id} == $id;
    return $answer;
}

sub floats { return unpack "f<*", $_[0][2] }
sub array { my ($dims, @values) = @_; return ["<f4", $dims, pack "f<*", @values] }

sub maps { my ($request, $array) = @_; send_frame("\"type\":\"maps\",\"id\":$request->{id}", maps => $array) }
sub fail { my ($request, $status, $message) = @_; send_frame("\"type\":\"error\",\"id\":$request->{id},\"status\":\"$status\",\"message\":\"$message\"") }

# On "fork": in the child the pipes are the fork's, and undef is returned; in the parent the answer is sent.
sub fork_off {
    my $frame = shift;
    my ($read, $write, $folder) = map { $frame->{head} =~ /"$_":"([^"]*)"/ } "read", "write", "folder";
    my $pid = fork;
    if ($pid) {
        send_frame("\"type\":\"forked\",\"id\":$frame->{id},\"pid\":$pid");
        return $pid;
    }
    close $in;
    close $out;
    $ENV{TMPDIR} = $folder;
    open my $from, "<", $read or die "$read: $!";
    open my $to, ">", $write or die "$write: $!";
    open_pipes($from, $to);
    return undef;
}

sub reap {
    my $frame = shift;
    my ($pid) = $frame->{head} =~ /"pid":(\d+)/;
    my $ended = waitpid($pid, 1) == $pid ? $? & 127 ? ",\"signal\":" . ($? & 127) : ",\"code\":" . ($? >> 8) : "";
    send_frame("\"type\":\"ended\",\"id\":$frame->{id},\"pid\":$pid$ended");
}

# serve(name, more of hello, sub { my $request = shift; ... }): the sub answers each request.
sub serve {
    my ($name, $more, $explain) = @_;
    open_pipes() unless $in;
    hello($name, $more);
    while (my $request = receive()) {
        last if $request->{type} eq "bye";
        if ($request->{type} eq "fork") { fork_off($request) }
        elsif ($request->{type} eq "reap") { reap($request) }
        else { $explain->($request) }
    }
}
1;
