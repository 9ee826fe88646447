/* occlusion: how far the logit falls when a window is set to the baseline, averaged over the windows that cover an
 * element. Windows begin every `stride` places and are cut off at the end, as captum has them. Zeiler & Fergus 2014,
 * arXiv:1311.2901. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"
#include "kit_scores.h"

enum { WINDOW, STRIDE, CHANNELS, BASELINE, PARAMS };

/* Windows over one input: how many, how long and how far apart along channels, depth, height and width. */
struct windows {
    size_t size[4], length[4], step[4], along[4], count;
};

static struct windows windows_of(const assay_explainer *self, const assay_shape *shape) {
    kit_axes axes = kit_axes_of(shape);
    size_t window = (size_t)kit_number(self, WINDOW), stride = (size_t)kit_number(self, STRIDE);
    bool alone = shape->rank == 1 || strcmp(kit_text(self, CHANNELS), "alone") == 0;
    struct windows w = {{axes.channels, axes.size[0], axes.size[1], axes.size[2]},
                        {alone ? 1 : axes.channels, window, window, window},
                        {1, stride, stride, stride},
                        {1, 1, 1, 1},
                        1};
    for (int d = 0; d < 4; d++) {
        if (d > 0 && !window) w.length[d] = (w.size[d] + 6) / 7;
        if (d > 0 && !stride) w.step[d] = (w.length[d] + 1) / 2;
        if (w.size[d] > w.length[d]) w.along[d] = (w.size[d] - w.length[d] + w.step[d] - 1) / w.step[d] + 1;
        w.count *= w.along[d];
    }
    return w;
}

/* The elements that window `index` covers; how many there are. Windows are cut off at the end of an axis. */
static size_t window_elements(const struct windows *w, size_t index, size_t *elements) {
    size_t first[4], end[4], n = 0;
    for (int d = 3; d >= 0; d--) {
        first[d] = index % w->along[d] * w->step[d];
        end[d] = first[d] + w->length[d] < w->size[d] ? first[d] + w->length[d] : w->size[d];
        index /= w->along[d];
    }
    for (size_t c = first[0]; c < end[0]; c++)
        for (size_t z = first[1]; z < end[1]; z++)
            for (size_t y = first[2]; y < end[2]; y++)
                for (size_t x = first[3]; x < end[3]; x++)
                    elements[n++] = ((c * w->size[1] + z) * w->size[2] + y) * w->size[3] + x;
    return n;
}

/* What one input needs: scores[1 + windows]; sums and numbers of the windows over each element; a window's elements. */
struct scratch {
    double *scores, *sums, *covers;
    size_t *elements;
};

static assay_status explain_one(const struct windows *w, float baseline, kit_scorer *s, const struct scratch *t,
                                const float *x, float *map) {
    size_t count = s->model->input.count;
    s->scores = t->scores;
    memcpy(kit_scorer_point(s), x, count * sizeof *x);
    assay_status status = kit_scorer_add(s);
    for (size_t i = 0; i < w->count && status == ASSAY_OK; i++) {
        float *point = kit_scorer_point(s);
        size_t n = window_elements(w, i, t->elements);
        memcpy(point, x, count * sizeof *x);
        for (size_t k = 0; k < n; k++) point[t->elements[k]] = baseline;
        status = kit_scorer_add(s);
    }
    if (status == ASSAY_OK) status = kit_scorer_flush(s);
    if (status != ASSAY_OK) return status;
    memset(t->sums, 0, 2 * count * sizeof *t->sums);
    for (size_t i = 0; i < w->count; i++) {
        size_t n = window_elements(w, i, t->elements);
        for (size_t k = 0; k < n; k++) {
            t->sums[t->elements[k]] += t->scores[0] - t->scores[i + 1];
            t->covers[t->elements[k]]++;
        }
    }
    for (size_t k = 0; k < count; k++) map[k] = (float)(t->sums[k] / t->covers[k]);
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    struct windows w = windows_of(self, &model->input);
    struct scratch t = {(double *)calloc(w.count + 1 + 2 * count, sizeof *t.scores), NULL, NULL,
                        (size_t *)calloc(count, sizeof *t.elements)};
    kit_scorer s;
    assay_status status = kit_scorer_init(&s, model, why);
    if (status == ASSAY_OK && (!t.scores || !t.elements)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    if (status == ASSAY_OK) {
        t.sums = t.scores + w.count + 1;
        t.covers = t.sums + count;
    }
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        s.target = request->targets[i];
        status =
            explain_one(&w, (float)kit_number(self, BASELINE), &s, &t, request->inputs + i * count, maps + i * count);
    }
    kit_scorer_finish(&s);
    free(t.scores);
    free(t.elements);
    return status;
}

static const char *const channels[] = {"together", "alone", NULL};
static const assay_param_info params[PARAMS] = {
    [WINDOW] = {.name = "window",
                .summary = "places along each side of the window; 0: a seventh of each side",
                .kind = ASSAY_INTEGER,
                .max = 100000},
    [STRIDE] = {.name = "stride",
                .summary = "places from one window to the next; 0: half a window",
                .kind = ASSAY_INTEGER,
                .max = 100000},
    [CHANNELS] = {.name = "channels",
                  .summary = "whether a window covers all channels or one; features of a table are alone",
                  .kind = ASSAY_CHOICE,
                  .text = "together",
                  .choices = channels},
    [BASELINE] = KIT_BASELINE_PARAM,
};

/* An element that is the baseline already changes nothing. On a linear model the map of single elements is w (x - b),
 * but as a difference of two logits, whose last digits are lost: LINEAR_EXACT is more than that. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    bool single = given[WINDOW].number > 0 && given[WINDOW].number < 2 && strcmp(given[CHANNELS].text, "alone") == 0;
    bool from_zero = !(given[BASELINE].number < 0 || given[BASELINE].number > 0);
    return single && from_zero ? ASSAY_INPUT_MULTIPLIER : 0u;
}

static const assay_explainer_info info = {
    .id = "occlusion",
    .name = "Occlusion",
    .summary = "fall of the logit when a window is set to the baseline",
    .source = "Zeiler & Fergus 2014, section 4.2, arXiv:1311.2901",
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};
static const assay_explainer_info *const infos[] = {&info};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)id;
    if (given[WINDOW].number > 0 && given[STRIDE].number > given[WINDOW].number) {
        assay_say(why, ASSAY_FAILED, "stride=%g: windows of %g places would leave some uncovered: wanted %g or less",
                  given[STRIDE].number, given[WINDOW].number, given[WINDOW].number);
        return NULL;
    }
    if (!(given[WINDOW].number > 0) && given[STRIDE].number > 0) {
        assay_say(why, ASSAY_FAILED, "stride=%g: window= wanted, too", given[STRIDE].number);
        return NULL;
    }
    kit_explainer *self = kit_create(sizeof *self, &info, attribute, host, given, n, why);
    return self ? &self->base : NULL;
}

static const assay_about about = {
    .id = "occlusion",
    .family = "perturbation",
    .formula = "mean of f(x) - f(x with a window at b) over the windows that cover an element",
    .cost = "1 + number of windows forward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 Occlusion",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
