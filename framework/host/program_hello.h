/* program_hello.h: what a program says of itself when it is greeted (docs/protocol.md, START). */
#ifndef ASSAY_HOST_PROGRAM_HELLO_H
#define ASSAY_HOST_PROGRAM_HELLO_H

#include "battery/battery.h"
#include "host/explainer_info.h"
#include "host/frame_stream.h"

#define PROGRAM_PROTOCOL 1 /* the only one so far */

struct program_hello {
    struct explainer_info info; /* id: the name in kebab-case, or "program"; one parameter for each of `params` */
    char *sources;              /* its `sources` as JSON, keys in their order; "" without any */
    bool forks;
};

/* Greets and is greeted. The claims are the battery's where the spec has some; their names are looked up. The error is
 * the end of a sentence about the program, or, with *refused, the program's own words. */
bool program_hello(struct frame_stream *, const struct process_spec *, struct program_hello *out, bool *refused,
                   struct error *);
void program_hello_finish(struct program_hello *);

/* Bits of enum assay_claim; false: a name that is none, with the nearest. */
bool program_claims(const struct process_spec *, uint32_t *claims, struct error *);

#endif
