/* plan_audit.h: what an audited network and a sketch of maps take here, timed for a dry run. Private to run/. */
#ifndef ASSAY_RUN_PLAN_AUDIT_H
#define ASSAY_RUN_PLAN_AUDIT_H

#include "experiment/state.h"
#include "nn/net.h"

/* Processor seconds of the activations of one network (likeness.h): the mean of one whose layers are all as they were
 * and of one where none is, as a cascade goes from the one to the other. The net is the model's. */
bool plan_time_likeness(const struct run *, struct net *, double least, double *seconds, struct error *);

/* Of the sketch of one input's map. */
void plan_time_sketch(const struct run *, double least, double *seconds);

#endif
