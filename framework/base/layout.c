/* layout.c: the table of layouts, and what follows from one. */
#include "base/layout.h"

const struct layout_kind layout_features = {
    .name = "features", .form = "features", .position = "feature", .rank = 1, .figure = LAYOUT_BARS};
const struct layout_kind layout_sequence = {.name = "sequence",
                                            .form = "channels x length",
                                            .position = "position",
                                            .rank = 2,
                                            .channels = true,
                                            .letters = true,
                                            .figure = LAYOUT_LINE};
const struct layout_kind layout_picture = {.name = "picture",
                                           .form = "channels x height x width",
                                           .position = "pixel",
                                           .rank = 3,
                                           .channels = true,
                                           .plane = true,
                                           .figure = LAYOUT_IMAGE};
const struct layout_kind layout_volume = {.name = "volume",
                                          .form = "channels x depth x height x width",
                                          .position = "voxel",
                                          .rank = 4,
                                          .channels = true,
                                          .figure = LAYOUT_SLICE};

static const struct layout_kind *const kinds[] = {&layout_features, &layout_sequence, &layout_picture, &layout_volume};

struct layout layout_of(const struct shape *sample) {
    struct layout l = {.kind = &layout_features, .channels = 1, .height = 1};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (kinds[k]->rank == sample->rank) l.kind = kinds[k];
    if (l.kind->channels) l.channels = sample->dim[0];
    l.positions = shape_count_from(sample, l.kind->channels ? 1 : 0);
    if (l.kind->plane) l.height = sample->dim[1];
    l.width = l.height ? l.positions / l.height : 0;
    return l;
}

bool layout_one_hot(const struct layout *l, const float *x) {
    bool any = false;

    if (!l->kind->letters || l->channels < 2) return false;
    for (size_t p = 0; p < l->positions; p++) {
        size_t ones = 0;
        for (size_t c = 0; c < l->channels; c++) {
            float value = x[c * l->positions + p];
            if (value != 0 && value != 1) return false;
            ones += value == 1;
        }
        if (ones > 1) return false;
        any = any || ones == 1;
    }
    return any;
}

bool layout_fits(const struct shape *a, const struct shape *b) {
    bool flat = a->rank == 1 || b->rank == 1;
    return shape_equal(a, b) || (flat && shape_count(a) == shape_count(b));
}
