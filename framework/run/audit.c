/* The audit of a randomised network. */
#include "run/audit.h"

#include "experiment/task.h"
#include "nn/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double centred(const float *v, uint32_t classes, bool paired, uint32_t i, uint32_t k, const double *row,
                      const double *column, double mean) {
    double x = v[(size_t)i * classes + k];
    if (paired) return x - column[k]; /* -z and z: the correlation of z */
    /* With one or two outputs the class means carry the function itself. */
    return classes > 2 ? x - row[i] - column[k] + mean : x - mean;
}

static void means(const float *v, uint32_t inputs, uint32_t classes, double *row, double *column, double *mean) {
    *mean = 0;
    for (uint32_t k = 0; k < classes; k++) column[k] = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        row[i] = 0;
        for (uint32_t k = 0; k < classes; k++) {
            row[i] += (double)v[(size_t)i * classes + k] / classes;
            column[k] += (double)v[(size_t)i * classes + k] / inputs;
        }
        *mean += row[i] / inputs;
    }
}

double audit_logit_r(const float *a, const float *b, uint32_t inputs, uint32_t classes, bool paired) {
    double *scratch = malloc(2 * ((size_t)inputs + classes) * sizeof *scratch), r = (double)NAN;
    if (!scratch || inputs < 2) { /* centring one input leaves rounding errors */
        free(scratch);
        return r;
    }
    double *row_a = scratch, *row_b = row_a + inputs, *column_a = row_b + inputs, *column_b = column_a + classes;
    double mean_a, mean_b, aa = 0, bb = 0, ab = 0;
    means(a, inputs, classes, row_a, column_a, &mean_a);
    means(b, inputs, classes, row_b, column_b, &mean_b);
    for (uint32_t i = 0; i < inputs; i++)
        for (uint32_t k = 0; k < classes; k++) {
            double x = centred(a, classes, paired, i, k, row_a, column_a, mean_a),
                   y = centred(b, classes, paired, i, k, row_b, column_b, mean_b);
            aa += x * x;
            bb += y * y;
            ab += x * y;
        }
    free(scratch);
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : r;
}

/* The correlation over inputs of one output with itself. */
static bool output_r(const float *a, const float *b, uint32_t inputs, uint32_t outputs, uint32_t output, double *r,
                     struct error *e) {
    float *both = malloc(2 * (size_t)inputs * sizeof *both);
    if (!both) return error_memory(e);
    for (size_t i = 0; i < inputs; i++) {
        both[i] = a[i * outputs + output];
        both[inputs + i] = b[i * outputs + output];
    }
    *r = audit_logit_r(both, both + inputs, inputs, 1, false);
    free(both);
    return true;
}

static bool parameter_changed(const struct run *run, const struct weights *w, uint32_t value) {
    size_t bytes = shape_count(&run->graph->values[value].shape) * sizeof(float);
    bool shared = run->model->data[value] == w->data[value];
    return !shared && memcmp(run->model->data[value], w->data[value], bytes) != 0;
}

static bool layer_changed(const struct run *run, const struct weights *w, const struct layer *layer) {
    for (uint32_t p = 0; p < layer->parameter_count; p++)
        if (parameter_changed(run, w, layer->parameters[p])) return true;
    return false;
}

/* Of a layer whose weight is as it was: whether the draw gives any of its parameters another value (scales of one and
 * shifts of zero stay what they are), and whether all that it does so are others in `w`. */
static void draw_changes(const struct run *run, const struct weights *w, uint32_t l, const struct init_options *init,
                         bool *had_to, bool *did) {
    const struct layer *layer = &run->graph->layers[l];
    struct weights *drawn = NULL;
    *had_to = true;
    *did = false;
    if (init && weights_copy(run->model, &drawn, NULL) && weights_redraw(drawn, l, init, NULL)) {
        *had_to = layer_changed(run, drawn, layer);
        *did = *had_to;
        for (uint32_t p = 0; p < layer->parameter_count; p++)
            if (parameter_changed(run, drawn, layer->parameters[p]))
                *did = *did && parameter_changed(run, w, layer->parameters[p]);
    }
    weights_destroy(drawn);
}

void audit_changes(const struct run *run, const struct weights *w, const bool *layers, const struct init_options *init,
                   uint32_t *changed, uint32_t *expected) {
    uint32_t named = 0, others = 0;
    *expected = 0;
    for (uint32_t l = 0; l < run->graph->layer_count; l++) {
        const struct layer *layer = &run->graph->layers[l];
        bool had_to = layers[l], did = layers[l] && parameter_changed(run, w, layer->parameters[0]);
        if (layers[l] && !did) draw_changes(run, w, l, init, &had_to, &did);
        *expected += had_to;
        named += did;
        others += !layers[l] && layer_changed(run, w, layer);
    }
    *changed = others ? *expected + others : named;
}

bool audit_send(struct variant *v, uint32_t attribution, const struct audit_original *beside, const float *logits,
                struct channel *channel, struct error *e) {
    const struct run *run = v->run;
    const float *original = beside->logits;
    uint32_t n = run->inputs[ROOT_MODEL].count, classes = run->graph->classes, agree = 0;
    const struct attribution *a = &run->plan.attributions[attribution];
    struct audit_message out;
    memset(&out, 0, sizeof out);
    out.attribution = attribution;
    out.finite = 1;
    if (!variant_digest(v, out.digest, e) ||
        !likeness_measure(&beside->layers, v->net, a->model.layers, out.activation_r, e))
        return false;
    audit_changes(run, v->current, a->model.layers, attribution_is_redrawn(a) ? &a->model.init : NULL, &out.changed,
                  &out.expected);
    for (size_t k = 0; k < (size_t)n * classes; k++) out.finite &= isfinite(logits[k]) != 0;
    for (uint32_t i = 0; i < n; i++)
        agree += net_class(original + (size_t)i * classes, classes) == net_class(logits + (size_t)i * classes, classes);
    if (task_settled(run->battery->task, run->graph) == TASK_REGRESSION) {
        /* Outputs may have units of their own: the one explained counts, and there is no class to agree on. */
        out.agreement = (double)NAN;
        if (!output_r(original, logits, n, classes, run->target_class, &out.logit_r, e)) return false;
    } else {
        out.logit_r = audit_logit_r(original, logits, n, classes, run->graph->paired);
        out.agreement = (double)agree / n;
    }
    channel_send(channel, RECORD_AUDIT, &out, sizeof out);
    return true;
}

bool audit_put(struct run *run, const struct audit_message *a, struct error *e) {
    struct likeness layers;
    float *r = malloc(((size_t)run->graph->layer_count + 1) * sizeof *r);
    bool ok = (r || error_memory(e)) && likeness_plan(&layers, run, e);
    for (uint32_t l = 0; ok && l < run->graph->layer_count; l++) r[l] = NAN;
    for (uint32_t k = 0; ok && k < layers.count; k++) r[layers.layers[k]] = a->activation_r[k];
    struct audit_row row = {run->plan.attributions[a->attribution].key,
                            a->changed,
                            a->expected,
                            a->digest,
                            a->logit_r,
                            a->agreement,
                            a->finite != 0,
                            r,
                            run->graph->layer_count};
    ok = ok && store_begin(run->store, e) && store_put_audit(run->store, &row, e) && store_commit(run->store, e);
    free(r);
    return ok;
}
