/* source_kind.c: the table of kinds of data sources, and how the text behind each is taken apart. */
#include "data/source_kind.h"

#include "base/file.h"
#include "base/text.h"
#include "data/csv_options.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

void source_parts_finish(struct source_parts *p) {
    for (size_t i = 0; i < p->paths; i++) free(p->path[i]);
    free(p->label);
    free(p->ignore);
}

static bool add_path(struct source_parts *p, const char *text, size_t n, struct error *e) {
    p->path[p->paths] = text_format("%.*s", (int)n, text);
    return p->path[p->paths++] || error_memory(e);
}

/* Paths with commas between them; none is empty, and there are at most `most`. */
static bool split_commas(const char *rest, size_t most, struct source_parts *p) {
    for (;;) {
        size_t n = strcspn(rest, ",");
        if (n == 0 || p->paths == most || !add_path(p, rest, n, NULL)) return false;
        if (!rest[n]) return true;
        rest += n + 1;
    }
}

static bool idx_split(const char *rest, struct source_parts *p, struct error *e) {
    bool ok = split_commas(rest, 2, p) && p->paths == 2;
    return ok || error_set(e, "two paths with one comma between them wanted: idx:IMAGES,LABELS");
}

static bool idx_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return idx_load(p->path[0], p->path[1], d, e);
}

/* Where the next option begins; NULL: there is none. */
static const char *next_option(const char *text) {
    const char *label = strstr(text, CSV_LABEL_OPTION), *ignore = strstr(text, CSV_IGNORE_OPTION);
    return label && (!ignore || label < ignore) ? label : ignore;
}

/* Several columns stand behind each other, with the option between. */
static bool add_column(char **all, const char *option, const char *name, size_t n, struct error *e) {
    char *more = *all ? text_format("%s%s%.*s", *all, option, (int)n, name) : text_format("%.*s", (int)n, name);
    free(*all);
    *all = more;
    return more || error_memory(e);
}

/* A path may hold commas; what follows the last one is an option when it looks like one. */
static bool csv_split(const char *rest, struct source_parts *p, struct error *e) {
    const char *option = next_option(rest), *comma = strrchr(rest, ',');
    size_t n = option ? (size_t)(option - rest) : strlen(rest);
    bool ok = true;

    if (!option && comma && strchr(comma, '='))
        return error_set(e, "unknown option '%s': label=COLUMN or ignore=COLUMN wanted", excerpt_of(comma + 1).text);
    if (n > 0) ok = add_path(p, rest, n, e);
    for (const char *next; ok && n > 0 && option; option = next) {
        const bool label = strncmp(option, CSV_LABEL_OPTION, strlen(CSV_LABEL_OPTION)) == 0;
        const char *word = label ? CSV_LABEL_OPTION : CSV_IGNORE_OPTION, *name = option + strlen(word);
        next = next_option(name);
        const size_t length = next ? (size_t)(next - name) : strlen(name);
        if (!length) n = 0;
        else ok = add_column(label ? &p->label : &p->ignore, word, name, length, e);
    }
    return ok && (n > 0 || error_set(e, "csv:FILE[,label=COLUMN][,ignore=COLUMN] wanted"));
}

static bool csv_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return csv_load(p->path[0], p->label, d, e);
}

static bool folder_split(const char *rest, struct source_parts *p, struct error *e) {
    if (!*rest) return error_set(e, "folder:DIR wanted");
    return add_path(p, rest, strlen(rest), e);
}

static bool folder_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return folder_load(p->path[0], d, e);
}

static bool sequence_split(const char *rest, struct source_parts *p, struct error *e) {
    if (!*rest) return error_set(e, "sequence:FILE wanted");
    return add_path(p, rest, strlen(rest), e);
}

static bool sequence_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return sequence_load(p->path[0], d, e);
}

static bool npy_split(const char *rest, struct source_parts *p, struct error *e) {
    return split_commas(rest, 2, p) || error_set(e, "one path, or two with one comma between them, wanted: "
                                                    "npy:INPUTS[,LABELS]");
}

static bool npy_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return npy_source_load(p->path[0], p->paths > 1 ? p->path[1] : NULL, d, e);
}

static bool npz_split(const char *rest, struct source_parts *p, struct error *e) {
    if (!*rest) return error_set(e, "npz:FILE wanted");
    return add_path(p, rest, strlen(rest), e);
}

static bool npz_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return npz_load(p->path[0], d, e);
}

static bool cifar_split(const char *rest, struct source_parts *p, struct error *e) {
    return split_commas(rest, SOURCE_PATHS_MAX, p) ||
           error_set(e, "up to %d paths with commas between them wanted: cifar10:FILE[,FILE...]", SOURCE_PATHS_MAX);
}

static bool cifar_from(const struct source_parts *p, struct dataset *d, struct error *e) {
    return cifar_load(p->path, p->paths, d, e);
}

static const struct source_kind source_kinds[] = {
    {"idx", idx_split, idx_from, false},         {"csv", csv_split, csv_from, false},
    {"folder", folder_split, folder_from, true}, {"sequence", sequence_split, sequence_from, false},
    {"npy", npy_split, npy_from, false},         {"npz", npz_split, npz_from, false},
    {"cifar10", cifar_split, cifar_from, false},
};
#define KIND_COUNT (sizeof source_kinds / sizeof *source_kinds)

static const struct source_kind *find_kind(const char *source, struct error *e) {
    const char *names[KIND_COUNT];
    size_t n = strcspn(source, ":");

    for (size_t i = 0; i < KIND_COUNT; i++) {
        names[i] = source_kinds[i].name;
        if (source[n] && strlen(names[i]) == n && strncmp(source, names[i], n) == 0) return &source_kinds[i];
    }
    if (!source[n]) {
        error_set(e, "data source '%s': " SOURCE_FORMS " wanted", excerpt_of(source).text);
        return NULL;
    }
    char *kind = text_format("%.*s", (int)n, source);
    const char *nearest = kind ? text_nearest(kind, names, KIND_COUNT) : NULL;
    if (!kind) error_memory(e);
    else if (nearest)
        error_set(e, "data source '%s': unknown kind '%s': did you mean '%s'?", excerpt_of(source).text,
                  excerpt_of(kind).text, nearest);
    else
        error_set(e, "data source '%s': unknown kind '%s': " SOURCE_FORMS " wanted", excerpt_of(source).text,
                  excerpt_of(kind).text);
    free(kind);
    return NULL;
}

const struct source_kind *source_split(const char *source, struct source_parts *p, struct error *e) {
    const struct source_kind *kind = find_kind(source, e);

    if (kind && !kind->split(source + strlen(kind->name) + 1, p, e)) {
        error_prefix(e, "data source '%s'", excerpt_of(source).text);
        return NULL;
    }
    return kind;
}

/* Resolving is taking apart, moving the paths, and putting together again. */
bool source_resolve(const char *source, const char *folder, char **out, struct error *e) {
    struct source_parts parts = {0};
    struct text text = {0};
    const struct source_kind *kind = source_split(source, &parts, e);

    if (kind) text_add(&text, "%s:", kind->name);
    for (size_t i = 0; kind && i < parts.paths; i++) {
        char *path = path_from(folder, parts.path[i]);
        if (!path) text.failed = true;
        else text_add(&text, "%s%s", i ? "," : "", path);
        free(path);
    }
    if (kind && parts.label) text_add(&text, CSV_LABEL_OPTION "%s", parts.label);
    if (kind && parts.ignore) text_add(&text, CSV_IGNORE_OPTION "%s", parts.ignore);
    source_parts_finish(&parts);
    if (!kind || text.failed) {
        text_finish(&text);
        return kind ? error_memory(e) : false;
    }
    *out = text.data;
    return true;
}
