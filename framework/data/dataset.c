#include "data/dataset.h"

#include "base/text.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_WANTED "idx:IMAGES,LABELS or csv:FILE[,label=COLUMN] wanted"
#define LABEL_OPTION ",label="

/* The part of a source behind its kind, taken apart: up to two paths, up to one option. */
struct parts {
    char *path[2];
    char *label;
};

struct source_kind {
    const char *name;
    bool (*split)(const char *rest, struct parts *, struct error *);
    bool (*load)(const struct parts *, struct dataset *, struct error *);
};

static void parts_finish(struct parts *p) {
    free(p->path[0]);
    free(p->path[1]);
    free(p->label);
}

static char *copy_bytes(const char *text, size_t n) {
    char *copy = malloc(n + 1);

    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

static bool idx_split(const char *rest, struct parts *p, struct error *e) {
    const char *comma = strchr(rest, ',');

    if (!comma || comma == rest || !comma[1] || strchr(comma + 1, ','))
        return error_set(e, "two paths with one comma between them wanted: idx:IMAGES,LABELS");
    p->path[0] = copy_bytes(rest, (size_t)(comma - rest));
    p->path[1] = text_copy(comma + 1);
    return (p->path[0] && p->path[1]) || error_memory(e);
}

static bool idx_from(const struct parts *p, struct dataset *d, struct error *e) {
    return idx_load(p->path[0], p->path[1], d, e);
}

/* A path may hold commas; what follows the last one is an option when it looks like one. */
static bool csv_split(const char *rest, struct parts *p, struct error *e) {
    const char *option = strstr(rest, LABEL_OPTION);
    const char *comma = strrchr(rest, ',');
    size_t n = option ? (size_t)(option - rest) : strlen(rest);

    if (!option && comma && strchr(comma, '='))
        return error_set(e, "unknown option '%s': label=COLUMN wanted", excerpt_of(comma + 1).text);
    if (n == 0 || (option && !option[sizeof LABEL_OPTION - 1])) return error_set(e, "csv:FILE[,label=COLUMN] wanted");
    p->path[0] = copy_bytes(rest, n);
    if (option) p->label = text_copy(option + sizeof LABEL_OPTION - 1);
    return (p->path[0] && (!option || p->label)) || error_memory(e);
}

static bool csv_from(const struct parts *p, struct dataset *d, struct error *e) {
    return csv_load(p->path[0], p->label, d, e);
}

static const struct source_kind source_kinds[] = {
    {"idx", idx_split, idx_from},
    {"csv", csv_split, csv_from},
};
#define KIND_COUNT (sizeof source_kinds / sizeof *source_kinds)

static const char *const preset_names[] = {"none", "raw255", "unit", NULL};
static const double preset_scales[] = {1, 1, 1.0 / 255};
_Static_assert(sizeof preset_names / sizeof *preset_names == sizeof preset_scales / sizeof *preset_scales + 1,
               "one scale for each preset");

const char *const *dataset_presets(void) {
    return preset_names;
}

static const struct source_kind *find_kind(const char *source, struct error *e) {
    const char *names[KIND_COUNT];
    size_t n = strcspn(source, ":");

    for (size_t i = 0; i < KIND_COUNT; i++) {
        names[i] = source_kinds[i].name;
        if (source[n] && strlen(names[i]) == n && strncmp(source, names[i], n) == 0) return &source_kinds[i];
    }
    if (!source[n]) {
        error_set(e, "data source '%s': " SOURCE_WANTED, excerpt_of(source).text);
        return NULL;
    }
    char *kind = copy_bytes(source, n);
    const char *nearest = kind ? text_nearest(kind, names, KIND_COUNT) : NULL;
    if (!kind) error_memory(e);
    else if (nearest)
        error_set(e, "data source '%s': unknown kind '%s': did you mean '%s'?", excerpt_of(source).text,
                  excerpt_of(kind).text, nearest);
    else
        error_set(e, "data source '%s': unknown kind '%s': " SOURCE_WANTED, excerpt_of(source).text,
                  excerpt_of(kind).text);
    free(kind);
    return NULL;
}

static const struct source_kind *split_source(const char *source, struct parts *p, struct error *e) {
    const struct source_kind *kind = find_kind(source, e);

    if (kind && !kind->split(source + strlen(kind->name) + 1, p, e)) {
        error_prefix(e, "data source '%s'", excerpt_of(source).text);
        return NULL;
    }
    return kind;
}

static bool find_scale(const char *preset, double *scale, struct error *e) {
    const size_t n = sizeof preset_scales / sizeof *preset_scales;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(preset, preset_names[i]) == 0) {
            *scale = preset_scales[i];
            return true;
        }
    }
    const char *nearest = text_nearest(preset, preset_names, n);
    if (nearest)
        return error_set(e, "unknown preprocessing '%s': did you mean '%s'?", excerpt_of(preset).text, nearest);
    return error_set(e, "unknown preprocessing '%s': none, raw255 or unit wanted", excerpt_of(preset).text);
}

bool dataset_preprocess(const char *preset, float *x, size_t count, struct error *e) {
    double scale;

    if (!find_scale(preset, &scale, e)) return false;
    for (size_t i = 0; i < count; i++) x[i] = (float)(x[i] * scale);
    return true;
}

bool dataset_load(const char *source, const char *preset, struct dataset **out, struct error *e) {
    struct parts parts = {0};
    struct dataset *d = calloc(1, sizeof *d);
    const struct source_kind *kind = NULL;

    if (!d) error_memory(e);
    else if (find_scale(preset, &d->scale, e)) kind = split_source(source, &parts, e);
    bool ok = kind && kind->load(&parts, d, e);
    if (ok) *out = d;
    else dataset_destroy(d);
    parts_finish(&parts);
    return ok;
}

void dataset_destroy(struct dataset *d) {
    if (!d) return;
    for (uint32_t i = 0; d->class_names && i < d->classes; i++) free(d->class_names[i]);
    free(d->class_names);
    free(d->bytes);
    free(d->values);
    free(d->labels);
    free(d);
}

void dataset_sample(const struct dataset *d, uint32_t index, float *out) {
    size_t n = shape_count(&d->sample), first = index * n;

    if (d->bytes) {
        for (size_t i = 0; i < n; i++) out[i] = (float)(d->bytes[first + i] * d->scale);
    } else {
        for (size_t i = 0; i < n; i++) out[i] = (float)(d->values[first + i] * d->scale);
    }
}

bool dataset_check_labels(const struct dataset *d, const char *source, uint32_t outputs, struct error *e) {
    for (uint32_t i = 0; i < d->count; i++)
        if (d->labels[i] >= outputs)
            return error_set(e, "%s: sample %u has label %u: a label below the model's %u outputs wanted",
                             excerpt_of(source).text, i, d->labels[i], outputs);
    return true;
}

/* Resolving is taking apart, moving the paths, and putting together again. */
bool dataset_resolve(const char *source, const char *folder, char **out, struct error *e) {
    struct parts parts = {0};
    struct text text = {0};
    const struct source_kind *kind = split_source(source, &parts, e);

    if (kind) text_add(&text, "%s:", kind->name);
    for (size_t i = 0; kind && i < 2 && parts.path[i]; i++) {
        char *path = path_from(folder, parts.path[i]);
        if (!path) text.failed = true;
        else text_add(&text, "%s%s", i ? "," : "", path);
        free(path);
    }
    if (kind && parts.label) text_add(&text, LABEL_OPTION "%s", parts.label);
    parts_finish(&parts);
    if (!kind || text.failed) {
        text_finish(&text);
        return kind ? error_memory(e) : false;
    }
    *out = text.data;
    return true;
}
