/* surrogate: LIME, kernel SHAP and sampled Shapley values on patches of the input, and mutants with one fault each. */
#include "masks.h"

#define SAMPLES 200u

enum surrogate_kernel { KERNEL_LIME, KERNEL_SHAP };

struct surrogate {
    enum surrogate_kernel kernel;
    bool next_patch; /* the coefficient of each patch is written to the one after */
    bool transposed; /* coefficients by column, in place of by row */
    bool no_kernel;  /* all samples weigh alike */
    bool stuck;      /* SHAP: coalitions of half the patches only */
    bool absent;     /* LIME: coefficients of hidden patches, not of shown ones */
    bool unordered;  /* Shapley: rises of the score by when patches came, not by which they are */
    bool backwards;  /* Shapley: falls of the score when a patch comes */
    float hidden;    /* the value of hidden elements */
};

/* Solves A x = b for a symmetric positive definite A[n][n] by Cholesky's decomposition, in place: x is left in b. */
static void solve(double *a, double *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / a[j * n + j];
        }
        for (size_t k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
}

/* Coalitions and the weights that their scores have. LIME: every patch by a coin, exp(-(share hidden)^2 / .25) (Ribeiro
 * et al. 2016, section 3.4). SHAP: sizes by the kernel (M - 1) / (s (M - s)), then all weigh alike; first none and all,
 * which weigh most (Lundberg & Lee 2017, theorem 2). */
static double draw_coalition(const struct surrogate *how, const float *random, size_t patches, uint32_t number,
                             bool *shown) {
    if (how->kernel == KERNEL_SHAP && number < 2) {
        for (size_t k = 0; k < patches; k++) shown[k] = number == 1;
        return 1e4;
    }
    size_t size = 0, most = patches;
    if (how->kernel == KERNEL_SHAP) {
        double total = 0, at = (double)random[patches];
        for (size_t s = 1; s < patches; s++) total += 1.0 / (double)(s * (patches - s));
        for (most = 1; most + 1 < patches && at > 0; most++) at -= 1.0 / (double)(most * (patches - most)) / total;
        if (how->stuck) most = patches / 2;
    }
    /* The patches with the largest numbers, or those above one half. */
    for (size_t k = 0; k < patches; k++) {
        size_t above = 0;
        for (size_t j = 0; j < patches; j++) above += random[j] > random[k] || (j < k && !(random[j] < random[k]));
        shown[k] = how->kernel == KERNEL_SHAP ? above < most : random[k] >= .5f;
        size += shown[k];
    }
    double hidden = 1 - (double)size / (double)patches;
    return how->kernel == KERNEL_SHAP || how->no_kernel ? 1 : exp(-hidden * hidden / .25);
}

/* What a request needs. The unknowns are a constant and the coefficient of each patch. */
struct fit {
    const assay_random *random;
    struct patches cut;
    float *numbers;
    bool *shown; /* [SAMPLES][patches] */
    double *weights, *scores, *a, *b;
};

static void fit_end(struct fit *f) {
    free(f->numbers);
    free(f->shown);
    free(f->weights);
    free(f->a);
}

static bool fit_begin(struct fit *f, const struct job *job) {
    *f = (struct fit){.random = mutant_random(job), .cut = patches_of(&job->model->input)};
    size_t unknowns = f->cut.count + 1;
    f->numbers = kit_floats(1, unknowns);
    f->shown = (bool *)calloc(SAMPLES * f->cut.count, sizeof *f->shown);
    f->weights = (double *)calloc(2 * SAMPLES, sizeof *f->weights);
    f->a = (double *)calloc((unknowns + 1) * unknowns, sizeof *f->a);
    f->scores = f->weights ? f->weights + SAMPLES : NULL;
    f->b = f->a ? f->a + unknowns * unknowns : NULL;
    return f->random && f->numbers && f->shown && f->weights && f->a;
}

/* Weighted least squares with a ridge of .01: into b[1 + patches]. */
static void fit_solve(struct fit *f) {
    size_t n = f->cut.count + 1;
    memset(f->a, 0, (n + 1) * n * sizeof *f->a);
    for (size_t s = 0; s < SAMPLES; s++) {
        const bool *shown = f->shown + s * f->cut.count;
        for (size_t i = 0; i < n; i++) {
            if (i > 0 && !shown[i - 1]) continue;
            for (size_t j = 0; j <= i; j++) f->a[i * n + j] += j == 0 || shown[j - 1] ? f->weights[s] : 0;
            f->b[i] += f->weights[s] * f->scores[s];
        }
    }
    for (size_t i = 1; i < n; i++) f->a[i * n + i] += .01;
    solve(f->a, f->b, n);
}

static assay_status fit_one(const struct job *job, const struct surrogate *how, uint32_t i, struct fit *f,
                            struct scorer *s) {
    size_t count = job->model->input.count, patches = f->cut.count;
    assay_status status = ASSAY_OK;
    s->scores = f->scores;
    s->target = job->request->targets[i];
    for (uint32_t k = 0; k < SAMPLES && status == ASSAY_OK; k++) {
        bool *shown = f->shown + k * patches;
        f->random->uniform(mix_bits(job->request->seeds[i], k), 0, patches + 1, f->numbers);
        f->weights[k] = draw_coalition(how, f->numbers, patches, k, shown);
        show_patches(&f->cut, job->request->inputs + i * count, shown, how->hidden, scorer_point(s));
        for (size_t b = 0; b < patches && how->absent; b++) shown[b] = !shown[b];
        status = scorer_add(s);
    }
    if (status == ASSAY_OK) status = scorer_flush(s);
    if (status != ASSAY_OK) return status;
    fit_solve(f);
    double *values = f->weights; /* no longer needed, and longer than the patches are many */
    for (size_t k = 0; k < patches; k++) {
        size_t from = how->next_patch ? (k + patches - 1) % patches : k;
        if (how->transposed) from = k % f->cut.columns * f->cut.rows + k / f->cut.columns;
        values[k] = f->b[1 + from];
    }
    fill_patches(&f->cut, values, job->maps + i * count);
    return ASSAY_OK;
}

static assay_status surrogate(const struct job *job) {
    const struct surrogate *how = (const struct surrogate *)job->mutant->with;
    struct fit f;
    struct scorer s;
    bool ready = fit_begin(&f, job) & scorer_begin(&s, job);
    assay_status status = ready ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) status = fit_one(job, how, i, &f, &s);
    scorer_end(&s);
    fit_end(&f);
    return status;
}

/* ---- Sampled Shapley values ---- */

#define ORDERS 4u

/* Patches come one after the other in a random order; each one's value is the mean rise of the logit that it brings
 * (Strumbelj & Kononenko 2010, algorithm 1). */
static assay_status shapley_one(const struct job *job, const struct surrogate *how, uint32_t i, struct fit *f,
                                struct scorer *s) {
    size_t count = job->model->input.count, patches = f->cut.count;
    double *values = f->b;
    assay_status status = ASSAY_OK;
    memset(values, 0, patches * sizeof *values);
    s->target = job->request->targets[i];
    for (uint32_t o = 0; o < ORDERS && status == ASSAY_OK; o++) {
        f->random->uniform(mix_bits(job->request->seeds[i], o), 0, patches, f->numbers);
        size_t *order = (size_t *)(void *)f->a; /* as large as patches + 1 squared */
        for (size_t k = 0; k < patches; k++) {
            size_t rank = 0;
            for (size_t j = 0; j < patches; j++)
                rank += f->numbers[j] < f->numbers[k] || (j < k && !(f->numbers[j] > f->numbers[k]));
            order[rank] = k;
        }
        memset(f->shown, 0, patches);
        s->scores = f->scores;
        for (size_t k = 0; k <= patches && status == ASSAY_OK; k++) {
            if (k > 0) f->shown[order[k - 1]] = true;
            show_patches(&f->cut, job->request->inputs + i * count, f->shown, how->hidden, scorer_point(s));
            status = scorer_add(s);
        }
        if (status == ASSAY_OK) status = scorer_flush(s);
        for (size_t k = 0; k < patches && status == ASSAY_OK; k++)
            values[how->unordered ? k : order[k]] +=
                (f->scores[k + 1] - f->scores[k]) / ORDERS * (how->backwards ? -1 : 1);
    }
    if (status == ASSAY_OK) fill_patches(&f->cut, values, job->maps + i * count);
    return status;
}

static assay_status shapley(const struct job *job) {
    static const struct surrogate plain = {0};
    const struct surrogate *how = job->mutant->with ? (const struct surrogate *)job->mutant->with : &plain;
    struct fit f;
    struct scorer s;
    bool ready = fit_begin(&f, job) & scorer_begin(&s, job);
    assay_status status = ready ? ASSAY_OK : mutant_no_memory(job);
    for (uint32_t i = 0; i < job->request->n && status == ASSAY_OK; i++) status = shapley_one(job, how, i, &f, &s);
    scorer_end(&s);
    fit_end(&f);
    return status;
}

/* ---- The tables ---- */

#define WITH(...)                                                                                                      \
    .with = &(const struct surrogate) {                                                                                \
        __VA_ARGS__                                                                                                    \
    }
#define LIME(id, wrong) MUTANT(id, "lime", wrong, ASSAY_STOCHASTIC), .honest = surrogate
#define SHAPLEY(id, wrong) MUTANT(id, "shapley-sampling", wrong, ASSAY_STOCHASTIC), .honest = shapley
#define SHAP(id, wrong) MUTANT(id, "kernel-shap", wrong, ASSAY_STOCHASTIC), .honest = surrogate

static const struct mutant mutants[] = {
    {HONEST("lime", "Ribeiro et al. 2016, arXiv:1602.04938", "LIME on patches, of the logit", ASSAY_STOCHASTIC),
     .honest = surrogate, WITH(.kernel = KERNEL_LIME)},
    {HONEST("kernel-shap", "Lundberg & Lee 2017, section 4.1, arXiv:1705.07874", "kernel SHAP on patches, of the logit",
            ASSAY_STOCHASTIC),
     .honest = surrogate, WITH(.kernel = KERNEL_SHAP)},
    {HONEST("shapley-sampling", "Strumbelj & Kononenko 2010, JMLR 11:1-18", "sampled Shapley values of patches",
            ASSAY_STOCHASTIC),
     .honest = shapley},

    {LIME("lime-class-next", "explains the class after the target"), WITH(.kernel = KERNEL_LIME), .fault = class_next},
    {LIME("lime-class-own", "explains the network's own argmax"), WITH(.kernel = KERNEL_LIME), .fault = class_own},
    {LIME("lime-probability", "explains the softmax probability"), WITH(.kernel = KERNEL_LIME), .fault = probability},
    {LIME("lime-no-kernel", "all samples weigh alike"), WITH(.kernel = KERNEL_LIME, .no_kernel = true),
     .equals = "LIME with an infinitely wide kernel"},
    {LIME("lime-bump-50", "a bump in the middle mixed in"), WITH(.kernel = KERNEL_LIME), .fault = with_bump,
     .dose = .5},
    {LIME("lime-baseline-one", "hidden patches are 1, where 0 is said"), WITH(.kernel = KERNEL_LIME, .hidden = 1),
     .dose = 1, .equals = "LIME with baseline=1"},
    {LIME("lime-absent", "coefficients of hidden patches"), WITH(.kernel = KERNEL_LIME, .absent = true)},
    {SHAP("shap-class-next", "explains the class after the target"), WITH(.kernel = KERNEL_SHAP), .fault = class_next},
    {SHAP("shap-minus", "minus the map"), WITH(.kernel = KERNEL_SHAP), .fault = minus},
    {SHAP("shap-next-patch", "coefficients written one patch on"), WITH(.kernel = KERNEL_SHAP, .next_patch = true),
     .dose = 1},
    {SHAP("shap-transposed", "coefficients by column in place of by row"),
     WITH(.kernel = KERNEL_SHAP, .transposed = true)},
    {SHAP("shap-one-size", "coalitions of half the patches only"), WITH(.kernel = KERNEL_SHAP, .stuck = true),
     .equals = "a linear fit to coalitions of one size"},
    {SHAP("shap-baseline-one", "hidden patches are 1, where 0 is said"), WITH(.kernel = KERNEL_SHAP, .hidden = 1),
     .dose = 1, .equals = "kernel SHAP with baseline=1"},
    {SHAPLEY("shapley-class-next", "explains the class after the target"), .fault = class_next},
    {SHAPLEY("shapley-backwards", "how far the score falls when a patch comes"), WITH(.backwards = true)},
    {SHAPLEY("shapley-unordered", "written by when a patch came, not by which it is"), WITH(.unordered = true)},
    {SHAPLEY("shapley-baseline-one", "hidden patches are 1, where 0 is said"), WITH(.hidden = 1), .dose = 1,
     .equals = "Shapley values with baseline=1"},
};

MUTANT_PLUGIN("surrogate");
