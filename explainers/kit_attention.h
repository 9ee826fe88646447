/* kit_attention.h: self-attention of a transformer, followed from what reads its last tokens down to the input.
 * Header-only, for explainers, beside kit.h. */
#ifndef ASSAY_KIT_ATTENTION_H
#define ASSAY_KIT_ATTENTION_H

#include "explainer.h"
#include "kit.h"

/* How the tokens of the last block become logits: by the first one (a class token), or by their mean. `auto`: the mean
 * where a picture has no token besides its patches, else the first. */
static const char *const kit_readouts[] = {"auto", "first", "mean", NULL};

#define KIT_READOUT_PARAM                                                                                              \
    {                                                                                                                  \
        .name = "readout",                                                                                             \
        .summary = "which token is read in the end: the first, the mean of all, or what the "                          \
                   "network's shape tells",                                                                            \
        .kind = ASSAY_CHOICE, .text = "auto", .choices = kit_readouts                                                  \
    }

/* Whether the layer is a self-attention: a Softmax over a square of [... x heads x] tokens x tokens. */
static inline bool kit_is_attention(const assay_layer *layer, uint32_t *tokens) {
    const assay_shape *shape = &layer->output;
    if (strcmp(layer->op, "Softmax") != 0 || shape->rank < 2) return false;
    *tokens = shape->dim[shape->rank - 1];
    return *tokens > 1 && shape->dim[shape->rank - 2] == *tokens;
}

/* The attentions of a model, and where its tokens lie in the input. */
typedef struct kit_attentions {
    const assay_layers *layers;
    uint32_t tokens; /* of every attention */
    uint32_t count;
    size_t largest;  /* elements of the largest attention of one sample */
    bool mean;       /* what is read in the end */
    kit_maps places; /* of a picture: the patches among the tokens, as one channel */
} kit_attentions;

/* Finds them. ASSAY_UNSUPPORTED with the reason: no attention, tokens that are not those of the input. */
static inline assay_status kit_attentions_init(kit_attentions *a, const assay_model *model, const char *readout,
                                               assay_why *why) {
    const assay_shape *input = &model->input;
    assay_layer layer;
    uint32_t tokens;
    *a = (kit_attentions){.layers = (const assay_layers *)model->extension(model, ASSAY_LAYERS)};
    for (uint32_t i = 0; a->layers && i < a->layers->count(model); i++) {
        if (!a->layers->get(model, i, &layer) || !kit_is_attention(&layer, &tokens)) continue;
        if (a->count++ && tokens != a->tokens)
            return assay_say(why, ASSAY_UNSUPPORTED,
                             "attention over %u tokens and over %u: the tokens of one layer are not those of the next",
                             a->tokens, tokens);
        a->tokens = tokens;
        a->largest = layer.output.count > a->largest ? layer.output.count : a->largest;
    }
    if (!a->count)
        return assay_say(why, ASSAY_UNSUPPORTED, "the model has no self-attention (a Softmax over tokens x tokens)");
    if (input->rank == 2 && input->dim[1] == a->tokens) {
        a->mean = strcmp(readout, "mean") == 0;
        return ASSAY_OK;
    }
    kit_maps patches = {0};
    bool embeds = input->rank == 3 && kit_last_convolution(a->layers, model, 1, &patches);
    layer.output = (assay_shape){2, {a->tokens, 1}, a->tokens};
    if (input->rank != 3 || !kit_maps_of_tokens(0, &layer, embeds ? &patches : NULL, &a->places))
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "attention over %u tokens, which are neither the positions of a sequence nor the patches of a "
                         "picture",
                         a->tokens);
    a->mean = strcmp(readout, "mean") == 0 || (strcmp(readout, "auto") == 0 && a->places.first == 0);
    return ASSAY_OK;
}

/* What one step down makes of what the tokens matter: before[t] = sum over q of after[q] * (one or both of attention
 * and identity). weights[heads x tokens x tokens], and their gradients or NULL. */
typedef void (*kit_attention_step)(size_t heads, size_t tokens, const float *weights, const float *gradient,
                                   const double *after, double *before);

/* Room for kit_attentions_matter(): what tokens matter before and after a step; weights and gradients of one attention.
 */
typedef struct kit_attention_scratch {
    double *memory, *before, *after;
    float *weights, *gradient;
} kit_attention_scratch;

/* kit_attention_scratch_finish() in any case. */
static inline bool kit_attention_scratch_init(kit_attention_scratch *s, const kit_attentions *a) {
    s->memory = (double *)calloc(2 * (size_t)a->tokens, sizeof(double));
    s->weights = kit_floats(2, a->largest);
    if (!s->memory || !s->weights) return false;
    s->before = s->memory;
    s->after = s->memory + a->tokens;
    s->gradient = s->weights + a->largest;
    return true;
}

static inline void kit_attention_scratch_finish(kit_attention_scratch *s) {
    free(s->memory);
    free(s->weights);
}

/* s->before[tokens]: how much each token of the input matters to what is read in the end, for one sample x. A product
 * of one matrix for each attention, of which only the row that is read is followed, from the last to the first. */
static inline assay_status kit_attentions_matter(const kit_attentions *a, const assay_model *model, const float *x,
                                                 uint32_t target, bool with_gradient, kit_attention_step step,
                                                 kit_attention_scratch *s, assay_why *why) {
    size_t tokens = a->tokens;
    assay_layer layer;
    uint32_t same;
    for (size_t t = 0; t < tokens; t++) s->before[t] = a->mean ? 1.0 / (double)tokens : t == 0;
    for (uint32_t i = a->layers->count(model); i-- > 0;) {
        if (!a->layers->get(model, i, &layer) || !kit_is_attention(&layer, &same)) continue;
        assay_status status =
            a->layers->inspect(model, i, 1, x, &target, s->weights, with_gradient ? s->gradient : NULL, why);
        if (status != ASSAY_OK) return status;
        double *after = s->before;
        s->before = s->after;
        s->after = after;
        step(layer.output.count / tokens / tokens, tokens, s->weights, with_gradient ? s->gradient : NULL, s->after,
             s->before);
    }
    return ASSAY_OK;
}

/* map[input]: of each position of a sequence, or of each patch of a picture, enlarged; the same in every channel. */
static inline void kit_attentions_spread(const kit_attentions *a, const assay_shape *input, const double *matter,
                                         float *coarse, float *map) {
    size_t places = input->count / input->dim[0];
    if (input->rank == 2)
        for (size_t k = 0; k < places; k++) map[k] = (float)matter[k];
    else {
        for (size_t k = 0; k < (size_t)a->places.height * a->places.width; k++)
            coarse[k] = (float)matter[a->places.first + k];
        kit_enlarge(&a->places, coarse, input, map);
    }
    for (size_t c = 1; c < input->dim[0]; c++) memcpy(map + c * places, map, places * sizeof *map);
}

/* For attribute(): the maps of a request. */
static inline assay_status kit_attentions_each(const assay_model *model, const assay_request *request,
                                               const char *readout, bool with_gradient, kit_attention_step step,
                                               float *maps, assay_why *why) {
    size_t count = model->input.count;
    kit_attentions a;
    kit_attention_scratch s = {NULL, NULL, NULL, NULL, NULL};
    assay_status status = kit_attentions_init(&a, model, readout, why);
    if (status != ASSAY_OK) return status;
    float *coarse = kit_floats(1, a.tokens);
    if (!kit_attention_scratch_init(&s, &a) || !coarse) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status = kit_attentions_matter(&a, model, request->inputs + i * count, request->targets[i], with_gradient, step,
                                       &s, why);
        if (status == ASSAY_OK) kit_attentions_spread(&a, &model->input, s.before, coarse, maps + i * count);
    }
    kit_attention_scratch_finish(&s);
    free(coarse);
    return status;
}

#endif
