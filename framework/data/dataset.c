/* dataset.c: loading a source and handing out its samples, preprocessed. */
#include "data/dataset.h"

#include "base/layout.h"
#include "base/text.h"
#include "data/source.h"
#include "data/csv_options.h"
#include "data/source_kind.h"

#include <math.h>
#include <stdarg.h>
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
        return error_set(
            e, "samples of shape %s: pictures of 8 bits wanted by preprocessing with channels, resize or crop",
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

/* What the source says itself, and what is asked for beside it. The parts own it. */
static bool take_ignored(struct dataset *d, const struct source_kind *kind, struct source_parts *parts,
                         const char *source, struct error *e) {
    if (d->ignore && strcmp(kind->name, "csv") != 0)
        return error_set(e, "%s: only columns of a csv: source can be ignored", excerpt_of(source).text);
    if (d->ignore && parts->ignore) {
        char *both = text_format("%s" CSV_IGNORE_OPTION "%s", parts->ignore, d->ignore);
        if (!both) return error_memory(e);
        free(parts->ignore);
        parts->ignore = both;
    }
    if (parts->ignore) d->ignore = parts->ignore;
    return true;
}

static bool load_from(struct dataset *d, const char *source, uint32_t channels, struct error *e) {
    struct source_parts parts = {0};
    const struct source_kind *kind = source_split(source, &parts, e);
    if (kind && kind->fits && channels == 1 && !d->preprocess.channels) {
        d->preprocess.channels = channels;
        dataset_note(d, "%s: pictures are made grey (luma of ITU-R 601): the network takes one channel",
                     excerpt_of(source).text);
    }
    bool ok = kind && take_ignored(d, kind, &parts, source, e);
    ok = ok && kind->load(&parts, d, e);
    d->ignore = NULL;

    if (ok && !kind->fits && preprocess_reshapes(&d->preprocess))
        ok = fit_samples(d, e) || error_prefix(e, "%s", excerpt_of(source).text);
    if (ok) ok = preprocess_fits(&d->preprocess, &d->sample, e) || error_prefix(e, "%s", excerpt_of(source).text);
    source_parts_finish(&parts);
    return ok;
}

bool source_class(struct dataset *d, double value, uint32_t *class) {
    if (!(value >= 0 && value < SOURCE_CLASSES_MAX && floor(value) == value)) return false;
    *class = (uint32_t)value;
    if (*class >= d->classes) d->classes = *class + 1;
    return true;
}

bool source_put_label(struct dataset *d, size_t i, double value) {
    return source_class(d, value, &d->labels[i]);
}

bool source_leave_unlabelled(struct dataset *d, size_t count, struct error *e) {
    d->labels = malloc(count * sizeof *d->labels);
    if (!d->labels) return error_memory(e);
    for (size_t i = 0; i < count; i++) d->labels[i] = DATASET_NO_LABEL;
    d->unlabelled = true;
    return true;
}

static void note_words(struct dataset *d, const char *source) {
    struct text words = {0};

    if (!d->class_names) return;
    for (uint32_t i = 0; i < d->classes && i < 3; i++)
        text_add(&words, "%s%u is '%s'", i ? ", " : "", i, excerpt_of(d->class_names[i]).text);
    if (!words.failed)
        dataset_note(d, "%s: labels in words, taken for classes in sorted order: %s%s (class-names says another)",
                     excerpt_of(source).text, words.data, d->classes > 3 ? ", ..." : "");
    text_finish(&words);
}

bool dataset_load_for(const char *source, const struct dataset_request *request, struct dataset **out,
                      struct error *e) {
    struct dataset *d = calloc(1, sizeof *d);

    if (!d) return error_memory(e);
    d->preprocess = *request->preprocess;
    d->names = request->names && request->names->count ? request->names : NULL;
    d->labels_for = request->labels_for;
    d->labels_as = request->labels_as;
    d->ignore = request->ignore;
    bool ok = load_from(d, source, request->channels, e) && source_take_labels(d, source, e);
    d->named = d->names ? d->names->count : 0;
    d->names = NULL;
    d->labels_for = NULL;
    if (ok) {
        note_words(d, source);
        *out = d;
    } else {
        dataset_destroy(d);
    }
    return ok;
}

bool dataset_load_with(const char *source, const struct preprocess *preprocess, struct dataset **out, struct error *e) {
    const struct dataset_request request = {.preprocess = preprocess, .labels_for = "the labels of samples"};
    return dataset_load_for(source, &request, out, e);
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
    csv_rows_destroy(d->rows);
    free(d->bytes);
    free(d->values);
    free(d->labels);
    free(d->targets);
    for (uint32_t i = 0; d->target_names && i < d->target_count; i++) free(d->target_names[i]);
    free(d->target_names);
    text_finish(&d->notes);
    free(d);
}

/* The rows of that size in that order, or NULL: there are none, or no memory for them. */
static void *pick_rows(const void *from, size_t size, const uint32_t *indices, uint32_t n) {
    char *rows = from ? malloc(n * size + 1) : NULL;

    for (size_t i = 0; rows && i < n; i++) memcpy(rows + i * size, (const char *)from + indices[i] * size, size);
    return rows;
}

/* The values of rows that lie in a file: of these, or of all (NULL), in that order. The caller frees. */
static bool read_rows(const struct dataset *d, const uint32_t *indices, uint32_t n, float **out, struct error *e) {
    const size_t count = shape_count(&d->sample);
    bool ok = count <= SIZE_MAX / sizeof(float) / (n + 1u);
    float *values = ok ? malloc(n * count * sizeof *values + 1) : NULL;

    if (!values) return error_memory(e);
    for (uint32_t i = 0; ok && i < n; i++) ok = csv_rows_read(d->rows, indices ? indices[i] : i, values + i * count, e);
    if (ok) *out = values;
    else free(values);
    return ok;
}

/* In place of the rows. */
static void take_values(struct dataset *d, float *values) {
    csv_rows_destroy(d->rows);
    d->rows = NULL;
    free(d->values);
    d->values = values;
}

bool dataset_keep(struct dataset *d, const uint32_t *indices, uint32_t n, struct error *e) {
    const size_t count = d->table ? d->token_count : shape_count(&d->sample);
    float *values = NULL;

    if (d->rows && !read_rows(d, indices, n, &values, e)) return false;
    if (!d->rows) values = pick_rows(d->values, count * sizeof *values, indices, n);
    uint8_t *bytes = pick_rows(d->bytes, count, indices, n);
    uint32_t *labels = pick_rows(d->labels, sizeof *labels, indices, n);
    float *targets = pick_rows(d->targets, d->target_count * sizeof *targets, indices, n);
    const bool ok =
        !bytes == !d->bytes && !values == !(d->values || d->rows) && !labels == !d->labels && !targets == !d->targets;

    free(ok ? d->bytes : bytes);
    free(ok ? d->labels : labels);
    free(ok ? d->targets : targets);
    if (!ok) {
        free(values);
        return error_memory(e);
    }
    take_values(d, values);
    d->bytes = bytes;
    d->labels = labels;
    d->targets = targets;
    d->count = n;
    return true;
}

size_t dataset_token(const struct dataset *d, uint32_t index, size_t position) {
    return position < d->token_count ? (size_t)d->values[index * d->token_count + position] : 0;
}

/* out[dimensions][length] */
static void embed(const struct dataset *d, uint32_t index, float *out) {
    size_t dimensions = d->sample.dim[0], length = d->sample.dim[1];

    for (size_t p = 0; p < length; p++) {
        size_t row = dataset_token(d, index, p);
        for (size_t c = 0; c < dimensions; c++) out[c * length + p] = d->table[row * dimensions + c];
    }
}

/* Of a row that lies in a file. */
static bool row_sample(const struct dataset *d, uint32_t index, float *out, struct error *e) {
    float *values = malloc(shape_count(&d->sample) * sizeof *values);
    bool ok = values ? csv_rows_read(d->rows, index, values, e) : error_memory(e);

    if (ok) preprocess_floats(&d->preprocess, &d->sample, values, out);
    free(values);
    return ok;
}

bool dataset_sample(const struct dataset *d, uint32_t index, float *out, struct error *e) {
    size_t first = index * shape_count(&d->sample);

    if (d->table) {
        embed(d, index, out);
        return true;
    }
    if (d->files) return folder_sample(d, index, out, e);
    if (d->rows) return row_sample(d, index, out, e);
    if (d->bytes) preprocess_bytes(&d->preprocess, &d->sample, d->bytes + first, out);
    else preprocess_floats(&d->preprocess, &d->sample, d->values + first, out);
    return true;
}

bool dataset_embed(struct dataset *d, const struct token_table *t, const char *source, struct error *e) {
    size_t n = shape_count(&d->sample);
    struct text plain = {0};
    float *values;

    preprocess_text(&d->preprocess, &plain);
    bool as_is = plain.data && strcmp(plain.data, "values as they are") == 0;
    text_finish(&plain);
    if (d->rows && !read_rows(d, NULL, d->count, &values, e)) return false; /* all have to be numbers of the table */
    if (d->rows) take_values(d, values);
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

void dataset_note(struct dataset *d, const char *format, ...) {
    struct error line;
    va_list list;

    va_start(list, format);
    error_set_list(&line, format, list);
    va_end(list);
    text_add(&d->notes, "%s\n", line.text);
}

/* Words without names are classes only where it cannot be otherwise. */
static bool check_words(const struct dataset *d, const char *source, uint32_t outputs, struct error *e) {
    struct text words = {0};

    if (!d->class_names || d->classes == outputs) return true;
    for (uint32_t i = 0; i < d->classes && i < 5; i++)
        text_add(&words, "%s'%s'", i ? ", " : "", excerpt_of(d->class_names[i]).text);
    if (words.failed) error_memory(e);
    else
        error_set(e,
                  "%s: labels in %u different words (%s%s), and the model has %u outputs: give class-names, a CSV file "
                  "with a column name, to say which word is which class",
                  excerpt_of(source).text, d->classes, words.data, d->classes > 5 ? ", ..." : "", outputs);
    text_finish(&words);
    return false;
}

bool dataset_check_labels(const struct dataset *d, const char *source, uint32_t outputs, struct error *e) {
    uint32_t low = UINT32_MAX, high = 0;

    if (d->named && d->named != outputs)
        return error_set(e, "class-names: names for %u classes: one for each of the model's %u outputs wanted",
                         d->named, outputs);
    if (d->unlabelled) return true;
    if (!check_words(d, source, outputs, e)) return false;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->labels[i] < low) low = d->labels[i];
        if (d->labels[i] > high) high = d->labels[i];
    }
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= outputs)
            return error_set(e, "%s: sample %u has label %u: a label below the model's %u outputs wanted%s",
                             excerpt_of(source).text, i, d->labels[i], outputs,
                             low == 1 && high == outputs ? " (labels that begin at 1? subtract 1, or give class-names, "
                                                           "a CSV file with a column name, with 1, 2, ... as the names"
                                                           " of the classes)"
                                                         : "");
    return true;
}

bool dataset_same_words(const struct dataset *d, const char *source, const struct dataset *other,
                        const char *other_source, struct error *e) {
    if (!d->class_names || !other->class_names) return true;
    for (uint32_t i = 0; i < d->classes && i < other->classes; i++)
        if (strcmp(d->class_names[i], other->class_names[i]) != 0)
            return error_set(e,
                             "class %u is '%s' in %s and '%s' in %s: give class-names, a CSV file with a column name",
                             i, excerpt_of(d->class_names[i]).text, excerpt_of(source).text,
                             excerpt_of(other->class_names[i]).text, excerpt_of(other_source).text);
    return true;
}
