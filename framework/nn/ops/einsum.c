/* einsum.c: Einsum of one or two operands, as one matrix product for every batch: products, transposes, sums,
 * diagonals. The letters of the equation fall into four groups: those of the result that both operands have (batch),
 * those that only the left (rows) or the right (columns) has, and those that the result has not (depth). Operands are
 * copied so that their groups lie in order, and so is the result. */
#include "nn/ops/einsum.h"

#include "base/sizes.h"
#include "nn/ops/multiply.h"
#include "nn/ops/view.h"

#include <ctype.h>
#include <string.h>

#define MOST_OPERANDS 2
#define OUT MOST_OPERANDS /* the term of the result */

/* Labels: letters in the order of ASCII, then the dimensions that an ellipsis stands for, counted from the back. */
enum { ELLIPSIS = 52, LABELS = ELLIPSIS + SHAPE_MAX_RANK };

struct term {
    uint32_t count;
    uint8_t label[SHAPE_MAX_RANK + 1]; /* in an equation ELLIPSIS is all of its dimensions */
};

struct equation {
    uint32_t operands;
    struct term term[MOST_OPERANDS + 1];
};

/* ---- The equation ---- */

static bool add_label(struct term *t, uint8_t label, struct error *e) {
    if (t->count == SHAPE_MAX_RANK + 1)
        return error_set(e, "attribute 'equation': more than %d dimensions", SHAPE_MAX_RANK);
    for (uint32_t i = 0; i < t->count && label == ELLIPSIS; i++)
        if (t->label[i] == ELLIPSIS) return error_set(e, "attribute 'equation': two ellipses in one term");
    t->label[t->count++] = label;
    return true;
}

/* Up to the next comma, arrow or end. */
static bool read_term(const char **text, struct term *t, struct error *e) {
    for (; **text && **text != ',' && **text != '-'; ++*text) {
        char c = **text;
        bool ok = true;
        if (c >= 'A' && c <= 'Z') ok = add_label(t, (uint8_t)(c - 'A'), e);
        else if (c >= 'a' && c <= 'z') ok = add_label(t, (uint8_t)(c - 'a' + 26), e);
        else if (strncmp(*text, "...", 3) == 0) {
            ok = add_label(t, ELLIPSIS, e);
            *text += 2;
        } else if (c != ' ')
            return error_set(e, "attribute 'equation': '%c' is no letter, ellipsis, comma or arrow",
                             isprint((unsigned char)c) ? c : '?');
        if (!ok) return false;
    }
    return true;
}

/* Without an arrow: an ellipsis and the letters that come once, in order. */
static bool imply_result(struct equation *q, struct error *e) {
    uint32_t seen[ELLIPSIS + 1] = {0};
    for (uint32_t i = 0; i < q->operands; i++)
        for (uint32_t k = 0; k < q->term[i].count; k++) seen[q->term[i].label[k]]++;
    if (seen[ELLIPSIS] && !add_label(&q->term[OUT], ELLIPSIS, e)) return false;
    for (uint8_t label = 0; label < ELLIPSIS; label++)
        if (seen[label] == 1 && !add_label(&q->term[OUT], label, e)) return false;
    return true;
}

static bool einsum_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    const char *text;
    struct equation *q = op_config(node, sizeof *q, e);
    if (!q || !op_text(node, "equation", &text, e)) return false;
    if (!text) return error_set(e, "attribute 'equation' is missing");
    for (bool more = true; more; text += more) {
        if (q->operands == MOST_OPERANDS)
            return error_set(e, "attribute 'equation' has more than %d operands: only a product of two is supported",
                             MOST_OPERANDS);
        if (!read_term(&text, &q->term[q->operands++], e)) return false;
        more = *text == ',';
    }
    if (q->operands != node->input_count)
        return error_set(e, "attribute 'equation' has %u operands: there are %u inputs", q->operands,
                         node->input_count);
    if (!*text) return imply_result(q, e);
    if (strncmp(text, "->", 2) != 0) return error_set(e, "attribute 'equation': a '-' that is no arrow");
    text += 2;
    return read_term(&text, &q->term[OUT], e) &&
           (!*text || error_set(e, "attribute 'equation': something behind the result"));
}

/* ---- The equation on shapes ---- */

enum group { BATCH, ROWS, COLUMNS, DEPTH, GROUPS };

struct plan {
    struct term term[MOST_OPERANDS + 1]; /* one label for every dimension */
    size_t size[LABELS];
    struct term group[GROUPS];
    size_t length[GROUPS]; /* products of their sizes */
};

static bool expand_term(const struct term *t, uint32_t rank, uint32_t dots, struct term *out, struct error *e) {
    out->count = 0;
    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t k = 0; k < (t->label[i] == ELLIPSIS ? dots : 1); k++) {
            if (out->count == rank) return error_set(e, "its equation has more dimensions than the %u there are", rank);
            out->label[out->count++] = (uint8_t)(t->label[i] == ELLIPSIS ? ELLIPSIS + dots - 1 - k : t->label[i]);
        }
    return out->count == rank || error_set(e, "its equation has %u dimensions where there are %u", out->count, rank);
}

static bool has_label(const struct term *t, uint8_t label) {
    return memchr(t->label, label, t->count) != NULL;
}

/* The dimensions of the operands; those of 1 are repeated. */
static bool measure(const struct op_call *call, const struct equation *q, struct plan *p, struct error *e) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < q->operands; i++) {
        const struct shape *x = &call->in[i].shape;
        const struct term *t = &q->term[i];
        uint32_t dots = has_label(t, ELLIPSIS) && x->rank >= t->count - 1 ? x->rank - (t->count - 1) : 0;
        most = dots > most ? dots : most;
        if (!expand_term(t, x->rank, dots, &p->term[i], e)) return false;
        for (uint32_t k = 0; k < x->rank; k++) {
            size_t *size = &p->size[p->term[i].label[k]];
            if (*size > 1 && x->dim[k] > 1 && *size != x->dim[k])
                return error_set(e, "its equation names dimensions of %zu and %zu alike", *size, x->dim[k]);
            if (*size <= 1) *size = x->dim[k];
        }
    }
    const struct term *out = &q->term[OUT];
    uint32_t dots = has_label(out, ELLIPSIS) ? most : 0, rank = out->count - has_label(out, ELLIPSIS) + dots;
    if (rank > SHAPE_MAX_RANK) return error_set(e, "its result has more than %d dimensions", SHAPE_MAX_RANK);
    return expand_term(out, rank, dots, &p->term[OUT], e);
}

static enum group group_of(const struct op_call *call, const struct plan *p, uint8_t label) {
    const struct term *out = &p->term[OUT];
    bool left = has_label(&p->term[0], label), right = has_label(&p->term[1], label);
    if (!has_label(out, label)) return DEPTH;
    if (left && right) return BATCH;
    /* Samples one by one: the order of a sum must not depend on how many there are. */
    if (op_batch_first(call) && out->label[0] == label) return BATCH;
    return left ? ROWS : COLUMNS;
}

static bool make_groups(const struct op_call *call, struct plan *p, struct error *e) {
    const struct term *out = &p->term[OUT];
    for (uint32_t i = 0; i < out->count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (out->label[i] == out->label[k]) return error_set(e, "its result names a dimension twice");
    for (uint32_t i = 0; i < out->count; i++)
        if (!has_label(&p->term[0], out->label[i]) && !has_label(&p->term[1], out->label[i]))
            return error_set(e, "its result has a dimension that no operand has");
    for (int i = 0; i < GROUPS; i++) p->length[i] = 1;
    for (uint32_t i = 0; i <= OUT; i++)
        for (uint32_t k = 0; k < p->term[(i + OUT) % (OUT + 1)].count; k++) { /* the result first: in its order */
            uint8_t label = p->term[(i + OUT) % (OUT + 1)].label[k];
            enum group g = group_of(call, p, label);
            if (has_label(&p->group[g], label)) continue;
            if (p->group[g].count == SHAPE_MAX_RANK || p->length[g] > 8 * OP_MAX_ELEMENTS / p->size[label])
                return error_set(e, "its equation has too many dimensions, or too large ones");
            p->group[g].label[p->group[g].count++] = label;
            p->length[g] *= p->size[label];
        }
    return true;
}

/* Groups of the left, the right and the result, outermost first. */
static const enum group orders[MOST_OPERANDS + 1][3] = {
    {BATCH, ROWS, DEPTH}, {BATCH, DEPTH, COLUMNS}, {BATCH, ROWS, COLUMNS}};

static size_t copy_count(const struct plan *p, uint32_t term) {
    size_t count = 1;
    for (int i = 0; i < 3; i++) count *= p->length[orders[term][i]];
    return count;
}

static bool make_plan(const struct op_call *call, struct plan *p, struct error *e) {
    const struct equation *q = call->node->config;
    memset(p, 0, sizeof *p);
    if (!measure(call, q, p, e) || !make_groups(call, p, e)) return false;
    for (uint32_t i = 0; i < q->operands; i++)
        if (op_batch_first(call) && call->in[i].batched &&
            (p->term[OUT].count == 0 || p->term[i].label[0] != p->term[OUT].label[0]))
            return error_set(e, "dimension 0 of input %u is not that of its result: samples must not be mixed", i);
    for (uint32_t i = 0; i <= OUT; i++) {
        uint32_t loops = 0;
        size_t count = 1, most = 8 * OP_MAX_ELEMENTS * call->batch;
        for (int k = 0; k < 3; k++) {
            loops += p->group[orders[i][k]].count;
            if (p->length[orders[i][k]] > most / count) return error_set(e, "it needs more than %zu elements", most);
            count *= p->length[orders[i][k]];
        }
        if (loops > SHAPE_MAX_RANK) return error_set(e, "more than %d dimensions for one operand", SHAPE_MAX_RANK);
    }
    return true;
}

static bool einsum_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct plan p;
    if (!make_plan(call, &p, e)) return false;
    out->rank = p.term[OUT].count;
    for (uint32_t i = 0; i < out->rank; i++) out->dim[i] = p.size[p.term[OUT].label[i]];
    return true;
}

/* ---- Copies ---- */

/* The copies of both operands and of the result, and what multiplying needs. */
struct copies {
    struct plan plan;
    float *part[MOST_OPERANDS + 1], *scratch;
};

static size_t copies_size(const struct plan *p) {
    return size_up(copy_count(p, 0) + copy_count(p, 1) + copy_count(p, OUT), 16);
}

/* Loops in the order of the copy over the elements of an operand, which repeats dimensions that it has not. */
static struct view lay_out(const struct plan *p, uint32_t term, const struct shape *x) {
    struct view v = {.rank = 0};
    const struct term *t = &p->term[term];
    for (int i = 0; i < 3; i++) {
        const struct term *group = &p->group[orders[term][i]];
        for (uint32_t k = 0; k < group->count; k++, v.rank++) {
            v.dim[v.rank] = p->size[group->label[k]];
            for (uint32_t d = 0; d < t->count; d++) /* a diagonal steps along several */
                if (t->label[d] == group->label[k] && x->dim[d] > 1) v.stride[v.rank] += shape_count_from(x, d + 1);
        }
    }
    if (v.rank == 0) v = (struct view){.rank = 1, .dim = {1}};
    return v;
}

static void begin(const struct op_call *call, struct copies *c) {
    make_plan(call, &c->plan, NULL);
    c->part[0] = call->scratch;
    for (uint32_t i = 0; i < OUT; i++) c->part[i + 1] = c->part[i] + copy_count(&c->plan, i);
    c->scratch = call->scratch + copies_size(&c->plan);
}

static void copy_operand(const struct op_call *call, struct copies *c, uint32_t i) {
    const struct equation *q = call->node->config;
    if (i < q->operands) {
        struct view v = lay_out(&c->plan, i, &call->in[i].shape);
        view_copy(&v, call->team, call->in[i].data, 0, c->part[i]);
        return;
    }
    size_t count = copy_count(&c->plan, i); /* a second operand of ones */
    for (size_t k = 0; k < count; k++) c->part[i][k] = 1;
}

/* ---- Products ---- */

/* Of one batch: the result, and the gradients of the left and of the right. */
static struct product product_of(const struct plan *p, uint32_t term) {
    const size_t rows = p->length[ROWS], columns = p->length[COLUMNS], depth = p->length[DEPTH];
    struct product out = {.rows = rows, .columns = columns, .depth = depth, .scale = 1};
    out.a = product_factor(NULL, depth, false);
    out.b = product_factor(NULL, columns, false);
    if (term == 0) {
        out.columns = depth;
        out.depth = columns;
        out.a = product_factor(NULL, columns, false);
        out.b = product_factor(NULL, columns, true);
    } else if (term == 1) {
        out.rows = depth;
        out.depth = rows;
        out.a = product_factor(NULL, depth, true);
    }
    out.c_row = out.columns;
    return out;
}

static void make_product(const void *user, size_t i, struct product *p) {
    const struct product *first = user;
    p->a.data = first->a.data + i * p->rows * p->depth;
    p->b.data = first->b.data + i * p->depth * p->columns;
    p->c = first->c + i * p->rows * p->columns;
}

static void multiply(const struct op_call *call, const struct copies *c, uint32_t term) {
    struct product p = product_of(&c->plan, term);
    p.a.data = c->part[term == 0 ? OUT : 0];
    p.b.data = c->part[term == 1 ? OUT : 1];
    p.c = c->part[term];
    multiply_many(call, c->plan.length[BATCH], &p, make_product, &p, c->scratch);
}

static size_t einsum_scratch(const struct op_call *call) {
    struct plan p;
    size_t most = 0;
    make_plan(call, &p, NULL); /* infer has found it to fit */
    for (uint32_t term = 0; term <= OUT; term++) {
        struct product one = product_of(&p, term);
        most = size_max(most, multiply_scratch(call, &one));
    }
    return copies_size(&p) + most;
}

static void einsum_forward(const struct op_call *call) {
    struct copies c;
    begin(call, &c);
    for (uint32_t i = 0; i < MOST_OPERANDS; i++) copy_operand(call, &c, i);
    multiply(call, &c, OUT);
    struct view v = lay_out(&c.plan, OUT, &call->out.shape);
    memset(call->out.data, 0, shape_count(&call->out.shape) * sizeof(float));
    view_add(&v, call->team, c.part[OUT], call->out.data);
}

static void einsum_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {
    struct copies c;
    begin(call, &c);
    struct view v = lay_out(&c.plan, OUT, &call->out.shape);
    view_copy(&v, call->team, dy, 0, c.part[OUT]);
    copy_operand(call, &c, 1 - input);
    multiply(call, &c, input);
    v = lay_out(&c.plan, input, &call->in[input].shape);
    view_add(&v, call->team, c.part[input], d);
}

static void einsum_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    memset(dx, 0, shape_count(&call->in[input].shape) * sizeof *dx);
    einsum_learn(call, input, dy, dx);
}

size_t einsum_fan_in(const struct node *node, uint32_t input, const struct shape *shape) {
    const struct equation *q = node->config;
    const struct term *t = &q->term[input];
    size_t fan = 1;
    bool dots = has_label(t, ELLIPSIS);
    for (uint32_t i = 0; i < t->count && t->label[i] != ELLIPSIS; i++)
        if (!has_label(&q->term[OUT], t->label[i])) fan *= shape->dim[i];
    for (uint32_t i = t->count; dots && i-- > 0 && t->label[i] != ELLIPSIS;)
        if (!has_label(&q->term[OUT], t->label[i])) fan *= shape->dim[shape->rank - (t->count - i)];
    return fan;
}

const struct op op_einsum = {
    .name = "Einsum",
    .summary = "of one or two operands: products, transposes, sums, diagonals",
    .flags = OP_WEIGHTED | OP_LINEAR,
    .min_inputs = 1,
    .max_inputs = MOST_OPERANDS,
    .parse = einsum_parse,
    .infer = einsum_infer,
    .scratch = einsum_scratch,
    .forward = einsum_forward,
    .backward = einsum_backward,
    .learn = einsum_learn,
};
