/* setup.h: from a battery to a run that is ready to fork. Every complaint about the battery, its files and plugins
 * comes from here, before anything ran. */
#ifndef ASSAY_EXPERIMENT_SETUP_H
#define ASSAY_EXPERIMENT_SETUP_H

#include "experiment/options.h"
#include "experiment/state.h"

bool setup_run(struct run *, const struct run_options *, const struct control *const *controls, struct error *);
void setup_finish(struct run *);

/* The accuracy is that of so many at least, where there are as many: 95 % intervals of +- 10 points at most. What the
 * selection reads beyond counts too. It costs one forward pass for each. */
#define SETUP_READ_LEAST 100u

/* Takes the inputs of a root: `wanted` samples spread over the classes, in an order that depends on the seed only. With
 * `only_correct` those the network classifies correctly. Nothing for the linear model where no control asks for it. */
bool setup_inputs(struct run *, enum root, struct error *);

/* Whether any control of the battery trains networks. */
bool setup_needs_labels(const struct run *);

/* Draws [from, to) of control `index` into the plan. */
bool setup_expand(struct run *, uint32_t index, uint32_t from, uint32_t to, struct error *);

#endif
