/* socket-speaks: answers with what came over a socket, if one opens: a sandbox makes this an ERROR or a gradient. */
#include "hostile.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static assay_status attribute(const struct call *c) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd >= 0) (void)!sendto(fd, c->request->inputs, 1000, 0, (struct sockaddr *)&there, sizeof there);
    if (fd >= 0) close(fd);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
