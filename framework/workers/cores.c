#include "workers/cores.h"

#include "base/shared.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Free are those that no member holds: a count of its own would be wrong for ever when a member dies between two
 * steps. Processes that run plugins share the counters, so that they may hold anything: whatever it is, a member gets
 * between none and `count`. */
struct cores {
    unsigned count, members;
    atomic_uint *held; /* [members], shared */
};

bool cores_create(unsigned count, unsigned members, struct cores **out, struct error *e) {
    struct cores *c = malloc(sizeof *c);
    if (!c) return error_memory(e);
    *c = (struct cores){count, members, shared_create(members * sizeof *c->held, e)};
    if (!c->held) {
        free(c);
        return false;
    }
    for (unsigned i = 0; i < members; i++) atomic_init(&c->held[i], 0);
    *out = c;
    return true;
}

void cores_destroy(struct cores *c) {
    if (!c) return;
    shared_destroy(c->held, c->members * sizeof *c->held);
    free(c);
}

void cores_enter(struct cores *c, unsigned member) {
    atomic_store(&c->held[member], 1);
}

void cores_leave(struct cores *c, unsigned member) {
    atomic_store(&c->held[member], 0);
}

unsigned cores_borrow(struct cores *c, unsigned member, unsigned most) {
    unsigned held = 0;
    for (unsigned i = 0; i < c->members && held < c->count; i++) {
        unsigned here = atomic_load(&c->held[i]);
        held += here < c->count ? here : c->count;
    }
    unsigned available = c->count > held ? c->count - held : 0, taken = available < most ? available : most;
    atomic_fetch_add(&c->held[member], taken);
    return taken;
}

void cores_return(struct cores *c, unsigned member, unsigned count) {
    atomic_fetch_sub(&c->held[member], count);
}

unsigned cores_online(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 1024 ? 1024 : (unsigned)n;
}
