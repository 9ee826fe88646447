/* why_checks.c: rows of the store as they are, those that are furthest off first. */
#include "reports/why_checks.h"

#include "base/array.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
    char *what, *id;
    uint32_t input;
    double worst, tolerance;
    bool holds;
};

struct outcomes {
    const struct verdict_row *verdict;
    struct outcome *list;
    size_t count;
    struct error *error;
};

static bool take(void *user, const struct check_row *r) {
    struct outcomes *o = user;
    if (strcmp(r->explainer, o->verdict->explainer) != 0 || strcmp(r->control, o->verdict->control) != 0 ||
        isnan(r->worst)) /* a reading that was not needed */
        return true;
    struct outcome *more = array_grow(o->list, o->count, sizeof *more);
    if (!more) return error_memory(o->error);
    o->list = more;
    o->list[o->count++] =
        (struct outcome){text_copy(r->what), text_copy(r->id), r->input, r->worst, r->tolerance, r->holds};
    return (o->list[o->count - 1].what && o->list[o->count - 1].id) || error_memory(o->error);
}

/* How far beyond what is allowed; without a limit last. */
static double excess(const struct outcome *o) {
    return isnan(o->tolerance) ? -1 : o->tolerance > 0 ? o->worst / o->tolerance : o->worst;
}

static int by_excess(const void *a, const void *b) {
    const struct outcome *x = a, *y = b;
    double ex = excess(x), ey = excess(y);
    if (ex != ey) return ex < ey ? 1 : -1;
    int id = strcmp(x->id, y->id);
    return id ? id : (x->input > y->input) - (x->input < y->input);
}

#define MOST_SHOWN 40u

static void put_outcomes(const struct outcomes *o, FILE *out) {
    size_t shown = o->count < MOST_SHOWN ? o->count : MOST_SHOWN;
    fprintf(out, "\nChecks, those that are furthest off first (%zu of %zu)\n", shown, o->count);
    for (size_t k = 0; k < shown; k++) {
        const struct outcome *c = &o->list[k];
        fprintf(out, "  %s [%u]: %.4g", c->what, c->input, c->worst);
        if (!isnan(c->tolerance))
            fprintf(out, ", %.4g allowed: %s", c->tolerance, c->holds ? "holds" : "does not hold");
        fputc('\n', out);
    }
}

/* Twins and other classes: each stage is a network or question of its own. */
static void put_similarities(const struct evidence *e, FILE *out) {
    fputs("\nSimilarity with the original map, by stage and view\n", out);
    for (uint32_t stage = 0; stage < e->stages; stage++)
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            const double *s = evidence_similar(e, 0, (enum view)v, stage);
            double sum = 0, least = INFINITY;
            uint32_t count = 0, at = 0;
            for (uint32_t i = 0; i < e->inputs * e->draws; i++) {
                if (isnan(s[i])) continue;
                sum += s[i];
                count++;
                if (s[i] < least) least = s[i], at = i % e->inputs;
            }
            if (count)
                fprintf(out, "  %s, %s: mean %.3f of %u, least %.3f (input %u)\n", e->stage[stage],
                        view_name((enum view)v), sum / count, count, least, e->input[at]);
        }
}

bool why_checks(struct store *s, const struct verdict_row *verdict, const struct evidence *e, FILE *out,
                struct error *error) {
    struct outcomes o = {.verdict = verdict, .error = error};
    bool ok = store_each_check(s, take, &o, error);
    if (ok && e->stages) put_similarities(e, out);
    if (ok && o.count) {
        qsort(o.list, o.count, sizeof *o.list, by_excess);
        put_outcomes(&o, out);
    }
    for (size_t k = 0; k < o.count; k++) {
        free(o.list[k].what);
        free(o.list[k].id);
    }
    free(o.list);
    return ok;
}
