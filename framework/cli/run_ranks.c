/* run_ranks.c: `assay run` under mpirun. */
#include "cli/run_ranks.h"

#include "run/serve.h"
#include "workers/interrupt.h"
#include "workers/transport_mpi.h"
#include "battery/yaml_node.h"

#include <stdio.h>
#include <string.h>

/* One of the processes that take jobs. */
static int serve(const struct cli_context *context, const struct run_options *wanted, const struct transport *transport,
                 struct error *e) {
    int status = serve_run(wanted, context->controls, transport, e) ? CLI_EXPECTED : CLI_BROKEN;
    if (interrupt_signal()) status = CLI_SIGNAL + interrupt_signal();
    *e = (struct error){{0}}; /* the parent says it */
    transport->finish(transport->state, status == CLI_BROKEN ? CLI_EXPECTED : status);
    return status == CLI_BROKEN ? CLI_EXPECTED : status;
}

/* What several processes cannot do. */
static bool check_alone(const struct run_options *wanted, bool last_failed, struct error *e) {
    if (last_failed) return error_set(e, "--last-failed: for one process, not for those of mpirun");
    return strcmp(wanted->battery, YAML_STANDARD_INPUT) != 0 ||
           error_set(e, "a battery on standard input is for one process: a file wanted that all processes can read");
}

int cli_run_ranks(const struct cli_context *context, struct run_options *wanted, bool last_failed, run_whole whole,
                  const void *user, struct error *e) {
    const struct transport_kind *kind = context->transport;
    struct transport transport;
    if (wanted->share.parts) return whole(user, wanted, e); /* each process is a shard of its own */
    if (!kind && transport_mpi_wanted() && !wanted->dry_run) {
        error_set(e, "started by mpirun, but built without MPI, so that each process would run the whole battery: "
                     "'make MPI=1' wanted");
        return CLI_USAGE;
    }
    if (!kind || !kind->started()) return whole(user, wanted, e);
    if (!check_alone(wanted, last_failed, e)) return CLI_USAGE;
    if (!kind->open(&transport, e)) return CLI_BROKEN;
    if (transport.rank > 0 && !wanted->dry_run) return serve(context, wanted, &transport, e);
    if (transport.count > 1 && !wanted->dry_run) wanted->transport = &transport;
    int status = transport.rank == 0 ? whole(user, wanted, e) : CLI_EXPECTED;
    fflush(stdout);
    if (e->text[0]) cli_message("%s", e->text); /* before all processes end */
    *e = (struct error){{0}};
    transport.finish(transport.state, status);
    return status;
}
