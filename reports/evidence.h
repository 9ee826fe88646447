/* evidence.h: the comparisons of one row under one control as matrices of draws x inputs. */
#ifndef ASSAY_REPORTS_EVIDENCE_H
#define ASSAY_REPORTS_EVIDENCE_H

#include "measure/measure.h"
#include "store/store.h"

/* Of a control that compares maps with originals: stages x draws x inputs. Antithetic pairs are averaged. */
struct evidence {
    uint32_t stages, draws, inputs;
    char **stage;      /* [stages]: their names */
    uint32_t *input;   /* [inputs]: numbers of the run */
    double *similar;   /* [measures][views][stages][draws][inputs]; NaN: not measured, or a map vanished */
    double *different; /* [measures][views][draws]: mean similarity of different inputs, F of that draw; NaN: none */
};

/* The first `draws` draws. Without stages where the control compares nothing. */
bool evidence_load(struct store *, const char *explainer, const char *control, uint32_t draws, struct evidence *,
                   struct error *);
void evidence_finish(struct evidence *);

/* [draws][inputs] of a stage. */
const double *evidence_similar(const struct evidence *, size_t measure, enum view, uint32_t stage);
/* [draws] */
const double *evidence_different(const struct evidence *, size_t measure, enum view);
/* Its mean over draws: F; NaN: it was not measured. */
double evidence_floor(const struct evidence *, size_t measure, enum view);
/* D = (S - F_r) / (ceiling - F), y[draws][inputs] (docs/verdict.md, section 1). False where there is no floor. */
bool evidence_share(const struct evidence *, size_t measure, enum view, uint32_t stage, double ceiling, double *y);

#endif
