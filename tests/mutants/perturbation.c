/* perturbation: occlusion, feature ablation and RISE, and mutants with one fault each. */
#include "masks.h"

/* ---- Occlusion ---- */

struct occlusion {
    bool shifted;      /* the drop is written where the window's corner is, one half window too far to the left */
    bool not_restored; /* windows stay hidden */
    bool left;         /* minus the score that is left, not how far it fell */
    float hidden;      /* the value of hidden elements */
};

/* A window of 6 x 6 pixels that moves by 3; of a sequence 1 x 4 by 2; of a table one feature. */
struct window {
    size_t height, width, down, along;
};

static struct window window_of(const assay_shape *shape) {
    if (shape->rank == 1) return (struct window){1, 1, 1, 1};
    return shape->rank == 2 ? (struct window){1, 4, 1, 2} : (struct window){6, 6, 3, 3};
}

static void hide_window(const struct planes *p, const struct window *w, size_t top, size_t left, float hidden,
                        float *point) {
    for (size_t c = 0; c < p->channels; c++)
        for (size_t y = top; y < top + w->height && y < p->height; y++)
            for (size_t x = left; x < left + w->width && x < p->width; x++)
                point[(c * p->height + y) * p->width + x] = hidden;
}

static size_t windows_along(size_t size, size_t window, size_t step) {
    return size > window ? (size - window + step - 1) / step + 1 : 1;
}

/* scores[windows + 1]: of x, then of x with each window hidden. */
static assay_status score_windows(const struct planes *p, const struct window *w, const struct occlusion *how,
                                  const float *x, struct scorer *s) {
    size_t count = p->channels * p->height * p->width, rows = windows_along(p->height, w->height, w->down);
    size_t columns = windows_along(p->width, w->width, w->along);
    float *state = kit_floats(1, count);
    if (!state) return mutant_no_memory(s->job);
    memcpy(state, x, count * sizeof *x);
    memcpy(scorer_point(s), x, count * sizeof *x);
    assay_status status = scorer_add(s);
    for (size_t k = 0; k < rows * columns && status == ASSAY_OK; k++) {
        if (!how->not_restored) memcpy(state, x, count * sizeof *x);
        hide_window(p, w, k / columns * w->down, k % columns * w->along, how->hidden, state);
        memcpy(scorer_point(s), state, count * sizeof *x);
        status = scorer_add(s);
    }
    if (status == ASSAY_OK) status = scorer_flush(s);
    free(state);
    return status;
}

/* The mean drop of the windows over each pixel. */
static void spread_drops(const struct planes *p, const struct window *w, const struct occlusion *how,
                         const double *scores, float *map) {
    size_t columns = windows_along(p->width, w->width, w->along), plane = p->height * p->width;
    size_t rows = windows_along(p->height, w->height, w->down);
    for (size_t k = 0; k < plane; k++) {
        size_t y = k / p->width, x = k % p->width, covering = 0;
        double sum = 0;
        if (how->shifted) x = x + w->width / 2 < p->width ? x + w->width / 2 : p->width - 1;
        for (size_t v = 0; v < rows; v++)
            for (size_t u = 0; u < columns; u++) {
                if (y - v * w->down >= w->height || x - u * w->along >= w->width)
                    continue; /* also where it is before */
                size_t at = v * columns + u;
                sum += (how->left ? 0 : scores[how->not_restored ? at : 0]) - scores[at + 1];
                covering++;
            }
        for (size_t c = 0; c < p->channels; c++) map[c * plane + k] = covering ? (float)(sum / (double)covering) : 0;
    }
}

static assay_status occlusion(const struct job *job) {
    static const struct occlusion plain = {0};
    const struct occlusion *how = job->mutant->with ? (const struct occlusion *)job->mutant->with : &plain;
    const assay_request *r = job->request;
    struct planes p = planes_of(&job->model->input);
    struct window w = window_of(&job->model->input);
    size_t windows = windows_along(p.height, w.height, w.down) * windows_along(p.width, w.width, w.along);
    struct scorer s;
    double *scores = (double *)calloc(windows + 1, sizeof *scores);
    assay_status status = scorer_begin(&s, job) && scores ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < r->n && status == ASSAY_OK; i++) {
        s.scores = scores;
        s.target = r->targets[i];
        status = score_windows(&p, &w, how, r->inputs + i * job->model->input.count, &s);
        if (status == ASSAY_OK) spread_drops(&p, &w, how, scores, job->maps + i * job->model->input.count);
    }
    scorer_end(&s);
    free(scores);
    return status;
}

/* ---- Feature ablation: one patch hidden at a time ---- */

struct ablation {
    bool transposed; /* drops of the patches by column, in place of by row */
    bool alone;      /* all patches but one hidden, and their drop taken for that of the one */
};

static assay_status ablate(const struct job *job, const struct ablation *how, const struct patches *cut, uint32_t i,
                           struct scorer *s, bool *shown, double *scores, double *values) {
    size_t count = job->model->input.count;
    const float *x = job->request->inputs + i * count;
    assay_status status = ASSAY_OK;
    s->scores = scores;
    s->target = job->request->targets[i];
    for (size_t k = 0; k <= cut->count && status == ASSAY_OK; k++) {
        for (size_t b = 0; b < cut->count; b++) shown[b] = k == cut->count || (how->alone ? b == k : b != k);
        show_patches(cut, x, shown, 0, scorer_point(s));
        status = scorer_add(s);
    }
    if (status == ASSAY_OK) status = scorer_flush(s);
    for (size_t k = 0; k < cut->count && status == ASSAY_OK; k++) {
        size_t from = how->transposed ? k % cut->columns * cut->rows + k / cut->columns : k;
        values[k] = scores[cut->count] - scores[from];
    }
    if (status == ASSAY_OK) fill_patches(cut, values, job->maps + i * count);
    return status;
}

static assay_status ablation(const struct job *job) {
    static const struct ablation plain = {false, false};
    const struct ablation *how = job->mutant->with ? (const struct ablation *)job->mutant->with : &plain;
    struct patches cut = patches_of(&job->model->input);
    struct scorer s;
    double *scores = (double *)calloc(2 * cut.count + 1, sizeof *scores);
    bool *shown = (bool *)calloc(cut.count, sizeof *shown);
    assay_status status = scorer_begin(&s, job) && scores && shown ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++)
        status = ablate(job, how, &cut, i, &s, shown, scores, scores + cut.count + 1);
    scorer_end(&s);
    free(scores);
    free(shown);
    return status;
}

/* ---- RISE ---- */

#define RISE_MASKS 250u

struct rise {
    bool unmoved;  /* every mask is written where its grid lies, without the offset that it was shown at */
    bool previous; /* every mask gets the score of the one before */
    bool level;    /* scores with their mean */
};

/* mask[plane] in [0, 1]: a coarse grid of zeros and ones, enlarged, and moved by less than a cell. */
static void draw_mask(const struct planes *p, const struct patches *cut, const float *random, bool moved, float *mask,
                      float *large) {
    size_t rows = cut->rows + (p->height > 1), columns = cut->columns + 1;
    size_t height = p->height > 1 ? p->height * rows / cut->rows : 1, width = p->width * columns / cut->columns;
    float grid[64];
    for (size_t k = 0; k < rows * columns; k++) grid[k] = random[k] < .5f ? 1.0f : 0.0f;
    kit_upsample(grid, rows, columns, large, height, width);
    size_t down = moved ? (size_t)(random[64] * (float)(height - p->height + 1)) : 0;
    size_t along = moved ? (size_t)(random[65] * (float)(width - p->width + 1)) : 0;
    for (size_t k = 0; k < p->height * p->width; k++)
        mask[k] = large[(k / p->width + down) * width + k % p->width + along];
}

/* Masks of a table: every feature shown or not. */
static void rise_mask(const struct planes *p, const struct patches *cut, const assay_random *random, uint64_t seed,
                      bool moved, float *mask, float *large) {
    float numbers[66];
    random->uniform(seed, 0, 66, numbers);
    if (cut->count == p->width) {
        for (size_t k = 0; k < p->width; k++) mask[k] = numbers[k] < .5f ? 1.0f : 0.0f;
        return;
    }
    draw_mask(p, cut, numbers, moved, mask, large);
}

/* What a request needs: a mask, it enlarged, the scores. */
struct rise_scratch {
    const assay_random *random;
    float *mask, *large;
    double *scores, *sum;
};

static assay_status rise_one(const struct job *job, const struct rise *how, const struct patches *cut, uint32_t i,
                             struct scorer *s, struct rise_scratch *t) {
    const struct planes *p = &cut->p;
    size_t plane = p->height * p->width, count = plane * p->channels;
    const float *x = job->request->inputs + i * count;
    double mean = 0;
    assay_status status = ASSAY_OK;
    s->scores = t->scores;
    s->target = job->request->targets[i];
    for (uint32_t m = 0; m < RISE_MASKS && status == ASSAY_OK; m++) {
        float *point = scorer_point(s);
        rise_mask(p, cut, t->random, mix_bits(job->request->seeds[i], m), true, t->mask, t->large);
        for (size_t k = 0; k < count; k++) point[k] = x[k] * t->mask[k % plane];
        status = scorer_add(s);
    }
    if (status == ASSAY_OK) status = scorer_flush(s);
    if (status != ASSAY_OK) return status;
    for (uint32_t m = 0; m < RISE_MASKS && !how->level; m++) mean += t->scores[m] / RISE_MASKS;
    memset(t->sum, 0, plane * sizeof *t->sum);
    for (uint32_t m = 0; m < RISE_MASKS; m++) {
        double score = t->scores[how->previous && m > 0 ? m - 1 : m] - mean;
        rise_mask(p, cut, t->random, mix_bits(job->request->seeds[i], m), !how->unmoved, t->mask, t->large);
        for (size_t k = 0; k < plane; k++) t->sum[k] += score * (double)t->mask[k] / (RISE_MASKS / 2.0);
    }
    for (size_t k = 0; k < count; k++) job->maps[i * count + k] = (float)t->sum[k % plane];
    return ASSAY_OK;
}

/* Equation 6 of Petsiuk et al. 2018 with scores less their mean, which takes the noise of the masks' number away. */
static assay_status rise(const struct job *job) {
    static const struct rise plain = {0};
    const struct rise *how = job->mutant->with ? (const struct rise *)job->mutant->with : &plain;
    struct patches cut = patches_of(&job->model->input);
    size_t plane = cut.p.height * cut.p.width;
    struct scorer s;
    struct rise_scratch t = {mutant_random(job), kit_floats(1, plane), kit_floats(4, plane),
                             (double *)calloc(RISE_MASKS, sizeof(double)), (double *)calloc(plane, sizeof(double))};
    bool ready = scorer_begin(&s, job) && t.mask && t.large && t.scores && t.sum;
    assay_status status = !t.random ? ASSAY_FAILED : ready ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) status = rise_one(job, how, &cut, i, &s, &t);
    scorer_end(&s);
    free(t.mask);
    free(t.large);
    free(t.scores);
    free(t.sum);
    return status;
}

/* ---- The tables ---- */

#define OCCLUSION(id, wrong) MUTANT(id, "occlusion", wrong, 0), .honest = occlusion
#define ABLATION(id, wrong) MUTANT(id, "feature-ablation", wrong, 0), .honest = ablation
#define RISE(id, wrong) MUTANT(id, "rise", wrong, ASSAY_STOCHASTIC), .honest = rise

static const struct mutant mutants[] = {
    {HONEST("occlusion", "Zeiler & Fergus 2014, section 4.2, arXiv:1311.2901", "drop of the logit behind a window", 0),
     .honest = occlusion},
    {HONEST("feature-ablation", "Kokhlikyan et al. 2020, arXiv:2009.07896", "drop of the logit without a patch", 0),
     .honest = ablation},
    {HONEST("rise", "Petsiuk et al. 2018, section 3.1, arXiv:1806.07421", "random masks weighted by the logit",
            ASSAY_STOCHASTIC),
     .honest = rise},

    {OCCLUSION("occlusion-class-next", "explains the class after the target"), .fault = class_next},
    {OCCLUSION("occlusion-class-own", "explains the network's own argmax"), .fault = class_own},
    {OCCLUSION("occlusion-probability", "explains the softmax probability"), .fault = probability},
    {OCCLUSION("occlusion-minus", "minus the map"), .fault = minus},
    {OCCLUSION("occlusion-sign-lost", "absolute values, which is not said"), .fault = sign_lost},
    {OCCLUSION("occlusion-half-window", "half a window too far to the left"),
     .with = &(const struct occlusion){.shifted = true}, .dose = 3},
    {OCCLUSION("occlusion-not-restored", "windows stay hidden"),
     .with = &(const struct occlusion){.not_restored = true}},
    {OCCLUSION("occlusion-baseline-one", "windows set to 1, where 0 is said"),
     .with = &(const struct occlusion){.hidden = 1}, .dose = 1, .equals = "occlusion with baseline=1"},
    {OCCLUSION("occlusion-score-left", "minus the score that is left, not how far it fell"),
     .with = &(const struct occlusion){.left = true}},
    {OCCLUSION("occlusion-edges-25", "edges of the input mixed in"), .fault = with_edges, .dose = .25},
    {OCCLUSION("occlusion-mirrored", "left and right exchanged"), .fault = mirrored},
    {ABLATION("ablation-transposed", "patches by column in place of by row"),
     .with = &(const struct ablation){.transposed = true}},
    {ABLATION("ablation-alone", "all but the patch hidden"), .with = &(const struct ablation){.alone = true}},
    {RISE("rise-class-next", "explains the class after the target"), .fault = class_next},
    {RISE("rise-offset-ignored", "masks written without their offset"), .with = &(const struct rise){.unmoved = true}},
    {RISE("rise-previous-score", "each mask has the score of the one before"),
     .with = &(const struct rise){.previous = true}},
    {RISE("rise-not-centred", "scores are not taken from their mean"), .with = &(const struct rise){.level = true},
     .equals = "RISE as published, with the noise of the masks' number"},
};

MUTANT_PLUGIN("perturbation");
