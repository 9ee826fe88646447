/* What of a run a request asks for, and whether the run has it. */
#include "base/array.h"
#include "reports/figure.h"

#include <stdlib.h>
#include <string.h>

static bool is_among(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* Each of the names that were asked for is one of the run. */
static bool check_names(const char *option, const char *const *asked, size_t asked_count, char *const *names,
                        size_t count, struct error *e) {
    for (size_t i = 0; i < asked_count; i++) {
        if (is_among(asked[i], (const char *const *)names, count)) continue;
        struct text list = {0};
        const char *near = text_nearest(asked[i], (const char *const *)names, count);
        for (size_t k = 0; k < count; k++) text_add(&list, "%s%s", k ? ", " : "", names[k]);
        error_set(e, "--%s: '%s' is none of the run%s%s%s: %s wanted", option, asked[i], near ? ": did you mean '" : "",
                  near ? near : "", near ? "'?" : "", list.data ? list.data : "another");
        text_finish(&list);
        return false;
    }
    return true;
}

void figure_select(struct figures *f) {
    const struct figure_request *r = f->request;

    if (r->explainer_count) verdict_table_keep_explainers(&f->verdicts, r->explainers, r->explainer_count);
    if (r->control_count) verdict_table_keep_controls(&f->verdicts, r->controls, r->control_count);
}

bool figure_wants_input(const struct figures *f, uint32_t input) {
    for (size_t i = 0; i < f->request->input_count; i++)
        if (f->request->inputs[i] == input) return true;
    return !f->request->input_count;
}

/* The inputs of a run, and which of them have maps. */
struct inputs {
    uint32_t *input; /* with maps, in order of their first map */
    size_t count;
    uint32_t all; /* how many there are */
    struct error *error;
};

static bool count_input(void *context, const struct input_row *row) {
    struct inputs *all = context;
    if (row->index >= all->all) all->all = row->index + 1;
    return true;
}

static bool note_map(void *context, const struct map_row *row) {
    struct inputs *all = context;
    size_t i = 0;

    while (i < all->count && all->input[i] != row->input) i++;
    if (i < all->count) return true;
    uint32_t *more = array_grow(all->input, all->count, sizeof *more);
    if (!more) return error_memory(all->error);
    all->input = more;
    all->input[all->count++] = row->input;
    return true;
}

static bool say_no_maps(const struct inputs *all, uint32_t input, struct error *e) {
    struct text there = {0};

    for (size_t i = 0; i < all->count; i++) text_add(&there, "%s%u", i ? ", " : "", (unsigned)all->input[i]);
    if (input < all->all)
        error_set(
            e,
            "--input: %u: no maps of it were kept; there are maps of %s: `figure-inputs` under `data` of a battery "
            "says of which inputs they are kept",
            (unsigned)input, there.data ? there.data : "none");
    else
        error_set(e, "--input: %u: the run has %u inputs, counted from 0; there are maps of %s", (unsigned)input,
                  (unsigned)all->all, there.data ? there.data : "none");
    text_finish(&there);
    return false;
}

static bool check_inputs(struct store *s, const struct figure_request *r, struct error *e) {
    struct inputs all = {.error = e};
    bool ok = store_each_input(s, count_input, &all, e) && store_each_map(s, note_map, &all, e);

    for (size_t i = 0; ok && i < r->input_count; i++) {
        size_t k = 0;
        while (k < all.count && all.input[k] != r->inputs[i]) k++;
        if (k == all.count) ok = say_no_maps(&all, r->inputs[i], e);
    }
    free(all.input);
    return ok;
}

bool figures_check(struct store *s, const struct figure_request *r, struct error *e) {
    struct verdict_table t = {0};
    bool ok = verdict_table_load(s, &t, e) &&
              check_names("explainer", r->explainers, r->explainer_count, t.explainers, t.explainer_count, e) &&
              check_names("control", r->controls, r->control_count, t.controls, t.control_count, e) &&
              (!r->input_count || check_inputs(s, r, e));
    verdict_table_finish(&t);
    return ok;
}
