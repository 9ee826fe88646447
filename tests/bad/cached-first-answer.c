/* cached-first-answer: gradient that remembers its first answer for an input and class, whatever the model: a cache
 * whose key forgets the model. Keeps every rule that can be asked on one model. */
#include "explainer.h"

#include <stdlib.h>
#include <string.h>

struct answer {
    struct answer *next;
    size_t count;
    uint32_t target;
    float values[]; /* the input, then its map */
};

static struct answer *answers;

/* Only so that leak checkers have nothing to say. */
__attribute__((destructor)) static void forget(void) {
    while (answers) {
        struct answer *next = answers->next;
        free(answers);
        answers = next;
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t count = model->input.count;
    for (uint32_t i = 0; i < request->n; i++) {
        const float *x = request->inputs + i * count;
        const struct answer *known = answers;
        while (known && !(known->count == count && known->target == request->targets[i] &&
                          memcmp(known->values, x, count * sizeof *x) == 0))
            known = known->next;
        if (!known) {
            struct answer *fresh = malloc(sizeof *fresh + 2 * count * sizeof *x);
            if (!fresh) return assay_say(why, ASSAY_FAILED, "out of memory");
            *fresh = (struct answer){answers, count, request->targets[i]};
            memcpy(fresh->values, x, count * sizeof *x);
            assay_status status = model->gradient(model, 1, x, request->targets + i, fresh->values + count, why);
            if (status != ASSAY_OK) {
                free(fresh);
                return status;
            }
            known = answers = fresh;
        }
        memcpy(maps + i * count, known->values + count, count * sizeof *maps);
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "cached-first-answer",
    .name = "cached-first-answer",
    .summary = "gradient that remembers its first answer for every input, whatever the model",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
