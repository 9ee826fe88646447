/* plan_audit.c: activations of a network, compared with themselves and with others; and sketches of inputs. */
#include "run/plan_audit.h"

#include "base/clock.h"
#include "run/likeness.h"
#include "run/sketch.h"

/* Of one call in which every layer is another, after one that is not timed. */
static bool time_measure(const struct likeness *l, struct net *net, double least, double *seconds, struct error *e) {
    float r[LIKENESS_LAYERS];
    unsigned calls = 0;
    double spent = 0;
    if (!likeness_measure(l, net, NULL, r, e)) return false;
    for (const double start = clock_processor(); spent < least || calls < 2; calls++) {
        if (!likeness_measure(l, net, NULL, r, e)) return false;
        spent = clock_processor() - start;
    }
    *seconds = spent / calls;
    return true;
}

/* Below the first layer that is another nothing is computed: over the stages of a cascade that is half. */
bool plan_time_likeness(const struct run *run, struct net *net, double least, double *seconds, struct error *e) {
    struct likeness l;
    double whole = 0;
    if (!likeness_init(&l, run, e)) return false;
    bool ok = likeness_take_original(&l, net, e) && time_measure(&l, net, least, &whole, e);
    *seconds = whole / 2;
    likeness_finish(&l);
    return ok;
}

void plan_time_sketch(const struct run *run, double least, double *seconds) {
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    struct sketch sketch;
    unsigned calls = 0;
    double spent = 0;
    for (const double start = clock_processor(); spent < least || calls < 2; calls++) {
        sketch_begin(&sketch);
        sketch_add(&sketch, 0, 1, shape_count(&run->data->sample), set->x);
        spent = clock_processor() - start;
    }
    *seconds = spent / calls;
}
