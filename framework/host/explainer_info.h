/* explainer_info.h: what an explainer says of itself, as the host's own copy. It comes as data from the process that
 * opened the explainer (explainer_codec.h); no pointer here leads into a library. */
#ifndef ASSAY_HOST_EXPLAINER_INFO_H
#define ASSAY_HOST_EXPLAINER_INFO_H

#include "base/error.h"
#include "explainers/explainer.h"

/* The most of everything; what says more of itself is refused. Lengths in bytes. */
#define INFO_EXPLAINERS_MAX 1000u
#define INFO_PARAMS_MAX 100u
#define INFO_CHOICES_MAX 100u
#define INFO_ID_MAX 64u
#define INFO_LINE_MAX 400u

#define INFO_CLAIMS_ALL                                                                                                \
    ((uint32_t)(ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_NON_NEGATIVE | ASSAY_STOCHASTIC | ASSAY_CLASS_BLIND |  \
                ASSAY_LINEAR_EXACT))

/* As assay_param_info. */
struct param_info {
    char *name, *summary;
    int kind; /* enum assay_param_kind, once checked */
    double number, min, max;
    char *text;     /* or NULL */
    char **choices; /* [choice_count], or NULL */
    uint32_t choice_count;
};

#define INFO_INPUTS_ALL ((uint32_t)ASSAY_EVERY_INPUT)

/* As assay_about; family NULL: the explainer says nothing of that. `checked` may be NULL. */
struct about_info {
    char *family, *formula, *cost, *checked;
    uint32_t inputs;
    double within;
};

/* As assay_explainer_info. Texts that are missing are NULL until the check. */
struct explainer_info {
    char *id, *name, *summary, *source;
    struct about_info about;
    uint32_t claims; /* with default parameters */
    uint32_t param_count;
    struct param_info *params;
};

struct explainer_info_list {
    uint32_t count;
    struct explainer_info *items;
};

/* Every rule of explainer.h for these tables: ids in kebab-case and unique, one line of text where one is due, defaults
 * within their ranges and among their choices, known kinds and claims. Names of the explainer and parameter at fault.
 */
bool explainer_info_check(const struct explainer_info_list *, struct error *);

void explainer_info_finish(struct explainer_info *);
void explainer_info_list_finish(struct explainer_info_list *);

/* Names of the bits of enum assay_claim, in their order, ended by NULL: "complete", "input-multiplier", ... */
extern const char *const explainer_claim_names[];
/* Names of the bits of enum assay_modality, likewise: "features", "sequences", ... */
extern const char *const explainer_input_names[];

#endif
