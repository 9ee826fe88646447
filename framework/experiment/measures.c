/* measures.c: names of measures, looked up. */
#include "experiment/measures.h"

#include "base/text.h"
#include "measure/measure.h"

#include <stdlib.h>
#include <string.h>

static bool unknown(const struct battery *b, const struct battery_measure *m, struct error *e) {
    const char **names = calloc(measure_count() + 1, sizeof *names);
    if (!names) return error_memory(e);
    for (size_t k = 0; measures[k]; k++) names[k] = measures[k]->id;
    const char *near = text_nearest(m->id, names, measure_count());
    battery_fail(b, m->location, e, "there is no measure '%s'%s%s%s", excerpt_of(m->id).text,
                 near ? ": did you mean '" : ": see 'assay list measures'", near ? near : "", near ? "'?" : "");
    free(names);
    return false;
}

bool measures_choose(const struct battery *b, unsigned *more, struct error *e) {
    *more = 0;
    for (size_t k = 0; k < b->measure_count; k++) {
        size_t m = 0;
        while (measures[m] && strcmp(measures[m]->id, b->measures[k].id) != 0) m++;
        if (!measures[m]) return unknown(b, &b->measures[k], e);
        if (measures[m]->chosen) *more |= 1u << m;
    }
    return true;
}
