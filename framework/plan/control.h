/* control.h: what a negative control is. Each lives in controls/ as one const descriptor. A control records what it
 * wants into the plan; it never calls a plugin and never decides: only judge/ does. */
#ifndef ASSAY_PLAN_CONTROL_H
#define ASSAY_PLAN_CONTROL_H

#include "base/text.h"
#include "battery/battery.h"
#include "plan/plan.h"

/* Whose verdicts are joined in the column `overall` (docs/verdict.md). */
enum rule_family {
    FAMILY_WEIGHTS, /* the worse of its controls; one Bonferroni family of stage-and-view tests */
    FAMILY_LABELS,
    FAMILY_CHECKS, /* counts where it is FAIL or ERROR */
    FAMILY_COUNT
};

struct judge_case;
struct judgement;
struct store;

/* How what a control recorded becomes a word: one const descriptor each, in judge/. */
struct rule {
    const char *name; /* kebab-case */
    enum rule_family family;
    enum root root;      /* whose original, repetition and jitter the gates read; ROOT_NONE: no gates */
    bool sequential;     /* undecided explainers get more draws; else every draw of the plan is read at once */
    bool needs_training; /* the harness trains networks for it */
    /* Which stage's mismatched maps are the floor: the last (a fully randomised network), else the first. */
    bool floor_last;
    bool single_layers;   /* stages are single layers: test I, of all but the top one, which says nothing new */
    bool from_input;      /* with single_layers: of growing stages from the input on, all without the top layer */
    bool magnitude_guard; /* M is asked of signed maps; priors are asked here and not of single layers */
    bool no_floor;        /* maps are not measured against a floor: of the gates none is asked behind G1 */
    /* Writes the word and its reason. Puts the curves of this explainer and control into `curves`, unless NULL.
     * False: out of memory, or the store failed. */
    bool (*decide)(struct judge_case *, struct judgement *, struct store *curves, struct error *);
};

enum option_kind { OPTION_NUMBER, OPTION_CHOICE, OPTION_TEXT };

struct control_option {
    const char *name, *summary;
    enum option_kind kind;
    double number, min, max;         /* OPTION_NUMBER: default and range */
    bool whole;                      /* OPTION_NUMBER: whole numbers only */
    const char *(*choice)(size_t k); /* OPTION_CHOICE: number k, NULL behind the last; number 0 is the default */
};

#define CONTROL_OPTIONS_MAX 8u

/* Option values after validation, in the order of the descriptor's options. */
struct control_values {
    double value[CONTROL_OPTIONS_MAX];     /* numbers, or the index of the choice */
    const char *text[CONTROL_OPTIONS_MAX]; /* OPTION_TEXT: borrowed from the battery or `settled`; NULL: not given */
    char *settled[CONTROL_OPTIONS_MAX];    /* what `settle` put in place of the battery's text */
    struct location location[CONTROL_OPTIONS_MAX];
};

struct study; /* plan/study.h */

struct control {
    const char *id;                       /* kebab-case */
    const char *summary;                  /* one line */
    const char *source;                   /* paper and section */
    const char *claim;                    /* what an explainer that passes has shown */
    bool standard;                        /* one of `controls: default` */
    bool quick;                           /* and of a run with --quick */
    const struct rule *rule;              /* judge/rules.h */
    const struct control_option *options; /* ended by a NULL name; at most 8 */
    /* Writes why (a whole sentence) and returns false when the control does not apply to a method with these claims.
     * NULL: always applies. */
    bool (*applies)(unsigned claims, char *why, size_t size);
    /* Once the network is known, and once: puts into `settled` what a text means of it, and adds lines that the user
     * should read to `said`, each "warning: ..." or "note: ..." with its end. NULL: there is nothing to settle. */
    bool (*settle)(const struct graph *, const struct battery *, struct control_values *, struct text *said,
                   struct error *);
    /* Records draws [from, to) into the plan. Controls without draws record everything when from is 0. `index` is the
     * control's number in the battery. */
    bool (*expand)(struct plan *, uint32_t index, const struct control_values *, const struct battery *, uint32_t from,
                   uint32_t to, struct error *);
    /* All of a control that is one study without choices, in place of expand; or NULL. */
    const struct study *study;
};

/* By the control's `expand`, or its one study. */
bool control_expand(const struct control *, struct plan *, uint32_t index, const struct control_values *,
                    const struct battery *, uint32_t from, uint32_t to, struct error *);

/* The options of one battery entry against the descriptor: unknown names (nearest suggested) and values out of range
 * are errors with the place in the battery. */
bool control_values_parse(const struct control *, const struct battery *, const struct battery_control *,
                          struct control_values *, struct error *);
void control_values_finish(struct control_values *);
/* Takes `text`, which was allocated, in place of the battery's text of that option. */
void control_settle_text(const struct control *, struct control_values *, const char *name, char *text);
/* Index of the option; the descriptor has it. */
double control_value(const struct control *, const struct control_values *, const char *name);
/* NULL: not given. */
const char *control_text(const struct control *, const struct control_values *, const char *name);
/* Where in the battery the option stands; {0, 0} when it is not given. */
struct location control_location(const struct control *, const struct control_values *, const char *name);

/* Whether the control says anything about methods with these claims; else why not, as a sentence. */
bool control_applies(const struct control *, unsigned claims, char *why, size_t size);

/* NULL when there is none of that id. `controls` is a NULL-terminated table. */
const struct control *control_find(const struct control *const *controls, const char *id);

/* Options shared by the two weight randomisations: the first entries of their tables, in this order. */
#define CONTROL_INIT_OPTIONS                                                                                           \
    {"init", "how a layer is drawn anew", OPTION_CHOICE, 0, 0, 0, false, control_init_choice},                         \
        {"sigma", "standard deviation of init: normal", OPTION_NUMBER, .1, 1e-6, 1e3, false, NULL}, {                  \
        "running-stats", "BatchNormalization mean and variance of a re-drawn layer", OPTION_CHOICE, 0, 0, 0, false,    \
            control_stats_choice                                                                                       \
    }
const char *control_init_choice(size_t k);
const char *control_stats_choice(size_t k);
/* The seed of drawing anew, from the battery's. */
uint64_t control_draw_seed(uint64_t seed);
struct init_options control_init(const struct control_values *, uint64_t seed, uint32_t draw);

#endif
