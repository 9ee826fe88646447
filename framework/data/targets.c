/* targets.c: targets out of texts, arrays and whole numbers. */
#include "data/targets.h"

#include "data/source.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For so many samples; a folder counts its own later. */
static bool make_room(struct dataset *d, size_t count, uint32_t targets, struct error *e) {
    size_t bytes;

    if (__builtin_mul_overflow(count, (size_t)targets * sizeof *d->targets, &bytes)) return error_memory(e);
    d->targets = malloc(bytes);
    d->target_count = targets;
    return (d->targets || error_memory(e)) && (d->labels || source_leave_unlabelled(d, count, e));
}

static bool refuse_single(const char *path, struct error *e) {
    return error_set(e,
                     "%s: one label for each sample: task multi-label has several: csv:FILE,label=A,label=B or "
                     "npy:INPUTS,LABELS wanted",
                     path);
}

bool targets_from_texts(const struct csv_labels *l, struct dataset *d, struct error *e) {
    if (d->labels_as == LABELS_FLAGS) return refuse_single(l->path, e);
    if (!make_room(d, l->count, 1, e)) return false;
    for (size_t i = 0; i < l->count; i++) {
        const char *text = csv_labels_text(l, l->of[i]);
        double value;
        if (!text_to_double(text, &value) || fabs(value) > (double)FLT_MAX)
            return error_set(e, "%s:%zu: column '%s': '%s': a number wanted (a real target)", l->path,
                             l->word[l->of[i]].line, excerpt_of(l->column ? l->column : "").text,
                             excerpt_of(text).text);
        d->targets[i] = (float)value;
    }
    return true;
}

bool targets_from_array(const char *name, const struct shape *shape, const float *values, struct dataset *d,
                        struct error *e) {
    char text[128];
    bool flags = d->labels_as == LABELS_FLAGS;

    if (shape->rank < 1 || shape->rank > 2 || shape->dim[0] != d->count ||
        (shape->rank == 2 && (shape->dim[1] == 0 || shape->dim[1] > SOURCE_CLASSES_MAX)) || (flags && shape->rank != 2))
        return error_set(e, "%s: shape %s: %u rows of %s wanted", name, shape_text(shape, text, sizeof text), d->count,
                         flags ? "0 and 1, one for each label" : "targets, one or several for each sample");
    uint32_t targets = shape->rank == 2 ? (uint32_t)shape->dim[1] : 1;
    for (size_t i = 0; i < (size_t)d->count * targets; i++) {
        bool fits = flags ? values[i] <= 0 ? values[i] >= 0 : values[i] <= 1 && values[i] >= 1 : isfinite(values[i]);
        if (!fits)
            return error_set(e, "%s: sample %zu: %s %zu is %.9g: %s wanted", name, i / targets,
                             flags ? "label" : "target", i % targets, (double)values[i],
                             flags ? "0 or 1" : "a finite number");
    }
    if (!make_room(d, d->count, targets, e)) return false;
    memcpy(d->targets, values, (size_t)d->count * targets * sizeof *values);
    return true;
}

bool source_take_labels(struct dataset *d, const char *source, struct error *e) {
    if (d->labels_as == LABELS_CLASSES || d->targets || d->unlabelled) return true;
    if (d->labels_as == LABELS_FLAGS) return refuse_single(excerpt_of(source).text, e);
    if (!make_room(d, d->count, 1, e)) return false;
    for (uint32_t i = 0; i < d->count; i++) {
        d->targets[i] = (float)d->labels[i];
        d->labels[i] = DATASET_NO_LABEL;
    }
    d->unlabelled = true;
    d->classes = 0;
    return true;
}

bool dataset_check_targets(struct dataset *d, const char *source, uint32_t outputs, uint32_t index, struct error *e) {
    uint32_t had = d->target_count;

    if (!d->targets || had == outputs) return true;
    if (outputs != 1 || index >= had)
        return error_set(e,
                         "%s: %u target%s for each sample, and the model has %u output%s: one for each wanted "
                         "(csv:FILE,label=A,label=B; or in a battery output: {index: K}, one output alone)",
                         excerpt_of(source).text, had, had == 1 ? "" : "s", outputs, outputs == 1 ? "" : "s");
    for (uint32_t i = 0; i < d->count; i++) d->targets[i] = d->targets[(size_t)i * had + index];
    for (uint32_t k = 0; d->target_names && k < had; k++)
        if (k != index) free(d->target_names[k]);
    if (d->target_names) d->target_names[0] = d->target_names[index];
    d->target_count = 1;
    dataset_note(d, "%s: of %u targets number %u is taken, as output {index: %u} says", excerpt_of(source).text, had,
                 index, index);
    return true;
}
