/* part.c: what of a battery is run. */
#include "experiment/part.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char *find_row(const struct battery *b, const char *name, size_t length) {
    for (size_t i = 0; i < b->explainer_count; i++) {
        const char *known = b->explainers[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) return known;
    }
    return NULL;
}

static const char *find_control(const struct battery *b, const char *name) {
    for (size_t i = 0; i < b->control_count; i++)
        if (strcmp(b->controls[i].id, name) == 0) return b->controls[i].id;
    return NULL;
}

#define LISTED_MOST 24u

static const char *nearest_of(const char *name, const char *const *names, size_t n) {
    const char *near = name ? text_nearest(name, names, n) : NULL;
    return near ? near : "";
}

/* A row, a control, or a cell: of "gradeint/twin" both parts. */
static bool say_unknown(const struct battery *b, const char *only, struct error *e) {
    const size_t rows = b->explainer_count, n = rows + b->control_count;
    const char **names = calloc(n + 1, sizeof *names), *slash = strrchr(only, '/');
    char *row = slash ? text_format("%.*s", (int)(slash - only), only) : NULL;
    struct text list = {0};
    bool ok = names && (row || !slash);
    for (size_t i = 0; ok && i < n; i++) {
        names[i] = i < rows ? b->explainers[i].name : b->controls[i - rows].id;
        text_add(&list, "%s%s", i ? ", " : "", names[i]);
    }
    ok = ok && !list.failed;
    if (ok) {
        const char *first = nearest_of(row, names, rows),
                   *second = nearest_of(slash ? slash + 1 : NULL, names + rows, n - rows);
        bool cell = *first && *second;
        if (!cell) first = nearest_of(only, names, n);
        const bool listed = !*first && n <= LISTED_MOST;
        error_set(e, "--only %s: the battery %s has no such explainer or control%s%s%s%s%s%s", only, b->path,
                  *first ? ": did you mean '" : "", first, cell ? "/" : "", cell ? second : "",
                  *first   ? "'?"
                  : listed ? ": wanted one of "
                           : "",
                  listed ? list.data : "");
    } else {
        error_memory(e);
    }
    text_finish(&list);
    free(row);
    free(names);
    return false;
}

static bool only_resolve(const struct battery *b, const char *only, const char **row, const char **control,
                         struct error *e) {
    *row = *control = NULL;
    if (!only) return true;
    *row = find_row(b, only, strlen(only));
    *control = find_control(b, only);
    if (*row || *control) return true;
    const char *slash = strrchr(only, '/'); /* the name of a row may have some, that of a control has none */
    if (slash) {
        *row = find_row(b, only, (size_t)(slash - only));
        *control = find_control(b, slash + 1);
    }
    return (*row && *control) || say_unknown(b, only, e);
}

bool part_resolve(const struct battery *b, const struct run_options *options, struct part *out, struct error *e) {
    *out = (struct part){.rows = options->rows, .controls = options->controls};
    return only_resolve(b, options->only, &out->row, &out->control, e);
}

static bool is_listed(const char *const *names, const char *name) {
    bool found = !names;
    for (size_t i = 0; names && names[i] && !found; i++) found = strcmp(names[i], name) == 0;
    return found;
}

bool part_has_row(const struct part *p, const char *name) {
    return (!p->row || strcmp(p->row, name) == 0) && is_listed(p->rows, name);
}

bool part_has_control(const struct part *p, const char *id) {
    return (!p->control || strcmp(p->control, id) == 0) && is_listed(p->controls, id);
}

static void add_names(struct text *out, const char *const *names) {
    for (size_t i = 0; names && names[i]; i++) text_add(out, "%s%s", i ? ", " : "", names[i]);
}

bool part_keep(struct run *run, const struct part *p, struct error *e) {
    struct text *out = &run->part;
    if (p->row || p->control)
        text_add(out, "--only %s%s%s", p->row ? p->row : "", p->row && p->control ? "/" : "",
                 p->control ? p->control : "");
    if (p->rows) {
        text_add(out, "--last-failed: ");
        add_names(out, p->rows);
        text_add(out, " under ");
        add_names(out, p->controls);
    }
    return !out->failed || error_memory(e);
}
