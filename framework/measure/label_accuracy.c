/* label_accuracy.c: counts, the base rate, its bound, and the words. */
#include "measure/label_accuracy.h"

#include "measure/accuracy.h"
#include "measure/interval.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA .05
#define FEWEST 5u /* of fewer, not even all better than the base rate would be clear: 2^-4 is above ALPHA */

struct counts {
    const float *flags, *logits; /* logits NULL: right on every label */
    uint32_t n, labels;
    bool *frequent; /* [labels]: the label is there in more than half of the samples */
};

static bool find_frequent(struct counts *c) {
    c->frequent = malloc(c->labels * sizeof *c->frequent);
    for (size_t k = 0; c->frequent && k < c->labels; k++) {
        uint32_t there = 0;
        for (size_t i = 0; i < c->n; i++) there += c->flags[i * c->labels + k] > 0;
        c->frequent[k] = there > c->n - there;
    }
    return c->frequent != NULL;
}

/* Of sample i: labels that the network is right on, and that the base rate's answers are right on. */
static uint32_t right_of(const struct counts *c, size_t i, uint32_t *base) {
    uint32_t right = 0;
    *base = 0;
    for (size_t k = 0; k < c->labels; k++) {
        bool there = c->flags[i * c->labels + k] > 0;
        right += !c->logits || (c->logits[i * c->labels + k] > 0) == there;
        *base += c->frequent[k] == there;
    }
    return right;
}

/* Of the mean over samples of what the network is right on more than the base rate. */
static double lower_bound(const struct counts *c) {
    double mean = 0, squares = 0;
    uint32_t base;
    if (c->n < 2) return (double)NAN;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->n; i++) {
            double right = right_of(c, i, &base), gain = (right - base) / c->labels;
            if (pass == 0) mean += gain / c->n;
            else squares += (gain - mean) * (gain - mean);
        }
    const struct interval interval = {mean, squares / (c->n - 1.) / c->n, c->n - 1.};
    return interval_lower(&interval, ALPHA);
}

double label_base_rate(const float *flags, uint32_t n, uint32_t labels) {
    struct counts c = {.flags = flags, .n = n, .labels = labels};
    uint64_t right = 0;
    uint32_t base;
    if (!n || !find_frequent(&c)) return (double)NAN;
    for (size_t i = 0; i < n; i++) {
        right_of(&c, i, &base);
        right += base;
    }
    free(c.frequent);
    return (double)right / n / labels;
}

struct label_accuracy label_accuracy_count(const float *flags, const float *logits, uint32_t n, uint32_t labels) {
    struct counts c = {flags, logits, n, labels, NULL}, all_right = {flags, NULL, n, labels, NULL};
    struct label_accuracy a = {.labels = labels, .base = (double)NAN, .lower = (double)NAN};
    uint32_t base;
    if (!flags || !n || !find_frequent(&c)) return a;
    all_right.frequent = c.frequent;
    a.read = n;
    for (size_t i = 0; i < n; i++) a.right += right_of(&c, i, &base);
    a.base = label_base_rate(flags, n, labels);
    a.lower = lower_bound(&c);
    a.few = n < FEWEST || !(lower_bound(&all_right) > 0);
    free(c.frequent);
    return a;
}

enum label_accuracy_state label_accuracy_state(const struct label_accuracy *a) {
    if (a->read == 0) return LABELS_UNKNOWN;
    if (a->lower > 0) return LABELS_CLEAR;
    return a->few ? LABELS_FEW : LABELS_CHANCE;
}

static double share_of(const struct label_accuracy *a) {
    return (double)a->right / a->read / a->labels;
}

void label_accuracy_add_sentence(struct text *t, const struct label_accuracy *a) {
    if (label_accuracy_state(a) == LABELS_UNKNOWN) {
        text_add(t, "how often the network is right: no labels: not known");
        return;
    }
    text_add(t, "the network is right on %llu of %llu labels of %u read (accuracy ", (unsigned long long)a->right,
             (unsigned long long)a->read * a->labels, a->read);
    accuracy_add_share(t, share_of(a));
    text_add(t, ", base rate ");
    accuracy_add_share(t, a->base);
    text_add(t, ")%s", label_accuracy_state(a) == LABELS_FEW ? ": too few to tell it from the base rate" : "");
}

void label_accuracy_add_warning(struct text *t, const struct label_accuracy *a) {
    enum label_accuracy_state state = label_accuracy_state(a);
    if (!(state == LABELS_CHANCE || (state == LABELS_FEW && share_of(a) < a->base))) return;
    text_add(t, state == LABELS_FEW ? "the accuracy of these few samples is below the base rate ("
                                    : "the accuracy is not clearly above the base rate (");
    accuracy_add_share(t, a->base);
    text_add(t, "): check the preprocessing, the order of the channels or columns, and which output is which label");
}
