/* linear_form.h: what a map of a linear model may be: the weights, or something that is made of them or of the input.
 * The study measures which one it is (controls/linear_form.c), the rule puts it into words (judge/linear.c). */
#ifndef ASSAY_PLAN_LINEAR_FORM_H
#define ASSAY_PLAN_LINEAR_FORM_H

#include "base/text.h"

#include <stddef.h>

/* Rows of f_c(x) = w_c.x + b_c; t is the class that is asked for. */
enum linear_base {
    LINEAR_OWN,         /* w_t */
    LINEAR_NEXT,        /* w of class t + 1, modulo the classes */
    LINEAR_FIRST,       /* w of class 0 */
    LINEAR_PREDICTED,   /* w of the class of the largest logit */
    LINEAR_ALL,         /* the sum of all rows */
    LINEAR_BESIDE_MEAN, /* w_t less the mean row */
    LINEAR_LOG,         /* gradient of the logarithm of the softmax probability */
    LINEAR_PROBABILITY, /* gradient of the softmax probability */
    LINEAR_INPUT,       /* x */
    LINEAR_SAME,        /* the same number everywhere */
    LINEAR_BASES
};

enum linear_times { LINEAR_PLAIN, LINEAR_TIMES_X, LINEAR_TIMES_CENTRED, LINEAR_TIMES_SIGN, LINEAR_TIMES };

enum linear_shape { LINEAR_AS_IS, LINEAR_MAGNITUDE, LINEAR_POSITIVE, LINEAR_SQUARE, LINEAR_SHAPES };

/* Where the elements lie. The last five want a plane or a row. */
enum linear_place {
    LINEAR_IN_PLACE,
    LINEAR_MIRRORED,
    LINEAR_UPSIDE_DOWN,
    LINEAR_TRANSPOSED,
    LINEAR_RIGHT,
    LINEAR_LEFT,
    LINEAR_DOWN,
    LINEAR_UP,
    LINEAR_PLACES
};

struct linear_form {
    enum linear_base base;
    enum linear_times times;
    enum linear_shape shape;
    enum linear_place place;
};

/* In the order in which they are tried: where a map is two of them, the first is meant. */
extern const struct linear_form linear_forms[];
extern const size_t linear_form_count;

/* "the magnitudes of x times the weights of class t + 1" */
void linear_form_add_words(const struct linear_form *, struct text *);

#endif
