/* program_passes.c: operations of the protocol that go through the network, forward and back. */
#include "base/text.h"
#include "host/program_call.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static assay_status run_forward(struct program_call *c) {
    float *out = program_reply_form(c, PROGRAM_LOGITS);
    return out ? c->model->forward(c->model, c->n, program_given(c, "x"), out, c->why) : ASSAY_FAILED;
}

static assay_status run_gradient(struct program_call *c) {
    static const char *const rules[] = {
        [ASSAY_RULE_GRADIENT] = "gradient", [ASSAY_RULE_GUIDED] = "guided", [ASSAY_RULE_DECONVNET] = "deconvnet"};
    const assay_backward *backward = c->model->extension(c->model, ASSAY_BACKWARD);
    const json_t *value = json_object_get(c->frame->header, "rule");
    const char *name = value ? json_string_value(value) : rules[0];
    size_t rule = 0;
    while (name && rule < sizeof rules / sizeof *rules && strcmp(rules[rule], name) != 0) rule++;
    if (!name || rule == sizeof rules / sizeof *rules)
        return assay_say(c->why, ASSAY_UNSUPPORTED, "rule '%s': this assay has gradient, guided and deconvnet",
                         name ? excerpt_of(name).text : "that is no text");
    float *out = program_reply_form(c, PROGRAM_SAMPLES);
    if (!out) return ASSAY_FAILED;
    if (rule == ASSAY_RULE_GRADIENT)
        return c->model->gradient(c->model, c->n, program_given(c, "x"), program_given(c, "targets"), out, c->why);
    return backward->gradient(c->model, (assay_rule)rule, c->n, program_given(c, "x"), program_given(c, "targets"), out,
                              c->why);
}

static assay_status run_gradient_sum(struct program_call *c) {
    float *out = program_reply_form(c, PROGRAM_SAMPLE);
    return out ? c->model->gradient_sum(c->model, c->n, program_given(c, "x"), program_given(c, "targets"),
                                        program_given(c, "weights"), out, c->why)
               : ASSAY_FAILED;
}

static assay_status run_line(struct program_call *c) {
    const assay_line *line = c->model->extension(c->model, ASSAY_LINE);
    json_int_t target;
    if (!program_whole(c, "target", true, 0, (json_int_t)c->model->outputs - 1, 0, &target)) return ASSAY_FAILED;
    float *out = program_reply_form(c, PROGRAM_SAMPLE);
    return out ? line->gradient_sum(c->model, program_given(c, "from"), program_given(c, "to"), (uint32_t)target, c->n,
                                    program_given(c, "positions"), program_given(c, "weights"), out, c->why)
               : ASSAY_FAILED;
}

static assay_status run_vjp(struct program_call *c) {
    const assay_vjp *vjp = c->model->extension(c->model, ASSAY_VJP);
    float *out = program_reply_form(c, PROGRAM_SAMPLES);
    return out ? vjp->vjp(c->model, c->n, program_given(c, "x"), program_given(c, "cotangent"), out, c->why)
               : ASSAY_FAILED;
}

/* ---- A rule for each operator ---- */

/* null, the gradient; a name; or a name and the numbers a and b. */
static bool read_rule(const json_t *value, assay_operator_rule *out) {
    const json_t *name = json_is_array(value) ? json_array_get(value, 0) : value;
    double numbers[2] = {0, 0};
    size_t given = json_array_size(value);
    if (json_is_null(value)) return true;
    if (!json_is_string(name) || given > 3) return false;
    for (size_t k = 1; k < given; k++) {
        const json_t *number = json_array_get(value, k);
        if (!json_is_number(number)) return false;
        numbers[k - 1] = json_number_value(number);
    }
    *out = (assay_operator_rule){json_string_value(name), numbers[0], numbers[1]};
    return true;
}

static assay_status read_rules(const struct program_call *c, uint32_t count, assay_operator_rule *rules) {
    const json_t *list = json_object_get(c->frame->header, "rules");
    if (!json_is_array(list) || json_array_size(list) != count)
        return assay_say(c->why, ASSAY_FAILED, "'rules': wanted a list of %u, one for each of `operators`", count);
    for (uint32_t i = 0; i < count; i++)
        if (!read_rule(json_array_get(list, i), &rules[i]))
            return assay_say(c->why, ASSAY_FAILED, "'rules', number %u: wanted null, a name, or [name, a, b]", i);
    return ASSAY_OK;
}

static assay_status run_propagate(struct program_call *c) {
    const assay_propagation *host = c->model->extension(c->model, ASSAY_PROPAGATION);
    const json_t *value = json_object_get(c->frame->header, "start");
    const char *start = value ? json_string_value(value) : "one";
    if (!start || (strcmp(start, "one") != 0 && strcmp(start, "logit") != 0))
        return assay_say(c->why, ASSAY_FAILED, "'start': wanted one or logit");
    uint32_t count = host->count(c->model);
    assay_operator_rule *rules = calloc((size_t)count + 1, sizeof *rules);
    float *out = rules ? program_reply_form(c, PROGRAM_SAMPLES) : NULL;
    assay_status status = out ? read_rules(c, count, rules) : assay_say(c->why, ASSAY_FAILED, "out of memory");
    if (status == ASSAY_OK)
        status = host->propagate(c->model, rules, *start == 'l' ? ASSAY_START_LOGIT : ASSAY_START_ONE, c->n,
                                 program_given(c, "x"), program_given(c, "reference"), program_given(c, "targets"), out,
                                 c->why);
    free(rules);
    return status;
}

#define X                                                                                                              \
    { "x", FRAME_FLOAT, PROGRAM_SAMPLES, NULL }
#define TARGETS                                                                                                        \
    { "targets", FRAME_UINT, PROGRAM_NUMBERS, NULL }
#define WEIGHTS                                                                                                        \
    { "weights", FRAME_FLOAT, PROGRAM_NUMBERS, NULL }

const struct program_op program_passes[] = {
    {"forward", {X}, run_forward},
    {"gradient", {X, TARGETS}, run_gradient},
    {"gradient_sum", {X, TARGETS, WEIGHTS}, run_gradient_sum},
    {"line",
     {{"positions", FRAME_FLOAT, PROGRAM_NUMBERS, NULL},
      WEIGHTS,
      {"from", FRAME_FLOAT, PROGRAM_SAMPLE, NULL},
      {"to", FRAME_FLOAT, PROGRAM_SAMPLE, NULL}},
     run_line},
    {"vjp", {X, {"cotangent", FRAME_FLOAT, PROGRAM_LOGITS, NULL}}, run_vjp},
    {"propagate", {X, TARGETS, {"reference", FRAME_FLOAT, PROGRAM_SAMPLES, "reference"}}, run_propagate},
    {0},
};
