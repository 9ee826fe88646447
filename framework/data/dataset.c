/* dataset.c: loading a source and handing out its samples, preprocessed. */
#include "data/dataset.h"

#include "base/layout.h"
#include "base/text.h"
#include "data/source.h"
#include "data/source_kind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sample i of a source that holds whole pictures, resized and cropped. */
static bool fit_sample(const struct dataset *d, uint32_t i, struct image *out, struct error *e) {
    size_t size = shape_count(&d->sample);

    *out = (struct image){(uint32_t)d->sample.dim[0], (uint32_t)d->sample.dim[2], (uint32_t)d->sample.dim[1], NULL};
    out->data = malloc(size);
    if (!out->data) return error_memory(e);
    memcpy(out->data, d->bytes + i * size, size);
    return preprocess_image(&d->preprocess, out, e);
}

static bool fit_samples(struct dataset *d, struct error *e) {
    char text[96];
    uint8_t *all = NULL;
    struct image image = {0};
    bool ok = true;

    if (!d->bytes || layout_of(&d->sample).kind != &layout_picture)
        return error_set(e, "samples of shape %s: pictures of 8 bits wanted by preprocessing with resize or crop",
                         shape_text(&d->sample, text, sizeof text));
    for (uint32_t i = 0; ok && i < d->count; i++) {
        image_finish(&image);
        ok = fit_sample(d, i, &image, e);
        size_t size = ok ? (size_t)image.channels * image.width * image.height : 0;
        if (ok && !all) all = size <= SIZE_MAX / d->count ? malloc(size * d->count) : NULL;
        if (ok && !all) ok = error_memory(e);
        if (ok) memcpy(all + i * size, image.data, size);
    }
    if (ok) {
        free(d->bytes);
        d->bytes = all;
        d->sample = (struct shape){3, {image.channels, image.height, image.width}};
    } else {
        free(all);
    }
    image_finish(&image);
    return ok;
}

bool dataset_load_with(const char *source, const struct preprocess *preprocess, struct dataset **out, struct error *e) {
    struct source_parts parts = {0};
    struct dataset *d = calloc(1, sizeof *d);
    const struct source_kind *kind = NULL;

    if (!d) error_memory(e);
    else {
        d->preprocess = *preprocess;
        kind = source_split(source, &parts, e);
    }
    bool ok = kind && kind->load(&parts, d, e);
    if (ok && !kind->fits && (preprocess->resize || preprocess->crop))
        ok = fit_samples(d, e) || error_prefix(e, "%s", excerpt_of(source).text);
    if (ok) ok = preprocess_fits(preprocess, &d->sample, e) || error_prefix(e, "%s", excerpt_of(source).text);
    if (ok) *out = d;
    else dataset_destroy(d);
    source_parts_finish(&parts);
    return ok;
}

bool dataset_load(const char *source, const char *preset, struct dataset **out, struct error *e) {
    const struct preprocess *preprocess = preset_find(preset, e);
    return preprocess && dataset_load_with(source, preprocess, out, e);
}

void dataset_destroy(struct dataset *d) {
    if (!d) return;
    for (uint32_t i = 0; d->class_names && i < d->classes; i++) free(d->class_names[i]);
    free(d->class_names);
    for (size_t i = 0; i < d->column_count; i++) free(d->columns[i]);
    free(d->columns);
    for (uint32_t i = 0; d->files && i < d->count; i++) free(d->files[i].path);
    free(d->files);
    free(d->list);
    free(d->bytes);
    free(d->values);
    free(d->labels);
    free(d);
}

/* out[dimensions][length] */
static void embed(const struct dataset *d, const float *tokens, float *out) {
    size_t dimensions = d->sample.dim[0], length = d->sample.dim[1];

    for (size_t p = 0; p < length; p++) {
        size_t row = p < d->token_count ? (size_t)tokens[p] : 0;
        for (size_t c = 0; c < dimensions; c++) out[c * length + p] = d->table[row * dimensions + c];
    }
}

bool dataset_sample(const struct dataset *d, uint32_t index, float *out, struct error *e) {
    size_t first = index * shape_count(&d->sample);

    if (d->table) {
        embed(d, d->values + index * d->token_count, out);
        return true;
    }
    if (d->files) return folder_sample(d, index, out, e);
    if (d->bytes) preprocess_bytes(&d->preprocess, &d->sample, d->bytes + first, out);
    else preprocess_floats(&d->preprocess, &d->sample, d->values + first, out);
    return true;
}

bool dataset_embed(struct dataset *d, const struct token_table *t, const char *source, struct error *e) {
    size_t n = shape_count(&d->sample);
    struct text plain = {0};

    preprocess_text(&d->preprocess, &plain);
    bool as_is = plain.data && strcmp(plain.data, "values as they are") == 0;
    text_finish(&plain);
    if (!d->values || d->sample.rank != 1 || n > t->length || !as_is)
        return error_set(e, "%s: up to %zu numbers of tokens a sample wanted, in columns of a table, not preprocessed",
                         excerpt_of(source).text, t->length);
    for (size_t k = 0; k < n * d->count; k++) {
        double token = (double)d->values[k];
        if (!(token >= 0 && token < (double)t->vocabulary && floor(token) == token))
            return error_set(e, "%s: sample %zu has token %g in place %zu: a whole number below %zu wanted",
                             excerpt_of(source).text, k / n, token, k % n, t->vocabulary);
    }
    d->table = t->rows;
    d->token_count = n;
    d->sample = (struct shape){2, {t->dimensions, t->length}};
    return true;
}

bool dataset_take_shape(struct dataset *d, const struct shape *shape) {
    if (d->sample.rank == 1 && layout_fits(&d->sample, shape)) d->sample = *shape;
    return true;
}

bool dataset_check_labels(const struct dataset *d, const char *source, uint32_t outputs, struct error *e) {
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= outputs)
            return error_set(e, "%s: sample %u has label %u: a label below the model's %u outputs wanted",
                             excerpt_of(source).text, i, d->labels[i], outputs);
    return true;
}
