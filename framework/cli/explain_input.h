/* explain_input.h: the one input that `assay explain` asks about: a file, or a sample of a source. */
#ifndef ASSAY_CLI_EXPLAIN_INPUT_H
#define ASSAY_CLI_EXPLAIN_INPUT_H

#include "cli/subject.h"
#include "data/class_names.h"

struct explain_input {
    /* What was asked for; texts are borrowed. */
    const char *file, *source; /* one of them; the other is NULL */
    long index;                /* of the source's samples */
    const char *target, *preprocess_name;
    enum task task;
    struct preprocess preprocess;
    struct subject *subject; /* the network; not read by explain_input_shape() */
    /* What is there then. */
    struct class_names names; /* as they were, or those that the source itself brings */
    float *x;                 /* as the network takes it */
    bool has_label;
    uint32_t label;
};

/* `ask` of struct onnx_options, for sizes that the network leaves open; `user` is the input. */
bool explain_input_shape(void *user, struct shape *out, struct error *);

/* Reads the input, turns it as the network takes it, and settles what the outputs mean: a binary classifier's logit is
 * paired. Notes go to standard error. */
bool explain_input_load(struct explain_input *, struct error *);
void explain_input_finish(struct explain_input *);

#endif
