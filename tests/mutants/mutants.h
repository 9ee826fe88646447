/* mutants.h: the table of a family of explainers: honest methods, and mutants that have one fault each. A file of the
 * family fills `mutants` and ends with MUTANT_PLUGIN("family"); it becomes a library of as many explainers. Compiled
 * with WITHOUT_CLAIMS the same explainers claim nothing but STOCHASTIC. tests/mutants/list prints the tables. */
#ifndef ASSAY_TESTS_MUTANTS_H
#define ASSAY_TESTS_MUTANTS_H

#include "explainer.h"
#include "kit.h"

struct mutant;

/* One call of attribute(): maps of `request` on `model`, by the method of `mutant`. */
struct job {
    const struct mutant *mutant;
    const assay_explainer *self;
    const assay_host *host;
    const assay_model *model;
    const assay_request *request;
    float *maps; /* [n][input] */
    assay_why *why;
};

/* Fills job->maps. */
typedef assay_status method(const struct job *job);

struct mutant {
    assay_explainer_info info; /* first: `summary` says what is wrong, or what an honest method is */
    const char *base;          /* the honest method that it was made of; NULL: it is an honest method itself */
    const char *equals;        /* the honest method that it is once nothing is claimed, or NULL */
    const char *given;         /* the parameters that show the fault, as in a battery, or NULL */
    double dose;               /* how much of the fault there is: a share of the map, pixels, ...; or 0 */
    method *honest;            /* what the base does */
    method *fault;             /* what is done in place of that (it calls mutant_base()), or NULL */
    const void *with;          /* settings of `honest`, of the family's own type, or NULL */
};

/* STOCHASTIC stays: it promises nothing of the maps, and who draws numbers without saying so breaks a rule of the ABI.
 */
#ifdef WITHOUT_CLAIMS
#define MUTANT_CLAIMS(claims) ((claims) & (uint32_t)ASSAY_STOCHASTIC)
#else
#define MUTANT_CLAIMS(claims) (claims)
#endif

/* The first members of a mutant, and of an honest method, in a table. */
#define MUTANT(id_, base_, wrong_, claims_)                                                                            \
    .info = {.id = (id_),                                                                                              \
             .name = (id_),                                                                                            \
             .summary = (wrong_),                                                                                      \
             .source = "tests/mutants",                                                                                \
             .claims = MUTANT_CLAIMS(claims_)},                                                                        \
    .base = (base_)
#define HONEST(id_, source_, what_, claims_)                                                                           \
    .info = {.id = (id_), .name = (id_), .summary = (what_), .source = (source_), .claims = MUTANT_CLAIMS(claims_)}

/* What tests/mutants/list reads of a library. */
struct mutant_table {
    const char *family;
    uint32_t count;
    const struct mutant *mutants;
};
#define MUTANT_TABLE "mutant_table"

/* The maps that the honest base gives for this job. */
static inline assay_status mutant_base(const struct job *job) {
    return job->mutant->honest(job);
}

struct mutant_explainer {
    kit_explainer kit; /* first: the host holds a pointer to it */
    const struct mutant *mutant;
};

static inline assay_status mutant_attribute(const assay_explainer *self, const assay_model *model,
                                            const assay_request *request, float *maps, assay_why *why) {
    const struct mutant *mutant = ((const struct mutant_explainer *)self)->mutant;
    const assay_host *host = ((const kit_explainer *)self)->host;
    const struct job job = {mutant, self, host, model, request, maps, why};
    return mutant->fault ? mutant->fault(&job) : mutant->honest(&job);
}

static inline const assay_explainer *mutant_create(const struct mutant *mutants, size_t count, const assay_host *host,
                                                   const char *id, const assay_param *given, uint32_t n,
                                                   assay_why *why) {
    const struct mutant *mutant = mutants;
    while (mutant < mutants + count && strcmp(mutant->info.id, id) != 0) mutant++;
    if (mutant == mutants + count) {
        assay_say(why, ASSAY_FAILED, "no mutant %s", id);
        return NULL;
    }
    struct mutant_explainer *self =
        (struct mutant_explainer *)kit_create(sizeof *self, &mutant->info, mutant_attribute, host, given, n, why);
    if (!self) return NULL;
    self->mutant = mutant;
    return &self->kit.base;
}

/* The descriptions of the first 64 of `mutants`; what lies behind the table's end is not counted, and is the first. */
#define MUTANT_COUNT (sizeof mutants / sizeof *mutants)
#define MUTANT_INFO(i) &mutants[(i) < MUTANT_COUNT ? (i) : 0].info
#define MUTANT_INFOS_8(i)                                                                                              \
    MUTANT_INFO(i), MUTANT_INFO((i) + 1), MUTANT_INFO((i) + 2), MUTANT_INFO((i) + 3), MUTANT_INFO((i) + 4),            \
        MUTANT_INFO((i) + 5), MUTANT_INFO((i) + 6), MUTANT_INFO((i) + 7)

#define MUTANT_PLUGIN(family_)                                                                                         \
    _Static_assert(MUTANT_COUNT <= 64, "MUTANT_INFOS has room for 64");                                                \
    static const assay_explainer_info *const mutant_infos[] = {                                                        \
        MUTANT_INFOS_8(0),  MUTANT_INFOS_8(8),  MUTANT_INFOS_8(16), MUTANT_INFOS_8(24),                                \
        MUTANT_INFOS_8(32), MUTANT_INFOS_8(40), MUTANT_INFOS_8(48), MUTANT_INFOS_8(56)};                               \
    static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n, \
                                         assay_why *why) {                                                             \
        return mutant_create(mutants, MUTANT_COUNT, host, id, given, n, why);                                          \
    }                                                                                                                  \
    const assay_plugin assay_entry = {ASSAY_VERSION_INIT, MUTANT_COUNT, mutant_infos, create};                         \
    extern ASSAY_EXPORT const struct mutant_table mutant_table;                                                        \
    const struct mutant_table mutant_table = {family_, MUTANT_COUNT, mutants}

/* The host's random numbers, or NULL with the reason. */
static inline const assay_random *mutant_random(const struct job *job) {
    return (const assay_random *)kit_extension(job->self, ASSAY_RANDOM, job->why);
}

static inline assay_status mutant_no_memory(const struct job *job) {
    return assay_say(job->why, ASSAY_FAILED, "out of memory");
}

#endif
