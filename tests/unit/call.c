/* The guarded call: what an explainer writes anywhere but to its maps is seen and undone. */
#include "base/shared.h"
#include "host/call.h"
#include "lab.h"

#include <fenv.h>
#include <locale.h>
#include <sys/wait.h>
#include <unistd.h>

#define HONEST                                                                                                         \
    (void)self;                                                                                                        \
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);            \
    size_t total = request->n * model->input.count;                                                                    \
    (void)total;

#define EXPLAINER(name, ...)                                                                                           \
    static assay_status name(const assay_explainer *self, const assay_model *model, const assay_request *request,      \
                             float *maps, assay_why *why) {                                                            \
        HONEST __VA_ARGS__;                                                                                            \
        return status;                                                                                                 \
    }

/* volatile: the compiler may not know where this leads. */
static float *at(float *maps, long k) {
    float *volatile start = maps;
    return start + k;
}

EXPLAINER(honest, )
EXPLAINER(one_before, *at(maps, -1) = 7)
EXPLAINER(far_before, for (long k = 1; k < 4096; k++) * at(maps, -k) = 7)
EXPLAINER(one_behind, *at(maps, (long)total) = 7)
EXPLAINER(far_behind, *at(maps, (long)total + 8000) = 7)
EXPLAINER(inputs, ((float *)(uintptr_t)request->inputs)[total - 1] = 7)
EXPLAINER(targets, ((uint32_t *)(uintptr_t)request->targets)[request->n - 1] ^= 1)
EXPLAINER(seeds, ((uint64_t *)(uintptr_t)request->seeds)[0] ^= 1)
EXPLAINER(model_table, ((assay_model *)(uintptr_t)model)->forward = NULL)
EXPLAINER(late_inputs, if (request->n > 2)((float *)(uintptr_t)request->inputs)[0] = 7)
EXPLAINER(arithmetic, fesetround(FE_UPWARD); setlocale(LC_ALL, "C.UTF-8"))
EXPLAINER(talks, snprintf(why->text, why->size, "two\nlines \033[2J"); status = ASSAY_FAILED)

struct case_of {
    const char *name;
    assay_status (*attribute)(const assay_explainer *, const assay_model *, const assay_request *, float *,
                              assay_why *);
    const char *breach; /* NULL: none */
};

static const struct case_of cases[] = {
    {"honest", honest, NULL},
    {"one before", one_before, "the plugin wrote before or behind its maps"},
    {"far before", far_before, "the plugin wrote before or behind its maps"},
    {"one behind", one_behind, "the plugin wrote before or behind its maps"},
    {"far behind", far_behind, "the plugin wrote before or behind its maps"},
    {"inputs", inputs, "the plugin wrote to the inputs, which it may only read"},
    {"targets", targets, "the plugin wrote to the targets, which it may only read"},
    {"seeds", seeds, "the plugin wrote to the seeds, which it may only read"},
    {"model", model_table, "the plugin wrote to the model handle, which it may only read"},
    {"late inputs", late_inputs, "the plugin wrote to the inputs, which it may only read"},
    {"arithmetic", arithmetic, NULL},
};

Test(call, every_breach_is_seen_and_undone) {
    struct lab lab = lab_cnn();
    size_t total = LAB_INPUTS * lab.count;
    float *maps = malloc(total * sizeof *maps), *wanted = malloc(total * sizeof *wanted);
    float *kept = malloc(total * sizeof *kept);
    cr_assert(maps && wanted && kept);
    memcpy(kept, lab.inputs, total * sizeof *kept);
    const assay_model model = lab.handle->model;
    const assay_request request = {LAB_INPUTS, lab.inputs, lab.targets, lab.seeds};
    struct error e;
    cr_assert(net_gradient(lab.net, NET_GRADIENT, LAB_INPUTS, lab.inputs, lab.targets, wanted, &e), "%s", e.text);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const assay_explainer explainer = {.attribute = cases[c].attribute};
        struct call call;
        cr_assert(call_init(&call, &explainer, lab.count, LAB_INPUTS, &e), "%s", e.text);
        cr_expect_eq(call_make(&call, lab.handle, &request, CALL_NAN_A, maps), ASSAY_OK, "%s", cases[c].name);
        const char *breach = call_breach(&call);
        if (cases[c].breach) cr_expect(breach && strcmp(breach, cases[c].breach) == 0, "%s: %s", cases[c].name, breach);
        else cr_expect_null(breach, "%s: %s", cases[c].name, breach);
        cr_expect(memcmp(maps, wanted, total * sizeof *maps) == 0, "%s: the maps", cases[c].name);
        cr_expect(memcmp(lab.inputs, kept, total * sizeof *kept) == 0, "%s: the inputs", cases[c].name);
        cr_expect(lab.targets[2] == 4 && lab.seeds[0] == 11, "%s: targets and seeds", cases[c].name);
        cr_expect(lab.handle->model.forward == model.forward, "%s: the model", cases[c].name);
        cr_expect(fegetround() == FE_TONEAREST && strcmp(setlocale(LC_ALL, NULL), "C") == 0, "%s", cases[c].name);
        call_finish(&call);
    }
    free(maps);
    free(wanted);
    free(kept);
    lab_close(&lab);
}

/* A breach of one call stays one; the words are one line, whatever the plugin wrote. */
Test(call, breaches_and_words_are_kept) {
    struct lab lab = lab_mlp();
    struct error e;
    float maps[LAB_INPUTS * 20];
    const assay_request three = {LAB_INPUTS, lab.inputs, lab.targets, lab.seeds},
                        one = {1, lab.inputs, lab.targets, lab.seeds};
    const assay_explainer late = {.attribute = late_inputs}, talker = {.attribute = talks};
    struct call call;
    cr_assert(call_init(&call, &late, lab.count, LAB_INPUTS, &e), "%s", e.text);
    call_make(&call, lab.handle, &one, CALL_NAN_A, maps);
    cr_expect_null(call_breach(&call));
    call_make(&call, lab.handle, &three, CALL_NAN_A, maps);
    cr_expect_not_null(call_breach(&call));
    call_make(&call, lab.handle, &one, CALL_NAN_A, maps);
    cr_expect_not_null(call_breach(&call));
    call_finish(&call);
    cr_assert(call_init(&call, &talker, lab.count, 1, &e), "%s", e.text);
    cr_expect_eq(call_make(&call, lab.handle, &one, CALL_NAN_A, maps), ASSAY_FAILED);
    cr_expect_str_eq(call.why, "two lines  [2J");
    cr_expect_eq(call_make(&call, lab.handle, &three, CALL_NAN_A, maps), ASSAY_FAILED, "more than there is room for");
    call_finish(&call);
    cr_expect_not(call_init(&call, &late, SIZE_MAX / 8, 4, &e));
    cr_expect(strstr(e.text, "fit in memory"), "%s", e.text);
    call_finish(&call);
    lab_close(&lab);
}

EXPLAINER(forks, fork())

/* Both copies return from the explainer; one of them may go on. */
Test(call, a_copy_of_the_process_does_not_go_on) {
    struct lab lab = lab_mlp();
    struct error e;
    float maps[20];
    volatile unsigned *came = shared_create(sizeof *came, &e);
    const assay_request request = {1, lab.inputs, lab.targets, lab.seeds};
    const assay_explainer explainer = {.attribute = forks};
    struct call call;
    cr_assert(came && call_init(&call, &explainer, lab.count, 1, &e), "%s", e.text);
    cr_expect_eq(call_make(&call, lab.handle, &request, CALL_NAN_A, maps), ASSAY_OK);
    ++*came;
    while (wait(NULL) > 0) {}
    cr_expect_eq(*came, 1);
    call_finish(&call);
    lab_close(&lab);
}
