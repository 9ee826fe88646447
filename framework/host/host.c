/* The host as a plugin sees it: random numbers and the log. */
#include "host/host.h"

#include "base/rng.h"

#include <stdio.h>
#include <string.h>

static const assay_random random_extension = {rng_fill_uniform, rng_fill_normal};

/* One line, whatever the plugin wrote: control characters must not reach a terminal. */
static void log_line(const char *text) {
    fputs("assay: plugin: ", stderr);
    for (const char *at = text ? text : "(null)"; *at; at++)
        fputc((unsigned char)*at < ' ' || *at == 127 ? ' ' : *at, stderr);
    fputc('\n', stderr);
}

static const assay_log log_extension = {log_line};

static const void *host_extension(const assay_host *host, const char *name) {
    (void)host;
    if (name && strcmp(name, ASSAY_RANDOM) == 0) return &random_extension;
    return name && strcmp(name, ASSAY_LOG) == 0 ? &log_extension : NULL;
}

const assay_host *handle_host(void) {
    static const assay_host host = {
        .abi = ASSAY_VERSION_INIT,
        .name = "assay",
        .version = ASSAY_VERSION,
        .extension = host_extension,
    };
    return &host;
}
