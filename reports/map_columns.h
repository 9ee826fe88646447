/* map_columns.h (private to reports/): the stages of a control of which there are maps to show. */
#ifndef ASSAY_REPORTS_MAP_COLUMNS_H
#define ASSAY_REPORTS_MAP_COLUMNS_H

#include "reports/map_set.h"

struct map_column {
    char *variant, *title; /* title: the stage */
    uint32_t stage;
};
struct map_columns {
    struct map_column *column; /* in the order of the stages, each with its first draw that has maps of the input */
    size_t count;
    const struct map_set *maps; /* borrowed, as is what follows; of the loading only */
    const char *control;
    uint32_t input;
    struct error *error;
};

bool map_columns_load(struct store *, const struct map_set *, const char *control, uint32_t input, struct map_columns *,
                      struct error *);
void map_columns_finish(struct map_columns *);

/* All maps of an explainer, the original among them, share a palette: whether one has a negative value. *any: there are
 * maps. There is at least one column. */
bool map_columns_diverge(const struct map_columns *, const struct map_set *, const char *explainer, uint32_t input,
                         bool *any);

/* The variant that a stage is compared with (plan/plan.h): the network trained on true labels for those trained again,
 * else the model. */
const char *map_original_of(const char *variant);

#endif
