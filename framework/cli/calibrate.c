/* calibrate.c: rows with known answers, counts of their words, and intervals. */
#include "cli/calibrate.h"

#include "measure/interval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DOSE(what, text, share)                                                                                        \
    { what " " text, "mixture:content=" what ",dose=" text, CALIBRATE_DOSE, what, share }

/* Mixtures by dose stand one behind the other. */
const struct calibrate_row calibrate_rows[] = {
    {"gradient", "gradient", CALIBRATE_HONEST, NULL, 0},
    {"saliency", "saliency", CALIBRATE_HONEST, NULL, 0},
    {"input-x-gradient", "input-x-gradient", CALIBRATE_HONEST, NULL, 0},
    {"integrated-gradients", "integrated-gradients:steps=20", CALIBRATE_HONEST, NULL, 0},
    {"smoothgrad", "smoothgrad:samples=40", CALIBRATE_HONEST, NULL, 0},
    {"occlusion", "occlusion", CALIBRATE_HONEST, NULL, 0},
    {"grad-cam", "grad-cam", CALIBRATE_HONEST, NULL, 0},
    {"edge-detector", "edge-detector", CALIBRATE_BAD, NULL, 0},
    {"input", "input", CALIBRATE_BAD, NULL, 0},
    {"random-noise", "random-noise", CALIBRATE_BAD, NULL, 0},
    {"mostly edges", "mixture:content=edges,dose=0.8", CALIBRATE_BAD, NULL, 0},
    {"mostly input", "mixture:content=input,dose=0.8", CALIBRATE_BAD, NULL, 0},
    {"mostly prior", "mixture:content=prior,dose=0.8", CALIBRATE_BAD, NULL, 0},
    DOSE("edges", "0.1", .1),
    DOSE("edges", "0.3", .3),
    DOSE("edges", "0.5", .5),
    DOSE("edges", "0.7", .7),
    DOSE("prior", "0.1", .1),
    DOSE("prior", "0.3", .3),
    DOSE("prior", "0.5", .5),
    DOSE("prior", "0.7", .7),
};
const size_t calibrate_row_count = sizeof calibrate_rows / sizeof *calibrate_rows;

/* ---- rates ---- */

/* P(X <= hits), X ~ Binomial(n, p). */
static double at_most(size_t hits, size_t n, double p) {
    double sum = 0;
    for (size_t k = 0; k <= hits; k++)
        sum += exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) +
                   (k ? (double)k * log(p) : 0) + (double)(n - k) * log1p(-p));
    return sum;
}

double calibrate_bound(size_t hits, size_t n, double alpha) {
    double low = 0, high = 1;
    if (hits >= n) return 1;
    for (int k = 0; k < 60; k++) {
        double p = (low + high) / 2;
        if (at_most(hits, n, p) > alpha) low = p;
        else high = p;
    }
    return high;
}

static bool is_word(const char *word, enum verdict_word wanted) {
    return word && strcmp(word, verdict_word_name(wanted)) == 0;
}

static bool is_judged(const char *word) {
    return word && !is_word(word, VERDICT_SKIP);
}

/* Rows of that kind that one network was judged on, and those with the word. */
static size_t count_rows(const struct calibrate_network *n, enum calibrate_kind kind, enum verdict_word word,
                         size_t *hits) {
    size_t rows = 0;
    *hits = 0;
    for (size_t k = 0; k < calibrate_row_count; k++) {
        if (calibrate_rows[k].kind != kind || !is_judged(n->words[k])) continue;
        rows++;
        *hits += is_word(n->words[k], word);
    }
    return rows;
}

/* Every kind once: at its first network. */
static struct calibrate_clusters count_kinds(const struct calibration *c, enum calibrate_kind kind,
                                             enum verdict_word word) {
    struct calibrate_clusters kinds = {0};
    for (size_t n = 0; n < c->count; n++) {
        size_t rows = 0, hits = 0, first = 0;
        while (strcmp(c->networks[first].kind, c->networks[n].kind) != 0) first++;
        for (size_t k = n; first == n && k < c->count; k++) {
            size_t more;
            if (strcmp(c->networks[k].kind, c->networks[n].kind) != 0) continue;
            rows += count_rows(&c->networks[k], kind, word, &more);
            hits += more;
        }
        kinds.all += rows > 0;
        kinds.hits += hits > 0;
    }
    kinds.most = calibrate_bound(kinds.hits, kinds.all, .05);
    return kinds;
}

struct calibrate_rate calibrate_rate_of(const struct calibration *c, enum calibrate_kind kind, enum verdict_word word) {
    struct calibrate_rate r = {.share = (double)NAN, .lower = (double)NAN, .upper = (double)NAN};
    double sum = 0, squares = 0;
    for (size_t n = 0; n < c->count; n++) {
        size_t hits, rows = count_rows(&c->networks[n], kind, word, &hits);
        if (!rows) continue;
        double share = (double)hits / (double)rows;
        r.rows += rows;
        r.hits += hits;
        r.networks.all++;
        r.networks.hits += hits > 0;
        sum += share;
        squares += share * share;
    }
    double n = (double)r.networks.all;
    r.networks.most = calibrate_bound(r.networks.hits, r.networks.all, .05);
    r.kinds = count_kinds(c, kind, word);
    if (r.networks.all) r.share = sum / n;
    if (r.networks.all < 2) return r;
    double half = student_quantile(.975, n - 1) * sqrt(fmax(squares - sum * sum / n, 0) / (n - 1) / n);
    r.lower = fmax(0, r.share - half);
    r.upper = fmin(1, r.share + half);
    return r;
}

bool calibrate_has_errors(const struct calibration *c) {
    return calibrate_rate_of(c, CALIBRATE_HONEST, VERDICT_FAIL).hits > 0 ||
           calibrate_rate_of(c, CALIBRATE_BAD, VERDICT_PASS).hits > 0;
}

/* ---- in words ---- */

static void print_rate(FILE *out, const char *what, struct calibrate_rate r) {
    fprintf(out,
            "%-37s %zu of %zu rows, on %zu of %zu networks (at most %.0f %%), %zu of %zu kinds (at most %.0f %%)\n",
            what, r.hits, r.rows, r.networks.hits, r.networks.all, 100 * r.networks.most, r.kinds.hits, r.kinds.all,
            100 * r.kinds.most);
}

static void print_share(FILE *out, const char *what, struct calibrate_rate r) {
    fprintf(out, "%-37s %zu of %zu rows", what, r.hits, r.rows);
    if (!isnan(r.lower))
        fprintf(out, ": %.0f %% of a network's (%.0f to %.0f %%)", 100 * r.share, 100 * r.lower, 100 * r.upper);
    fputc('\n', out);
}

/* row: of words, which has two of each. */
static size_t count_words(const struct calibration *c, size_t row, enum verdict_word word) {
    size_t n = 0;
    for (size_t k = 0; k < c->count; k++) n += is_word(c->networks[k].words[row], word);
    return n;
}

static void print_dose(const struct calibration *c, size_t row, FILE *out) {
    size_t pass = count_words(c, row, VERDICT_PASS), open = count_words(c, row, VERDICT_INCONCLUSIVE),
           fail = count_words(c, row, VERDICT_FAIL), all = 0;
    char text[64];
    for (size_t n = 0; n < c->count; n++) all += is_judged(c->networks[n].words[row]);
    snprintf(text, sizeof text, "%zu / %zu / %zu / %zu", pass, open, fail, all - pass - open - fail);
    fprintf(out, "  %-18s", text);
}

static void print_doses(const struct calibration *c, FILE *out) {
    fputs("\nDose and response: networks with PASS / INCONCLUSIVE / FAIL / another word\n", out);
    fprintf(out, "%-22s  %-18s  %s\n", "", "cascading", "overall");
    for (size_t k = 0; k < calibrate_row_count; k++) {
        if (calibrate_rows[k].kind != CALIBRATE_DOSE) continue;
        fprintf(out, "  %s in %.1f parts  ", calibrate_rows[k].content, calibrate_rows[k].dose);
        print_dose(c, calibrate_row_count + k, out);
        print_dose(c, k, out);
        fputc('\n', out);
    }
}

static void print_rows(const struct calibration *c, FILE *out) {
    static const char *const titles[] = {"Honest rows", "Rows that must not pass"};
    for (int kind = CALIBRATE_HONEST; kind < CALIBRATE_DOSE; kind++) {
        fprintf(out, "\n%-24s", titles[kind]);
        for (int w = 0; w < VERDICT_WORDS; w++) fprintf(out, " %13s", verdict_word_name((enum verdict_word)w));
        fputc('\n', out);
        for (size_t k = 0; k < calibrate_row_count; k++) {
            if ((int)calibrate_rows[k].kind != kind) continue;
            fprintf(out, "  %-22s", calibrate_rows[k].name);
            for (int w = 0; w < VERDICT_WORDS; w++) fprintf(out, " %13zu", count_words(c, k, (enum verdict_word)w));
            fputc('\n', out);
        }
    }
}

static void print_networks(const struct calibration *c, FILE *out) {
    fputs("\nNetworks: accuracy on samples that were not trained on; honest rows that do not PASS\n", out);
    for (size_t n = 0; n < c->count; n++) {
        const struct calibrate_network *network = &c->networks[n];
        bool any = false;
        fprintf(out, "  %-28s %.2f ", network->name, network->accuracy);
        for (size_t k = 0; k < calibrate_row_count; k++) {
            const char *word = network->words[k];
            if (calibrate_rows[k].kind != CALIBRATE_HONEST || !is_judged(word) || is_word(word, VERDICT_PASS)) continue;
            fprintf(out, "%s %s %s", any ? "," : "", calibrate_rows[k].name, word);
            any = true;
        }
        fputs(any ? "\n" : " none\n", out);
    }
}

void calibrate_print(const struct calibration *c, FILE *out) {
    fprintf(out, "%zu networks; bounds and intervals at 95 %%, clustered by network\n\n", c->count);
    print_rate(out, "false alarms (FAIL of honest rows):", calibrate_rate_of(c, CALIBRATE_HONEST, VERDICT_FAIL));
    print_rate(out, "misses (PASS of what must not):", calibrate_rate_of(c, CALIBRATE_BAD, VERDICT_PASS));
    print_share(out, "undecided (INCONCLUSIVE, honest):", calibrate_rate_of(c, CALIBRATE_HONEST, VERDICT_INCONCLUSIVE));
    print_share(out,
                "cannot be judged (UNINFORMATIVE):", calibrate_rate_of(c, CALIBRATE_HONEST, VERDICT_UNINFORMATIVE));
    print_share(out, "could not run (ERROR, honest):", calibrate_rate_of(c, CALIBRATE_HONEST, VERDICT_ERROR));
    print_doses(c, out);
    print_rows(c, out);
    print_networks(c, out);
}

void calibrate_print_csv(const struct calibration *c, FILE *out) {
    static const char *const kinds[] = {"honest", "must not pass", "dose"};
    fputs("network,accuracy,row,kind,dose,verdict\n", out);
    for (size_t n = 0; n < c->count; n++)
        for (size_t k = 0; k < calibrate_row_count; k++)
            fprintf(out, "\"%s\",%.4f,\"%s\",\"%s\",%.1f,\"%s\"\n", c->networks[n].name, c->networks[n].accuracy,
                    calibrate_rows[k].name, kinds[calibrate_rows[k].kind], calibrate_rows[k].dose,
                    c->networks[n].words[k] ? c->networks[n].words[k] : "");
}
