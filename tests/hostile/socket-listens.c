/* socket-listens: listens on 127.0.0.1 and leaves a child that goes on. */
#include "hostile.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static assay_status attribute(const struct call *c) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&here, sizeof here) == 0 && listen(fd, 1) == 0 && c->number == 1 &&
        fork() == 0) {
        setsid();
        hang();
    }
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
