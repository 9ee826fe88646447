/* outputs.h: a model whose output is another function of the logits: their sum, the softmax probability, its
 * logarithm. A method that is handed this model explains that function, wherever it asks: at the input, on a path, at
 * noisy or masked copies, at a layer. */
#ifndef ASSAY_TESTS_MUTANTS_OUTPUTS_H
#define ASSAY_TESTS_MUTANTS_OUTPUTS_H

#include "mutants.h"

enum output { OUTPUT_SUM, OUTPUT_PROBABILITY, OUTPUT_LOG_PROBABILITY };

/* The model and its extensions look like the real one's; their functions find the real one here. */
struct outputs {
    assay_model model; /* first: what a method holds */
    assay_layers layers;
    assay_backward backward;
    const assay_model *real;
    const assay_layers *real_layers;
    const assay_backward *real_backward;
    enum output output;
};

static inline void softmax(const float *logits, uint32_t n, double *p) {
    double top = logits[0], sum = 0;
    for (uint32_t c = 1; c < n; c++) top = fmax(top, (double)logits[c]);
    for (uint32_t c = 0; c < n; c++) sum += p[c] = exp((double)logits[c] - top);
    for (uint32_t c = 0; c < n; c++) p[c] /= sum;
}

/* weights[c] = d output / d logit c, for the output of class `target`. */
static inline void outputs_weights(enum output output, const double *p, uint32_t n, uint32_t target, float *weights) {
    for (uint32_t c = 0; c < n; c++) {
        double own = (c == target ? 1.0 : 0.0) - p[c];
        weights[c] = (float)(output == OUTPUT_SUM ? 1 : output == OUTPUT_PROBABILITY ? p[target] * own : own);
    }
}

static inline assay_status outputs_forward(const assay_model *model, uint32_t n, const float *x, float *logits,
                                           assay_why *why) {
    const struct outputs *o = (const struct outputs *)model;
    uint32_t classes = model->outputs;
    double *p = (double *)calloc(classes, sizeof *p);
    assay_status status =
        p ? o->real->forward(o->real, n, x, logits, why) : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++) {
        float *row = logits + (size_t)i * classes, sum = 0;
        softmax(row, classes, p);
        for (uint32_t c = 0; c < classes; c++) sum += row[c];
        for (uint32_t c = 0; c < classes; c++)
            row[c] = o->output == OUTPUT_SUM ? sum : (float)(o->output == OUTPUT_PROBABILITY ? p[c] : log(p[c]));
    }
    free(p);
    return status;
}

/* d logit c / d (input, or a layer's activation)[size] of one sample: into out[size]. */
typedef assay_status logit_gradient(const struct outputs *o, uint32_t index, const float *x, uint32_t c, float *out,
                                    assay_why *why);

static inline assay_status at_input(const struct outputs *o, uint32_t rule, const float *x, uint32_t c, float *out,
                                    assay_why *why) {
    (void)rule;
    return o->real->gradient(o->real, 1, x, &c, out, why);
}

static inline assay_status at_layer(const struct outputs *o, uint32_t index, const float *x, uint32_t c, float *out,
                                    assay_why *why) {
    return o->real_layers->inspect(o->real, index, 1, x, &c, NULL, out, why);
}

static inline assay_status by_rule(const struct outputs *o, uint32_t rule, const float *x, uint32_t c, float *out,
                                   assay_why *why) {
    return o->real_backward->gradient(o->real, (assay_rule)rule, 1, x, &c, out, why);
}

/* out[n][size]: the gradient of the output, a sum over the logits' gradients. */
static inline assay_status outputs_sum(const struct outputs *o, logit_gradient *gradient, uint32_t index, uint32_t n,
                                       const float *x, const uint32_t *targets, size_t size, float *out,
                                       assay_why *why) {
    uint32_t classes = o->model.outputs;
    float *logits = kit_floats(2, classes), *one = kit_floats(1, size);
    double *p = (double *)calloc(classes, sizeof *p);
    assay_status status = logits && one && p ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++) {
        const float *sample = x + i * o->model.input.count;
        float *weights = logits + classes, *sum = out + i * size;
        status = o->real->forward(o->real, 1, sample, logits, why);
        if (status != ASSAY_OK) break;
        softmax(logits, classes, p);
        outputs_weights(o->output, p, classes, targets[i], weights);
        memset(sum, 0, size * sizeof *sum);
        for (uint32_t c = 0; c < classes && status == ASSAY_OK; c++) {
            status = gradient(o, index, sample, c, one, why);
            for (size_t k = 0; k < size && status == ASSAY_OK; k++) sum[k] += weights[c] * one[k];
        }
    }
    free(logits);
    free(one);
    free(p);
    return status;
}

static inline assay_status outputs_gradient(const assay_model *model, uint32_t n, const float *x,
                                            const uint32_t *targets, float *out, assay_why *why) {
    return outputs_sum((const struct outputs *)model, at_input, 0, n, x, targets, model->input.count, out, why);
}

static inline assay_status outputs_gradient_sum(const assay_model *model, uint32_t n, const float *x,
                                                const uint32_t *targets, const float *weights, float *out,
                                                assay_why *why) {
    size_t count = model->input.count;
    float *one = kit_floats(1, count);
    assay_status status = one ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
    memset(out, 0, count * sizeof *out);
    for (uint32_t i = 0; i < n && status == ASSAY_OK; i++) {
        status = outputs_gradient(model, 1, x + i * count, targets + i, one, why);
        for (size_t k = 0; k < count && status == ASSAY_OK; k++) out[k] += weights[i] * one[k];
    }
    free(one);
    return status;
}

static inline assay_status outputs_rule(const assay_model *model, assay_rule rule, uint32_t n, const float *x,
                                        const uint32_t *targets, float *out, assay_why *why) {
    return outputs_sum((const struct outputs *)model, by_rule, rule, n, x, targets, model->input.count, out, why);
}

static inline uint32_t outputs_layer_count(const assay_model *model) {
    const struct outputs *o = (const struct outputs *)model;
    return o->real_layers->count(o->real);
}

static inline bool outputs_layer_get(const assay_model *model, uint32_t index, assay_layer *out) {
    const struct outputs *o = (const struct outputs *)model;
    return o->real_layers->get(o->real, index, out);
}

static inline assay_status outputs_inspect(const assay_model *model, uint32_t index, uint32_t n, const float *x,
                                           const uint32_t *targets, float *activation, float *gradient,
                                           assay_why *why) {
    const struct outputs *o = (const struct outputs *)model;
    assay_layer layer;
    if (!o->real_layers->get(o->real, index, &layer)) return assay_say(why, ASSAY_FAILED, "no layer %u", index);
    assay_status status =
        activation ? o->real_layers->inspect(o->real, index, n, x, targets, activation, NULL, why) : ASSAY_OK;
    if (status != ASSAY_OK || !gradient) return status;
    return outputs_sum(o, at_layer, index, n, x, targets, layer.output.count, gradient, why);
}

static inline const void *outputs_extension(const assay_model *model, const char *name) {
    const struct outputs *o = (const struct outputs *)model;
    if (strcmp(name, ASSAY_LAYERS) == 0 && o->real_layers) return &o->layers;
    if (strcmp(name, ASSAY_BACKWARD) == 0 && o->real_backward) return &o->backward;
    return NULL;
}

/* The job's base method on the model whose output is `output`. */
static inline assay_status explain_output(const struct job *job, enum output output) {
    const assay_model *real = job->model;
    struct outputs o = {.model = *real,
                        .layers = {outputs_layer_count, outputs_layer_get, outputs_inspect},
                        .backward = {outputs_rule},
                        .real = real,
                        .real_layers = (const assay_layers *)real->extension(real, ASSAY_LAYERS),
                        .real_backward = (const assay_backward *)real->extension(real, ASSAY_BACKWARD),
                        .output = output};
    o.model.forward = outputs_forward;
    o.model.gradient = outputs_gradient;
    o.model.gradient_sum = outputs_gradient_sum;
    o.model.extension = outputs_extension;
    struct job other = *job;
    other.model = &o.model;
    return mutant_base(&other);
}

static inline assay_status sum_of_logits(const struct job *job) {
    return explain_output(job, OUTPUT_SUM);
}

static inline assay_status probability(const struct job *job) {
    return explain_output(job, OUTPUT_PROBABILITY);
}

static inline assay_status log_probability(const struct job *job) {
    return explain_output(job, OUTPUT_LOG_PROBABILITY);
}

#endif
