/* calibrate.h: what `assay calibrate` asks of every network, and what came of it. */
#ifndef ASSAY_CLI_CALIBRATE_H
#define ASSAY_CLI_CALIBRATE_H

#include "battery/rule.h"
#include "base/error.h"

#include <stdio.h>

enum calibrate_kind {
    CALIBRATE_HONEST, /* a FAIL is a false alarm */
    CALIBRATE_BAD,    /* a PASS is a miss */
    CALIBRATE_DOSE    /* dose parts of what no model had a part in: any word, by the dose */
};

struct calibrate_row {
    const char *name, *spec;
    enum calibrate_kind kind;
    const char *content; /* of CALIBRATE_DOSE */
    double dose;
};

extern const struct calibrate_row calibrate_rows[];
extern const size_t calibrate_row_count;

/* One network, trained from one seed, and the overall word of each row. */
struct calibrate_network {
    char name[48];    /* "cnn, seed 2" */
    const char *kind; /* "cnn" */
    double accuracy;
    const char **words; /* [2][calibrate_row_count]: overall, and under the cascade; NULL: the run had none */
};

struct calibration {
    struct calibrate_network *networks;
    size_t count;
};

/* Some rows of a network, or some networks of a kind: how many had one, of how many. */
struct calibrate_clusters {
    size_t hits, all;
    double most; /* one-sided 95 % bound of their share (Clopper-Pearson) */
};

/* How often something happened, with networks as what is drawn at random: rows of one network share its weights and its
 * inputs. Networks of one kind differ by their seed alone: kinds are counted, too. */
struct calibrate_rate {
    size_t rows, hits;
    struct calibrate_clusters networks, kinds; /* with at least one */
    double share, lower, upper;                /* of rows: 95 % interval of the mean over networks (Student's t) */
};
/* Of rows of that kind that were judged (no SKIP): those with the word. */
struct calibrate_rate calibrate_rate_of(const struct calibration *, enum calibrate_kind, enum verdict_word);
/* Smallest p with P(X <= hits) <= alpha for X ~ Binomial(n, p); 1 where hits == n. */
double calibrate_bound(size_t hits, size_t n, double alpha);

/* False alarms, misses, undecided rows, dose and response, words of every row, networks. */
void calibrate_print(const struct calibration *, FILE *);
/* A line for each network and row. */
void calibrate_print_csv(const struct calibration *, FILE *);
/* False alarms or misses. */
bool calibrate_has_errors(const struct calibration *);

#endif
