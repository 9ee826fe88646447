/* What `assay run --dry-run` prints: two tables of costs, and what the run takes in time and memory. */
#include "cli/print_plan.h"

static void print_line(FILE *out, const char *name, const struct cost *c) {
    fprintf(out, "%-32s %12.0f %14.0f %14.0f\n", name, c->attributions, c->forward, c->backward);
}

static void print_training(FILE *out, const struct plan_cost *p) {
    const struct battery *b = p->battery;
    double passes = (double)p->untrained * b->training_images * b->recipe.epochs;
    fprintf(out,
            "  training %u of %u networks first: at most %u epochs of %u images each, so at most\n"
            "  %.0f forward and %.0f backward passes; each stops at training accuracy %.2f, and is kept.\n",
            p->untrained, p->networks, b->recipe.epochs, b->training_images, passes, passes, b->recipe.stop_accuracy);
    if (b->recipe.weight_decay > 0)
        fprintf(out, "  Weights decay by %g%s.\n", b->recipe.weight_decay,
                b->recipe.weight_decay_last ? "" : ", but those of the last layer");
}

static void print_explainers(FILE *out, const struct plan_cost *p) {
    struct cost all = {0};
    fprintf(out, "\n%-32s %12s %14s %14s\n", "explainer", "attributions", "forward", "backward");
    for (uint32_t row = 0; row < p->explainer_count; row++) {
        const struct cost *c = &p->explainers[row].cost;
        print_line(out, p->explainers[row].name, c);
        all.attributions += c->attributions;
        all.forward += c->forward;
        all.backward += c->backward;
    }
    print_line(out, "all", &all);
}

static void print_controls(FILE *out, const struct plan_cost *p) {
    fprintf(out, "\n%-32s %12s %14s %14s\n", "control (alone)", "attributions", "forward", "backward");
    for (uint32_t c = 0; c < p->control_count; c++) {
        print_line(out, p->controls[c].name, &p->controls[c].cost);
        if (p->controls[c].trains) print_training(out, p);
    }
}

/* By a short probe, as busy as the machine is now. */
static void print_time(FILE *out, const struct plan_cost *p) {
    const uint32_t *draws = p->battery->rule.draws;
    bool looks = draws[2] > draws[0] && p->battery->inputs > 1;
    double most = looks ? p->seconds * draws[2] / draws[0] : p->seconds, unit = most < 120 ? 1 : 60;
    fprintf(out, "\nThe run takes about %.2g", p->seconds / unit);
    if (looks) fprintf(out, " (and %.2g, if all of it stays open)", most / unit);
    fprintf(out, " %s here, on %u process%s: %.3g processor seconds.\n", unit < 2 ? "seconds" : "minutes", p->workers,
            p->workers == 1 ? "" : "es", p->processor);
    fprintf(out, "All processes together take about %.0f MiB of memory, %u sample%s at a time.\n", p->memory / 1048576,
            p->samples, p->samples == 1 ? "" : "s");
}

void print_plan(const struct plan_cost *p, FILE *out) {
    const struct battery *b = p->battery;
    const uint32_t *draws = b->rule.draws;
    uint32_t rows = p->explainer_count - p->yardstick_count;
    fprintf(out, "battery %s: %u explainer%s, %u control%s, %u input%s, seed %llu\n", b->name, rows,
            rows == 1 ? "" : "s", p->control_count, p->control_count == 1 ? "" : "s", b->inputs,
            b->inputs == 1 ? "" : "s", (unsigned long long)b->seed);
    fprintf(out, "Passes are single samples through the network.\n");
    print_explainers(out, p);
    print_controls(out, p);
    print_time(out, p);
    if (draws[2] > draws[0] && b->inputs > 1)
        fprintf(out, "\nFirst look: %u draws. Undecided explainers are extended to %u and then %u draws.\n", draws[0],
                draws[1], draws[2]);
    else fprintf(out, "\nOne look: draws %u.\n", draws[0]);
    if (draws[0] < 2 || b->inputs < 2)
        fprintf(out, "One input or one draw: no verdict but INCONCLUSIVE can come of it.\n");
}
