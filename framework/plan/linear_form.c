/* linear_form.c: the table of forms, and their words. */
#include "plan/linear_form.h"

#define BOTH(base, shape)                                                                                              \
    {base, LINEAR_PLAIN, shape, LINEAR_IN_PLACE}, {                                                                    \
        base, LINEAR_TIMES_X, shape, LINEAR_IN_PLACE                                                                   \
    }
#define PLACED(place)                                                                                                  \
    {LINEAR_OWN, LINEAR_PLAIN, LINEAR_AS_IS, place}, {                                                                 \
        LINEAR_OWN, LINEAR_TIMES_X, LINEAR_AS_IS, place                                                                \
    }

const struct linear_form linear_forms[] = {
    BOTH(LINEAR_OWN, LINEAR_AS_IS),
    BOTH(LINEAR_OWN, LINEAR_MAGNITUDE),
    BOTH(LINEAR_OWN, LINEAR_POSITIVE),
    BOTH(LINEAR_OWN, LINEAR_SQUARE),
    {LINEAR_OWN, LINEAR_TIMES_CENTRED, LINEAR_AS_IS, LINEAR_IN_PLACE},
    {LINEAR_OWN, LINEAR_TIMES_SIGN, LINEAR_AS_IS, LINEAR_IN_PLACE},
    BOTH(LINEAR_NEXT, LINEAR_AS_IS),
    BOTH(LINEAR_FIRST, LINEAR_AS_IS),
    BOTH(LINEAR_PREDICTED, LINEAR_AS_IS),
    BOTH(LINEAR_ALL, LINEAR_AS_IS),
    BOTH(LINEAR_BESIDE_MEAN, LINEAR_AS_IS),
    BOTH(LINEAR_LOG, LINEAR_AS_IS),
    BOTH(LINEAR_PROBABILITY, LINEAR_AS_IS),
    BOTH(LINEAR_NEXT, LINEAR_MAGNITUDE),
    BOTH(LINEAR_FIRST, LINEAR_MAGNITUDE),
    BOTH(LINEAR_PREDICTED, LINEAR_MAGNITUDE),
    BOTH(LINEAR_ALL, LINEAR_MAGNITUDE),
    BOTH(LINEAR_BESIDE_MEAN, LINEAR_MAGNITUDE),
    BOTH(LINEAR_LOG, LINEAR_MAGNITUDE),
    BOTH(LINEAR_PROBABILITY, LINEAR_MAGNITUDE),
    PLACED(LINEAR_MIRRORED),
    PLACED(LINEAR_UPSIDE_DOWN),
    PLACED(LINEAR_TRANSPOSED),
    PLACED(LINEAR_RIGHT),
    PLACED(LINEAR_LEFT),
    PLACED(LINEAR_DOWN),
    PLACED(LINEAR_UP),
    {LINEAR_INPUT, LINEAR_PLAIN, LINEAR_AS_IS, LINEAR_IN_PLACE},
    {LINEAR_INPUT, LINEAR_PLAIN, LINEAR_MAGNITUDE, LINEAR_IN_PLACE},
    {LINEAR_SAME, LINEAR_PLAIN, LINEAR_AS_IS, LINEAR_IN_PLACE},
};
const size_t linear_form_count = sizeof linear_forms / sizeof *linear_forms;

static const char *const shapes[LINEAR_SHAPES] = {
    [LINEAR_AS_IS] = "",
    [LINEAR_MAGNITUDE] = "the magnitudes of ",
    [LINEAR_POSITIVE] = "the positive part of ",
    [LINEAR_SQUARE] = "the squares of ",
};

static const char *const times[LINEAR_TIMES] = {
    [LINEAR_PLAIN] = "",
    [LINEAR_TIMES_X] = "x times ",
    [LINEAR_TIMES_CENTRED] = "x less its mean, times ",
    [LINEAR_TIMES_SIGN] = "the sign of x times ",
};

static const char *const bases[LINEAR_BASES] = {
    [LINEAR_OWN] = "the weights",
    [LINEAR_NEXT] = "the weights of class t + 1",
    [LINEAR_FIRST] = "the weights of class 0",
    [LINEAR_PREDICTED] = "the weights of the predicted class",
    [LINEAR_ALL] = "the sum of all classes' weights",
    [LINEAR_BESIDE_MEAN] = "the weights less their mean over the classes",
    [LINEAR_LOG] = "the gradient of the log-probability",
    [LINEAR_PROBABILITY] = "the gradient of the softmax probability",
    [LINEAR_INPUT] = "the input",
    [LINEAR_SAME] = "one number everywhere",
};

static const char *const places[LINEAR_PLACES] = {
    [LINEAR_IN_PLACE] = "",
    [LINEAR_MIRRORED] = ", mirrored left to right",
    [LINEAR_UPSIDE_DOWN] = ", upside down",
    [LINEAR_TRANSPOSED] = ", transposed",
    [LINEAR_RIGHT] = ", one place to the right",
    [LINEAR_LEFT] = ", one place to the left",
    [LINEAR_DOWN] = ", one place further down",
    [LINEAR_UP] = ", one place further up",
};

void linear_form_add_words(const struct linear_form *f, struct text *out) {
    text_add(out, "%s%s%s%s", shapes[f->shape], times[f->times], bases[f->base], places[f->place]);
}
