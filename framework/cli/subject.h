/* subject.h: the network a command works on, and the checks that its data fits. */
#ifndef ASSAY_CLI_SUBJECT_H
#define ASSAY_CLI_SUBJECT_H

#include "battery/battery.h"
#include "cli/options.h"
#include "data/dataset.h"
#include "nn/net.h"

struct subject {
    const char *path; /* of the ONNX file; borrowed */
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    enum conv_route conv;
};

/* A warning of the graph, and that its channels come last, go to standard error. */
bool subject_open(const char *path, enum conv_route, const struct onnx_options *, enum axis_order, struct subject *out,
                  struct error *);
/* The values of CLI_NETWORK, from MODEL_INPUT on, and what the task makes of the network's end.
 * network_choice_finish() in any case. */
bool subject_choose(const struct cli_value values[4], enum task, struct network_choice *out, struct error *);
/* The value of CLI_CONV. */
enum conv_route subject_conv(const struct cli_value *);
void subject_finish(struct subject *); /* also of a zeroed one */

/* The value of CLI_TASK. */
enum task subject_task(const struct cli_value *);
/* Pairs the logits of a binary classifier (experiment/task.h), and says so; the net is made anew. */
bool subject_settle_task(struct subject *, enum task, const struct dataset *, const char *source, struct error *);

/* The value of CLI_LAYOUT. */
enum axis_order subject_axis_order(const struct cli_value *);

/* Turns samples that have their channels last for a network whose file takes them so. */
bool subject_turn(const struct subject *, struct dataset *, struct error *);
/* Samples; words of labels are looked up in the names of --class-names, where it was given.
 * `labels_for` and `channels` as in struct dataset_request. Notes go to standard error. */
bool subject_data(const char *source, const struct preprocess *, const struct cli_value *class_names,
                  const char *labels_for, uint32_t channels, enum task, struct dataset **out, struct error *);
/* What --preprocess says; of `auto`, beside the file `model` (or NULL), what that is goes to standard error. */
bool subject_preprocess(const struct cli_value *, const char *model, struct preprocess *out, struct error *);
/* Of the network's input; 1 where it may be a picture without that axis, 0 where it is none. */
uint32_t subject_channels(const struct graph *);
/* Notes, a line each, to standard error; then there are none. */
void subject_notes(struct dataset *);

/* Fails with both shapes unless samples of `shape` from `source` are what the graph (of the file or list `model`)
 * takes. Where one of both is flat, the number of elements decides: a network of fc layers takes pictures. */
bool subject_fits(const struct graph *, const char *model, const struct shape *, const char *source, struct error *);

/* Samples of tokens become what the graph takes; of a graph without tokens nothing changes. */
bool subject_embed(const struct graph *, struct dataset *, const char *source, struct error *);

/* Tokens embedded, planes settled (experiment/plane.h); also that every label is one of its classes, or that there is a
 * target for each output. */
bool subject_fits_data(struct graph *, const char *model, const struct network_choice *, struct dataset *,
                       const char *source, struct error *);

/* How many samples an option asks for: all, unless it was given; more than there are is an error. */
bool subject_count(const struct dataset *, const char *source, const char *option, bool given, long wanted,
                   uint32_t *count, struct error *);

/* Fails, naming the class, when a logit is not finite. */
bool subject_finite(const float *logits, uint32_t classes, struct error *);

#endif
