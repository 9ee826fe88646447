/* accuracy.c: counts, the binomial test against chance, and the words. */
#include "measure/accuracy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA .05

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Different labels, and how often the most frequent one is there. */
static void count_labels(struct accuracy *a, uint32_t *labels, uint32_t n) {
    uint32_t run = 0;
    qsort(labels, n, sizeof *labels, by_value);
    for (uint32_t i = 0; i < n; i++) {
        bool first = i == 0 || labels[i] != labels[i - 1];
        a->classes += first;
        run = first ? 1 : run + 1;
        if (run > a->largest) a->largest = run;
    }
}

struct accuracy accuracy_count(const uint32_t *predicted, const uint32_t *labels, uint32_t n, uint32_t outputs) {
    struct accuracy a = {.outputs = outputs};
    uint32_t *sorted = labels && n ? malloc(n * sizeof *sorted) : NULL;
    if (!sorted) return a;
    a.read = n;
    for (uint32_t i = 0; i < n; i++) {
        a.right += predicted[i] == labels[i];
        sorted[i] = labels[i];
    }
    count_labels(&a, sorted, n);
    free(sorted);
    return a;
}

double accuracy_chance(const struct accuracy *a) {
    double even = a->outputs > 1 ? 1. / a->outputs : 1;
    double share = a->classes > 1 ? (double)a->largest / a->read : 0; /* of one label it would be 1, always */
    return fmax(even, share);
}

/* P(X >= k) for X ~ Binomial(n, p), 0 < p < 1. */
static double upper_tail(uint32_t k, uint32_t n, double p) {
    double term = (double)n * log1p(-p), sum = 0; /* log P(X = 0) */
    for (uint32_t i = 0; i <= n; i++) {
        if (i >= k) sum += exp(term);
        if (i < n) term += log((double)(n - i) / (i + 1)) + log(p) - log1p(-p);
    }
    return sum;
}

static bool clearly_above(uint32_t right, uint32_t read, double chance) {
    return chance < 1 && upper_tail(right, read, chance) < ALPHA;
}

enum accuracy_state accuracy_state(const struct accuracy *a) {
    if (a->read == 0) return ACCURACY_UNKNOWN;
    double chance = accuracy_chance(a);
    if (clearly_above(a->right, a->read, chance)) return ACCURACY_CLEAR;
    return clearly_above(a->read, a->read, chance) ? ACCURACY_CHANCE : ACCURACY_FEW;
}

/* The p at which P(X >= k) is `tail`; it grows with p. */
static double where_tail(uint32_t k, uint32_t n, double tail) {
    double low = 0, high = 1;
    for (int i = 0; i < 50; i++) {
        double p = (low + high) / 2;
        if (upper_tail(k, n, p) < tail) low = p;
        else high = p;
    }
    return (low + high) / 2;
}

void accuracy_interval(const struct accuracy *a, double *low, double *high) {
    *low = a->right ? where_tail(a->right, a->read, ALPHA) : 0;
    *high = a->right < a->read ? where_tail(a->right + 1, a->read, 1 - ALPHA) : 1;
}

void accuracy_add_share(struct text *t, double share) {
    char digits[32];
    double shown = share < 1 ? fmin(fabs(share), share < 0 ? INFINITY : .994) : share;
    snprintf(digits, sizeof digits, shown < 1e6 ? "%.2f" : "%.3g", shown);
    bool none = strcmp(digits, "0.00") == 0;
    text_add(t, "%s%s", share < 0 && !none ? "-" : "", digits[0] == '0' ? digits + 1 : digits);
}

void accuracy_add_sentence(struct text *t, const struct accuracy *a) {
    if (accuracy_state(a) == ACCURACY_UNKNOWN) {
        text_add(t, "how often the network is right: no labels: not known");
        return;
    }
    text_add(t, "the network is right on %u of %u read (accuracy ", a->right, a->read);
    accuracy_add_share(t, (double)a->right / a->read);
    text_add(t, ")%s", accuracy_state(a) == ACCURACY_FEW ? ": too few to tell it from chance" : "");
}

void accuracy_add_warning(struct text *t, const struct accuracy *a) {
    enum accuracy_state state = accuracy_state(a);
    bool below = state == ACCURACY_FEW && a->right < accuracy_chance(a) * a->read;
    if (state != ACCURACY_CHANCE && !below) return;
    double low, high;
    accuracy_interval(a, &low, &high);
    text_add(t, "the accuracy is ");
    accuracy_add_share(t, (double)a->right / a->read);
    text_add(t, " (90 %% interval ");
    accuracy_add_share(t, low);
    text_add(t, " to ");
    accuracy_add_share(t, high);
    text_add(t, below ? "), on these few samples below chance, which is " : "), not clearly above chance, which is ");
    accuracy_add_share(t, accuracy_chance(a));
    text_add(t,
             " (%s): check the preprocessing, the order of the channels (RGB or BGR), the layout (channels first or "
             "last), and whether labels count from 0, in the order of the outputs; or give more samples",
             accuracy_chance(a) * a->outputs > 1 + 1e-9 ? "the most frequent label every time"
                                                        : "a guess among the outputs");
}
