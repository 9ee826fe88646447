/* transport_mpi.c: messages by MPI. Built and linked by `make MPI=1` alone. Nothing waits for a process that may be
 * gone: sends and receives go on by themselves (MPI_Isend, MPI_Imrecv) and are looked at in between. */
#include "workers/transport_mpi.h"

#include "workers/interrupt.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAG 1
#define ON_ITS_WAY ((size_t)64 << 20) /* bytes to all others; more has to wait */

/* A message that is sent or received. */
struct parcel {
    MPI_Request request;
    void *data;
    size_t size;
    uint32_t peer;
    bool done;
    struct parcel *next;
};

struct mpi_state {
    struct parcel *out, *in; /* in: in the order in which they came */
    size_t waiting;          /* bytes of out */
    bool *dropped;           /* [count] */
    bool any_dropped;
};

static void parcel_free(struct parcel *p) {
    free(p->data);
    free(p);
}

/* Sends that are over. */
static void sweep(struct mpi_state *s) {
    for (struct parcel **at = &s->out, *p; (p = *at);) {
        int done = 0;
        if (MPI_Test(&p->request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done || s->dropped[p->peer]) {
            *at = p->next;
            s->waiting -= p->size;
            /* What a process that is lost was sent may be read by MPI yet. */
            if (done) parcel_free(p);
        } else {
            at = &p->next;
        }
    }
}

static bool mpi_send(void *state, uint32_t to, const void *data, size_t size, struct error *e) {
    struct mpi_state *s = state;
    if (s->dropped[to]) return true;
    if (size > INT_MAX) return error_set(e, "a message of %zu bytes: MPI takes %d", size, INT_MAX);
    for (sweep(s); s->waiting > ON_ITS_WAY && !s->dropped[to]; sweep(s)) {
        if (interrupt_signal()) return error_set(e, "was interrupted by %s", strsignal(interrupt_signal()));
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    struct parcel *p = calloc(1, sizeof *p);
    if (!p || !(p->data = malloc(size ? size : 1))) {
        free(p);
        return error_memory(e);
    }
    memcpy(p->data, data, size);
    p->size = size;
    p->peer = to;
    if (MPI_Isend(p->data, (int)size, MPI_BYTE, (int)to, TAG, MPI_COMM_WORLD, &p->request) != MPI_SUCCESS) {
        parcel_free(p); /* its process is gone, as its silence will say */
        return true;
    }
    s->waiting += size;
    p->next = s->out;
    s->out = p;
    return true;
}

/* Starts to receive what has been announced. */
static bool accept_all(struct mpi_state *s, struct error *e) {
    struct parcel **end = &s->in;
    while (*end) end = &(*end)->next;
    for (;;) {
        int there = 0, size = 0;
        MPI_Message message;
        MPI_Status status;
        if (MPI_Improbe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &message, &status) != MPI_SUCCESS || !there)
            return true;
        MPI_Get_count(&status, MPI_BYTE, &size);
        struct parcel *p = calloc(1, sizeof *p);
        if (!p || !(p->data = malloc(size > 0 ? (size_t)size : 1))) {
            free(p);
            return error_memory(e);
        }
        p->size = (size_t)size;
        p->peer = (uint32_t)status.MPI_SOURCE;
        if (MPI_Imrecv(p->data, size, MPI_BYTE, &message, &p->request) != MPI_SUCCESS) {
            parcel_free(p);
            continue;
        }
        *end = p;
        end = &p->next;
    }
}

/* Whether nothing of the same sender is before it. */
static bool is_first_of(const struct mpi_state *s, const struct parcel *p) {
    const struct parcel *q = s->in;
    while (q != p && q->peer != p->peer) q = q->next;
    return q == p;
}

static bool mpi_receive(void *state, uint32_t *from, void **data, size_t *size, bool *there, struct error *e) {
    struct mpi_state *s = state;
    *there = false;
    *data = NULL;
    sweep(s);
    if (!accept_all(s, e)) return false;
    for (struct parcel **at = &s->in, *p; (p = *at); at = &p->next) {
        int done = p->done;
        if (!done && MPI_Test(&p->request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) done = 0;
        p->done = done;
        if (!p->done || !is_first_of(s, p)) continue;
        *at = p->next;
        *from = p->peer;
        *data = p->data;
        *size = p->size;
        *there = true;
        free(p);
        return true;
    }
    return true;
}

static void mpi_drop(void *state, uint32_t rank) {
    struct mpi_state *s = state;
    s->dropped[rank] = s->any_dropped = true;
}

/* MPI_Finalize waits for all, so with one that is lost only MPI_Abort ends the run. Where the network of a machine was
 * cut, mpirun waits for it even then, and nobody sees this process's exit status: so it is said. */
static void mpi_finish(void *state, int status) {
    struct mpi_state *s = state;
    for (sweep(s); s->out && !interrupt_signal(); sweep(s)) nanosleep(&(struct timespec){0, 1000000}, NULL);
    if (s->any_dropped)
        fprintf(stderr,
                "assay: rank 0 ended with exit status %d. A process was lost, so MPI is ended by force: if mpirun goes "
                "on waiting for its machine, kill mpirun\n",
                status);
    /* Once it is asked to end the run, mpirun passes nothing on of what it has not read yet. */
    if (s->any_dropped) nanosleep(&(struct timespec){1, 0}, NULL);
    if (s->any_dropped || interrupt_signal()) MPI_Abort(MPI_COMM_WORLD, status);
    else MPI_Finalize();
    free(s->dropped);
    free(s);
}

/* Set by mpirun of Open MPI, and by PMI launchers such as Slurm's and MPICH's. */
static bool mpi_started(void) {
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (getenv(sizes[i])) return true;
    return false;
}

static bool mpi_open(struct transport *out, struct error *e) {
    int rank = 0, count = 1;
    struct mpi_state *s = calloc(1, sizeof *s);
    if (!s) return error_memory(e);
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS || MPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS ||
        MPI_Comm_size(MPI_COMM_WORLD, &count) != MPI_SUCCESS) {
        free(s);
        return error_set(e, "MPI does not start");
    }
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    s->dropped = calloc((size_t)count, sizeof *s->dropped);
    if (!s->dropped) {
        free(s);
        return error_memory(e);
    }
    *out = (struct transport){s, (uint32_t)rank, (uint32_t)count, mpi_send, mpi_receive, mpi_drop, mpi_finish};
    return true;
}

const struct transport_kind transport_mpi = {mpi_started, mpi_open};
