/* The JSON objects that say what a run found in its data: how good the network is there, and the tokens of inputs. */
#include "base/json_write.h"
#include "base/text.h"
#include "experiment/record.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static json_t *real_json(double value) {
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *accuracy_json(const struct accuracy *a) {
    bool known = accuracy_state(a) != ACCURACY_UNKNOWN;
    return json_pack("{s:I, s:I, s:o, s:o}", "read", (json_int_t)a->read, "right", (json_int_t)a->right, "accuracy",
                     known ? json_real((double)a->right / a->read) : json_null(), "chance",
                     known ? json_real(accuracy_chance(a)) : json_null());
}

static json_t *fit_json(const struct fit *f, uint32_t output) {
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "read", (json_int_t)f->read, "output", (json_int_t)output,
                     "rmse", real_json(f->rmse), "r2", real_json(f->r2), "r2_lower", real_json(f->lower), "r",
                     real_json(f->r));
}

static json_t *labels_json(const struct label_accuracy *a) {
    bool known = a->read > 0;
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "read", (json_int_t)a->read, "labels", (json_int_t)a->labels,
                     "right", (json_int_t)a->right, "accuracy",
                     known ? json_real((double)a->right / a->read / a->labels) : json_null(), "base_rate",
                     real_json(a->base), "above_base_rate_lower", real_json(a->lower));
}

bool record_quality(const struct run *run, char **text, struct error *e) {
    const struct quality *q = &run->quality;
    struct text sentence = {0}, warning = {0};
    json_t *o = q->kind == QUALITY_FIT      ? fit_json(&q->fit, run->target_class)
                : q->kind == QUALITY_LABELS ? labels_json(&q->labels)
                                            : accuracy_json(&q->accuracy);
    *text = NULL;
    quality_add_sentence(&sentence, q);
    quality_add_warning(&warning, q);
    if (o && !sentence.failed && !warning.failed) {
        o = json_put(o, "sentence", json_string(sentence.data));
        o = json_put(o, "warning", warning.data ? json_string(warning.data) : json_null());
        *text = json_write(o, JSON_PRESERVE_ORDER);
    }
    json_decref(o);
    text_finish(&sentence);
    text_finish(&warning);
    return *text || error_memory(e);
}

bool record_tokens(const struct run *run, char **text, struct error *e) {
    const struct dataset *d = run->data;
    const struct input_set *inputs = &run->inputs[ROOT_MODEL];
    *text = NULL;
    if (!d->table) return true;
    json_t *all = json_object();
    for (uint32_t i = 0; i < inputs->count; i++) {
        char key[16];
        snprintf(key, sizeof key, "%u", (unsigned)inputs->global[i]);
        json_t *numbers = json_array();
        for (size_t p = 0; p < d->sample.dim[1]; p++)
            numbers = json_with(numbers, json_integer((json_int_t)dataset_token(d, inputs->sample[i], p)));
        all = json_put(all, key, numbers);
    }
    *text = json_write(all, JSON_PRESERVE_ORDER);
    json_decref(all);
    return *text || error_memory(e);
}
