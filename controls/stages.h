/* stages.h: what the two weight randomisations have in common: which layers form a stage, in which order, and the draws
 * of a stage in the plan. */
#ifndef ASSAY_CONTROLS_STAGES_H
#define ASSAY_CONTROLS_STAGES_H

#include "plan/control.h"

/* Options of both, in this order. */
#define STAGES_OPTIONS                                                                                                 \
    CONTROL_INIT_OPTIONS,                                                                                              \
        {.name = "groups",                                                                                             \
         .kind = OPTION_TEXT,                                                                                          \
         .summary = "stages from the output down, such as 'layer4=layer4.*, layer3=layer3.*': NAME=PATTERN "           \
                    "PATTERN... "                                                                                      \
                    "or auto: the modules that their names tell (default: every layer a stage)"},                      \
        {.name = "classifier",                                                                                         \
         .summary =                                                                                                    \
             "the last layer: where the groups have it, a stage of its own before all others, or never drawn anew",    \
         .kind = OPTION_CHOICE,                                                                                        \
         .choice = stages_classifier_choice},                                                                          \
    {                                                                                                                  \
        .name = "antithetic",                                                                                          \
        .summary = "a draw of the last layer is the pair (W, -W), whose similarities are averaged; auto: where there " \
                   "are at most 5 outputs",                                                                            \
        .kind = OPTION_CHOICE, .choice = stages_antithetic_choice                                                      \
    }
const char *stages_classifier_choice(size_t k);
const char *stages_antithetic_choice(size_t k);

struct stages {
    uint32_t count, layer_count;
    char **names;  /* [count] */
    bool *layers;  /* [count][layer_count]: the stage's own layers */
    bool complete; /* every layer of the graph is in some stage */
    bool floor;    /* there is one to measure: more than one input */
    bool pairs;    /* draws of the last layer are antithetic pairs */
};

/* A layer belongs to the first stage that matches it. A pattern that matches no layer left is an error with its place
 * in the battery. Where all that it matches is the layer that `classifier` took, it adds nothing. */
bool stages_create(const struct graph *, const struct control *, const struct control_values *, const struct battery *,
                   struct stages *out, struct error *);
void stages_finish(struct stages *);
/* For control.settle: `groups: auto` becomes the list of them. Warns of a group with a layer of another between its
 * own, and advises groups where stages are many layers. */
bool stages_settle(const struct graph *, const struct control *, const struct battery *, struct control_values *,
                   struct text *said, struct error *);

/* One draw of one stage: with few outputs the sign of the last layer decides how an honest gradient comes out;
 * antithetic pairs of it (W, -W) cancel that exactly (docs/verdict.md, caveat 2), and count as one draw. Below the last
 * layer there is nothing to pair. `layers`: which are new; need not be the stage's own alone. */
bool stages_draw(struct plan *, uint32_t control, const struct stages *, uint32_t stage, const char *name,
                 const bool *layers, const struct init_options *, unsigned wants, struct error *);

/* Draws from `from` to below `to` of all stages, one more layer or group at a time, and the floor: from the output
 * down, or `upward` from the input. For control.expand, whose arguments these are. */
bool stages_cascade(struct plan *, uint32_t index, const struct control *, const struct control_values *,
                    const struct battery *, bool upward, uint32_t from, uint32_t to, struct error *);

/* The fully randomised network, for the floor alone: a partly randomised one shares the untouched weights. */
bool stages_floor(struct plan *, uint32_t control, const struct stages *, const struct init_options *, struct error *);

#endif
