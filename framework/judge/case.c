/* case.c: the frame of a case, and the words of a judgement. */
#include "judge/case.h"

#include "base/text.h"
#include "explainers/explainer.h"
#include "measure/looks.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "-0.00" is a rounded 0.00. */
static void drop_negative_zeros(char *text) {
    for (char *at = text; (at = strstr(at, "-0.00")) != NULL; at++)
        if (at[5] < '0' || at[5] > '9') memmove(at, at + 1, strlen(at));
}

struct judgement judgement_begin(const struct results *r) {
    const double none = (double)NAN;
    return (struct judgement){.word = VERDICT_ERROR,
                              .reason = "",
                              .note = "",
                              .first_stage = "",
                              .score = none,
                              .lower = none,
                              .upper = none,
                              .floor = none,
                              .ceiling = none,
                              .sentences = r->sentences};
}

/* NULL: out of memory. */
static char *format_sentence(const char *format, va_list list) {
    va_list again;
    va_copy(again, list);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (text) vsnprintf(text, (size_t)size + 1, format, list);
    return text;
}

const char *judgement_keep(struct judgement *j, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *text = format_sentence(format, list);
    va_end(list);
    return text && sentences_keep(j->sentences, text) ? text : NULL;
}

static struct apart write_both(bool figures, int digits, double a, double b) {
    struct apart out;
    snprintf(out.a, sizeof out.a, figures ? "%.*g" : "%.*f", digits, a);
    snprintf(out.b, sizeof out.b, figures ? "%.*g" : "%.*f", digits, b);
    return out;
}

static struct apart apart(bool figures, double a, double b, int least) {
    for (int digits = least; digits <= 9; digits++) {
        struct apart out = write_both(figures, digits, a, b);
        if (strcmp(out.a, out.b) != 0) return out;
    }
    return write_both(figures, least, a, b);
}

struct apart numbers_apart(double a, double b, int least) {
    return apart(false, a, b, least);
}

struct apart figures_apart(double a, double b, int least) {
    return apart(true, a, b, least);
}

void judgement_say(struct judgement *j, enum verdict_word word, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *text = format_sentence(format, list);
    va_end(list);
    if (text) drop_negative_zeros(text);
    bool kept = text && sentences_keep(j->sentences, text);
    j->word = kept ? word : VERDICT_ERROR;
    j->reason = kept ? text : "Out of memory.";
}

/* Draws that the plan has for the control. */
static uint32_t planned_draws(const struct plan *p, uint32_t control) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->use_count; i++)
        if (p->uses[i].control == control && p->uses[i].draw >= n) n = p->uses[i].draw + 1;
    return n;
}

void case_begin(struct judge_case *c, const struct results *r, uint32_t row, uint32_t control, uint32_t draws) {
    const struct experiment_view *v = &r->view;
    *c = (struct judge_case){.r = r, .view = v, .constants = v->rule, .row = row, .control = control};
    c->rule = v->controls[control].control->rule;
    c->root = c->rule->root == ROOT_NONE ? ROOT_MODEL : c->rule->root;
    uint32_t planned = planned_draws(v->plan, control);
    c->draws = draws < planned ? draws : planned;
    c->looks = c->rule->sequential ? looks_count(c->constants->draws) : 1;
    bool zeros = v->inputs[c->root].zero_share > c->constants->zero_share;
    c->magnitude_view = zeros ? VIEW_ABSOLUTE_NONZERO : VIEW_ABSOLUTE_ALL;
    if (case_row(c)->non_negative) {
        c->views[c->view_count++] = c->magnitude_view;
    } else {
        c->views[c->view_count++] = VIEW_SIGNED_ALL;
        if (zeros) c->views[c->view_count++] = VIEW_SIGNED_NONZERO;
    }
    for (int k = 0; k < VIEW_COUNT; k++) {
        c->repeat[k] = 1;
        c->floor[k] = (double)NAN;
    }
}

double case_alpha_pass(const struct judge_case *c) {
    return looks_alpha_pass(c->constants->alpha, c->looks, c->draws <= c->constants->draws[0]);
}

double case_alpha_fail(const struct judge_case *c) {
    return looks_alpha_fail(c->constants->alpha, c->looks);
}

const struct explainer_entry *case_row(const struct judge_case *c) {
    return &c->view->explainers[c->row];
}

/* Whether the run has the row "NAME (before ReLU)". */
static bool has_row_before_relu(const struct judge_case *c) {
    const char *name = case_row(c)->name;
    size_t length = strlen(name);
    for (uint32_t k = 0; k < c->view->explainer_count; k++) {
        const struct explainer_entry *other = &c->view->explainers[k];
        if (other->added && strncmp(other->name, name, length) == 0 && strncmp(other->name + length, " (", 2) == 0)
            return true;
    }
    return false;
}

const char *case_signed_map(const struct judge_case *c) {
    if (!(case_row(c)->claims & ASSAY_NON_NEGATIVE)) return "test the signed map, without `reduce`";
    if (has_row_before_relu(c)) return "test the map before the ReLU, which is a row of its own";
    return "with these parameters the method has no signed map that could be tested instead";
}

uint32_t case_inputs(const struct judge_case *c) {
    return c->view->inputs[c->root].count;
}
