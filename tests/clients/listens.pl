# The gradient by a program that runs already: listens.pl SOCKET. It serves one connection after the other.
BEGIN { unshift @INC, $0 =~ m{(.*)/} ? $1 : "." }
use assay;
use Socket;

my ($path) = @ARGV;
socket my $server, PF_UNIX, SOCK_STREAM, 0 or die "socket: $!";
bind $server, sockaddr_un($path) or die "$path: $!";
listen $server, 100 or die "listen: $!";
print "ready\n";
close STDOUT;
while (accept my $client, $server) {
    open my $to, ">&", $client or die "dup: $!";
    assay::open_pipes($client, $to);
    assay::serve("Gradient, called", '"claims":["linear-exact"]', sub {
        my $request = shift;
        my ($x, $targets) = @{$request->{arrays}}{"inputs", "targets"};
        assay::maps($request, assay::call("gradient", "", x => $x, targets => $targets)->{arrays}{out});
    });
    close $_ for $client, $to;
}
