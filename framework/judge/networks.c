/* networks.c: L0 of docs/verdict.md: whether the trained networks are a control at all. */
#include "judge/gates.h"

#include <math.h>

static const char *score_name(const struct judge_case *c) {
    return c->view->task == TASK_REGRESSION ? "R2" : "accuracy";
}

/* How well a network does on test data. Below an R2 of 0, which the mean of the targets reaches, how far says nothing:
 * what memorised permuted targets is off by any amount. */
static double test_score(const struct judge_case *c, const struct network *n) {
    return c->view->task == TASK_REGRESSION ? fmax(n->test_accuracy, 0) : n->test_accuracy;
}

static bool gate_network(const struct judge_case *c, enum network_kind kind, uint32_t draw, struct judgement *j) {
    const struct network *n = view_network(c->view, kind, draw);
    if (!n || n->failure)
        judgement_say(j, VERDICT_ERROR, "No control: network %s/%u could not be trained: %s", network_kind_name(kind),
                      draw, n ? n->failure : "it is missing");
    else if (!(n->train_accuracy >= c->constants->memorised))
        judgement_say(
            j, VERDICT_ERROR, "No control: network %s/%u reached training %s %.3f after %u epochs; %.2f is needed.",
            network_kind_name(kind), draw, score_name(c), n->train_accuracy, n->epochs, c->constants->memorised);
    else return false;
    return true;
}

/* Those that the plan asks for. */
static bool gate_trained(const struct judge_case *c, struct judgement *j) {
    const struct plan *p = c->view->plan;
    if (gate_network(c, NETWORK_TRUE, 0, j)) return true;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct model_transform *m = &p->attributions[p->uses[i].attribution].model;
        if (p->uses[i].control == c->control && m->kind == MODEL_RETRAINED &&
            gate_network(c, m->network, m->network_draw, j))
            return true;
    }
    return false;
}

/* Of the permuted networks of the plan: the mean test score, and its standard error. */
static double permuted_score(const struct judge_case *c, double *error) {
    const struct plan *p = c->view->plan;
    double sum = 0, squares = 0, n = 0;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct model_transform *m = &p->attributions[p->uses[i].attribution].model;
        if (p->uses[i].control != c->control || m->kind != MODEL_RETRAINED || m->network != NETWORK_PERMUTED) continue;
        double a = test_score(c, view_network(c->view, m->network, m->network_draw));
        sum += a;
        squares += a * a;
        n++;
    }
    double mean = sum / n;
    *error = n > 1 ? sqrt(fmax(squares / n - mean * mean, 0) / (n - 1)) : 0;
    return mean;
}

bool gate_networks(struct judge_case *c, struct judgement *j) {
    if (gate_trained(c, j)) return true;
    /* Permuted labels must not have taught the true ones. The mean over networks is compared: a single one is right for
     * whole clusters of look-alike classes by chance, which a binomial error does not know. */
    double chance = c->view->chance, error, mean = permuted_score(c, &error);
    double truth = test_score(c, view_network(c->view, NETWORK_TRUE, 0));
    if (!(mean <= chance + 3 * fmax(error, .01)))
        judgement_say(j, VERDICT_ERROR,
                      "No control: networks trained on permuted labels have test %s %.2f, chance is %.2f.",
                      score_name(c), mean, chance);
    else if (!(truth > fmax(mean, chance) + 3 * fmax(error, .01)))
        judgement_say(
            j, VERDICT_ERROR,
            "No control: the network trained on true labels has test %s %.2f, those on permuted labels %.2f, chance is "
            "%.2f.",
            score_name(c), truth, mean, chance);
    else return false;
    return true;
}
