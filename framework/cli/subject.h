/* subject.h: the network a command works on, and the checks that its data fits. */
#ifndef ASSAY_CLI_SUBJECT_H
#define ASSAY_CLI_SUBJECT_H

#include "cli/options.h"
#include "data/dataset.h"
#include "nn/net.h"

struct subject {
    const char *path; /* of the ONNX file; borrowed */
    struct graph *graph;
    struct weights *weights;
    struct net *net;
};

/* A warning of the graph goes to standard error. */
bool subject_open(const char *path, enum conv_route, struct subject *out, struct error *);
/* The value of CLI_CONV. */
enum conv_route subject_conv(const struct cli_value *);
void subject_finish(struct subject *); /* also of a zeroed one */

/* Samples as --preprocess has it. */
bool subject_data(const char *source, const struct cli_value *preprocess, struct dataset **out, struct error *);

/* Fails with both shapes unless samples of `shape` from `source` are what the graph (of the file or list `model`)
 * takes. Where one of both is flat, the number of elements decides: a network of fc layers takes pictures. */
bool subject_fits(const struct graph *, const char *model, const struct shape *, const char *source, struct error *);

/* Samples of tokens become what the graph takes; of a graph without tokens nothing changes. */
bool subject_embed(const struct graph *, struct dataset *, const char *source, struct error *);

/* Tokens embedded; also that every label is one of its classes. */
bool subject_fits_data(const struct graph *, const char *model, struct dataset *, const char *source, struct error *);

/* How many samples an option asks for: all, unless it was given; more than there are is an error. */
bool subject_count(const struct dataset *, const char *source, const char *option, bool given, long wanted,
                   uint32_t *count, struct error *);

/* Fails, naming the class, when a logit is not finite. */
bool subject_finite(const float *logits, uint32_t classes, struct error *);

/* Correct predictions on the first `count` samples. A logit that is not finite is CLI_BROKEN and names the sample, any
 * other failure CLI_USAGE (cli.h). */
int subject_accuracy(struct net *, const struct dataset *, uint32_t count, const char *source, uint32_t *correct,
                     struct error *);

#endif
