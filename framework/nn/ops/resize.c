/* resize.c: Resize: nearest, linear and cubic interpolation, one dimension after the other. */
#include "nn/op.h"
#include "nn/ops/resample.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { X, ROI, SCALES, SIZES };

static bool parse_word(const struct node *node, const char *attribute, const char *const *words, unsigned *out,
                       struct error *e) {
    const char *text;
    *out = 0;
    if (!op_text(node, attribute, &text, e)) return false;
    if (!text || !*text) return true;
    for (unsigned i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return true;
        }
    return error_set(e, "attribute '%s' is '%s', which is not supported: wanted %s or the like", attribute, text,
                     words[0]);
}

static bool parse_rule(const struct node *node, struct resample_rule *rule, struct error *e) {
    static const char *const modes[] = {"nearest", "linear", "cubic", NULL};
    static const char *const coordinate_modes[] = {"half_pixel",    "pytorch_half_pixel", "half_pixel_symmetric",
                                                   "align_corners", "asymmetric",         NULL};
    static const char *const rounds[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL};
    unsigned mode, coordinates, round;
    int64_t inner_only;
    float cubic;
    if (!parse_word(node, "mode", modes, &mode, e) ||
        !parse_word(node, "coordinate_transformation_mode", coordinate_modes, &coordinates, e) ||
        !parse_word(node, "nearest_mode", rounds, &round, e) || !op_number(node, "cubic_coeff_a", -.75f, &cubic, e) ||
        !op_integer(node, "exclude_outside", 0, 1, 0, &inner_only, e))
        return false;
    *rule = (struct resample_rule){.mode = (enum resample_mode)mode,
                                   .coordinates = (enum resample_coordinates)coordinates,
                                   .round = (enum resample_round)round,
                                   .cubic = (double)cubic,
                                   .inner_only = inner_only != 0};
    return true;
}

static bool resize_parse(struct node *node, uint32_t opset, struct error *e) {
    (void)opset;
    static const char *const policies[] = {"stretch", NULL};
    unsigned policy;
    int64_t antialias;
    const struct attribute *axes = node_attribute(node, "axes");
    struct resample_rule *rule = op_config(node, sizeof *rule, e);
    if (!rule || !parse_rule(node, rule, e) || !op_integer(node, "antialias", 0, 1, 0, &antialias, e) ||
        !parse_word(node, "keep_aspect_ratio_policy", policies, &policy, e))
        return false;
    if (antialias) return error_set(e, "attribute 'antialias' is set: only 0 is supported");
    return !axes || axes->kind == ATTRIBUTE_INTS || error_set(e, "attribute 'axes' is no list of integers");
}

/* A list that is there and not empty: exporters write an empty one for none. */
static bool is_given(const struct op_call *call, uint32_t input) {
    return op_present(call, input) && shape_count(&call->in[input].shape) > 0;
}

/* The dimension of n elements by a scale or to a size. */
static bool place_line(const struct op_call *call, size_t entry, size_t n, struct resample_line *l, struct error *e) {
    const struct resample_rule *rule = call->node->config;
    *l = (struct resample_line){.in = n};
    if (is_given(call, SIZES)) {
        int64_t size = call->in[SIZES].ints[entry];
        if (size < 1 || size > (int64_t)OP_MAX_ELEMENTS)
            return error_set(e, "a size of %" PRId64 ": wanted a positive one", size);
        l->out = (size_t)size;
        l->step = (double)n / (double)size;
        return true;
    }
    float scale = call->in[SCALES].data[entry], product = (float)n * scale;
    if (!(scale > 0 && product >= 1 && product <= (float)OP_MAX_ELEMENTS))
        return error_set(e, "a scale of %g for %zu elements: wanted one that leaves some", (double)scale, n);
    l->out = (size_t)product;
    l->step = 1 / (double)scale;
    if (rule->coordinates == COORDINATES_ALIGN_CORNERS && floorf(product) < product)
        return error_set(e,
                         "a scale of %g for %zu elements gives no whole number, for which implementations of "
                         "align_corners differ: export the model with sizes",
                         (double)scale, n);
    return true;
}

/* lines[rank] */
static bool resize_lines(const struct op_call *call, struct resample_line *lines, struct error *e) {
    const struct shape *x = &call->in[X].shape;
    const struct attribute *axes = node_attribute(call->node, "axes");
    size_t wanted = axes ? axes->count : x->rank;
    uint32_t by = is_given(call, SIZES) ? SIZES : SCALES;
    if (!is_given(call, by)) return error_set(e, "it has neither scales nor sizes");
    if (by == SIZES ? !call->in[by].ints : !call->in[by].data || call->in[by].batched)
        return error_set(e, "its %s are not constant %s", by == SIZES ? "sizes" : "scales",
                         by == SIZES ? "integers" : "numbers");
    if (shape_count(&call->in[by].shape) != wanted)
        return error_set(e, "%zu scales or sizes for %zu dimensions", shape_count(&call->in[by].shape), wanted);
    for (uint32_t i = 0; i < x->rank; i++) lines[i] = (struct resample_line){x->dim[i], x->dim[i], 1};
    for (size_t i = 0; i < wanted; i++) {
        uint32_t axis = (uint32_t)i;
        if (axes && !op_axis(axes->ints[i], x->rank, false, &axis, e)) return false;
        /* the batch stays as it is */
        if (axis == 0 && op_batch_first(call) && by == SIZES &&
            (call->in[by].ints[i] == GRAPH_BATCH || call->in[by].ints[i] == 1))
            continue;
        if (!place_line(call, i, x->dim[axis], &lines[axis], e)) return false;
    }
    return op_spares_batch(call, x->rank && lines[0].out != lines[0].in, e);
}

static bool resize_infer(const struct op_call *call, struct shape *out, struct error *e) {
    struct resample_line lines[SHAPE_MAX_RANK];
    char text[OP_SHAPE_TEXT];
    *out = call->in[X].shape;
    if (!resize_lines(call, lines, e)) return false;
    for (uint32_t i = 0; i < out->rank; i++) {
        out->dim[i] = lines[i].out;
        if (shape_count_from(out, op_batch_first(call)) > OP_MAX_ELEMENTS) /* on the way, too */
            return error_set(e, "it is resized to %s: at most %zu elements per sample",
                             shape_text(out, text, sizeof text), OP_MAX_ELEMENTS);
    }
    return true;
}

/* ---- One pass for every dimension that changes ---- */

struct pass {
    struct resample_line line;
    size_t outer, inner, taps;
    int32_t *sources;
    float *weights;
};

struct passes {
    struct pass pass[SHAPE_MAX_RANK];
    size_t count;
    size_t most;    /* elements between two passes */
    float *between; /* room for two of them */
};

/* Tables and room in `memory`, which may be NULL: then only their sizes. Returns how many floats there are. */
static size_t make_passes(const struct op_call *call, float *memory, struct passes *p) {
    const struct resample_rule *rule = call->node->config;
    struct resample_line lines[SHAPE_MAX_RANK];
    struct shape now = call->in[X].shape;
    size_t used = 0;
    p->count = p->most = 0;
    resize_lines(call, lines, NULL); /* infer has found it to fit */
    for (uint32_t i = 0; i < now.rank; i++) {
        if (lines[i].in == lines[i].out && !(lines[i].step < 1 || lines[i].step > 1)) continue;
        struct pass *pass = &p->pass[p->count++];
        *pass = (struct pass){.line = lines[i], .taps = resample_taps(rule), .inner = shape_count_from(&now, i + 1)};
        pass->outer = shape_count(&now) / shape_count_from(&now, i);
        now.dim[i] = lines[i].out;
        size_t entries = lines[i].out * pass->taps, count = shape_count(&now);
        if (count > p->most) p->most = count;
        if (memory) {
            pass->sources = (int32_t *)(void *)(memory + used);
            pass->weights = memory + used + entries;
            resample_table(rule, &pass->line, pass->sources, pass->weights);
        }
        used += 2 * entries;
    }
    if (memory) p->between = memory + used;
    return used + 2 * p->most;
}

static size_t resize_scratch(const struct op_call *call) {
    struct passes p;
    return make_passes(call, NULL, &p);
}

static void resize_forward(const struct op_call *call) {
    struct passes p;
    make_passes(call, call->scratch, &p);
    const float *from = call->in[X].data;
    if (p.count == 0) memcpy(call->out.data, from, shape_count(&call->out.shape) * sizeof *from);
    for (size_t i = 0; i < p.count; i++) {
        const struct pass *pass = &p.pass[i];
        float *to = i + 1 == p.count ? call->out.data : p.between + i % 2 * p.most;
        resample(&pass->line, pass->taps, pass->sources, pass->weights, pass->outer, pass->inner, from, to);
        from = to;
    }
}

static void resize_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {
    (void)input; /* only input 0 may depend on the network's input */
    struct passes p;
    make_passes(call, call->scratch, &p);
    if (p.count == 0) memcpy(dx, dy, shape_count(&call->out.shape) * sizeof *dx);
    for (size_t i = p.count; i-- > 0;) {
        const struct pass *pass = &p.pass[i];
        float *to = i == 0 ? dx : p.between + i % 2 * p.most;
        resample_back(&pass->line, pass->taps, pass->sources, pass->weights, pass->outer, pass->inner, dy, to);
        dy = to;
    }
}

const struct op op_resize = {
    .name = "Resize",
    .summary = "nearest, linear or cubic interpolation to a scale or size",
    .flags = OP_LINEAR | OP_TAKES_BATCH,
    .min_inputs = 1,
    .max_inputs = 4,
    .integer_inputs = 1u << SIZES,
    .empty_inputs = 1u << ROI | 1u << SCALES,
    .parse = resize_parse,
    .infer = resize_infer,
    .scratch = resize_scratch,
    .forward = resize_forward,
    .backward = resize_backward,
};
