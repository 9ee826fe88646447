/* study_job.h: in the process of an explain job, one study of a control (plan/study.h): the maps that it asks for, and
 * its readings as a unit. Private to run/. */
#ifndef ASSAY_RUN_STUDY_JOB_H
#define ASSAY_RUN_STUDY_JOB_H

#include "experiment/state.h"
#include "workers/pool.h"

struct study_job {
    const struct run *run;
    uint32_t row, attribution; /* the attribution is a study */
    const assay_explainer *explainer;
    struct channel *channel;
};

/* Sends the unit. `breach`: what the explainer did that it must not, and then nothing is sent. False: out of memory,
 * and nothing was sent. */
bool study_job_work(const struct study_job *, const char **breach);

#endif
