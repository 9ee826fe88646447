/* What all networks with planted evidence have: shapes and memory. */
#include "controls/planted.h"

#include "base/layout.h"

#include <stdlib.h>

#define SIDE 28u
#define LENGTH 96u
#define LETTERS 4u

enum study_outcome planted_init(struct planted *p, const struct study_case *c, struct error *e) {
    const struct layout l = layout_of(c->sample);
    *p = (struct planted){.channels = 1, .height = 1, .width = LENGTH};
    if (l.kind == &layout_picture) {
        p->channels = l.channels;
        p->height = p->width = SIDE;
        p->sample = (struct shape){3, {p->channels, SIDE, SIDE}};
    } else if (l.kind == &layout_sequence) {
        p->channels = LETTERS;
        p->sample = (struct shape){2, {LETTERS, LENGTH}};
    } else if (l.kind == &layout_features) p->sample = (struct shape){1, {LENGTH}};
    else {
        error_set(e, "There is no network with planted evidence for a %s.", l.kind->name);
        return STUDY_UNSUPPORTED;
    }
    p->plane = p->height * p->width;
    p->count = p->channels * p->plane;
    p->x = calloc((PLANTED_INPUTS + PLANTED_MOVED) * p->count, sizeof *p->x);
    p->where = calloc(PLANTED_INPUTS * p->plane, sizeof *p->where);
    p->targets = calloc(PLANTED_INPUTS, sizeof *p->targets);
    if (!p->x || !p->where || !p->targets) return study_memory(e);
    p->moved = p->x + PLANTED_INPUTS * p->count;
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) p->targets[i] = i % PLANTED_CLASSES;
    return STUDY_DONE;
}

void planted_finish(struct planted *p) {
    own_network_finish(&p->network);
    free(p->x);
    free(p->where);
    free(p->targets);
}
