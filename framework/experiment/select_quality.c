/* select_quality.c: how well the network does on what was read while inputs were chosen. */
#include "experiment/selector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double selector_output(const struct selector *s, uint32_t candidate, uint32_t target) {
    return s->kept ? (double)s->kept[(size_t)candidate * net_graph(s->net)->classes + target] : (double)NAN;
}

static struct accuracy accuracy_of(const struct selector *s) {
    const uint32_t *labels = s->run->data->labels;
    uint32_t *of = !s->run->data->unlabelled ? malloc(2 * (size_t)s->known * sizeof *of) : NULL;
    uint32_t *predicted = of ? of + s->known : NULL;
    for (uint32_t i = 0; of && i < s->known; i++) {
        of[i] = labels[s->order[i]];
        predicted[i] = s->candidate[i].predicted;
    }
    struct accuracy a = accuracy_count(predicted, of, s->known, net_graph(s->net)->classes);
    free(of);
    return a;
}

/* What was read in its order, [known][width]: of a regression the output explained alone; NULL without targets. */
static float *targets_read(const struct selector *s, uint32_t first, size_t width) {
    const struct dataset *d = s->run->data;
    float *of = d->targets ? malloc(s->known * width * sizeof *of) : NULL;
    for (uint32_t i = 0; of && i < s->known; i++)
        memcpy(of + i * width, d->targets + (size_t)s->order[i] * d->target_count + first, width * sizeof *of);
    return of;
}

static struct fit fit_of(const struct selector *s) {
    uint32_t target = s->run->target_class;
    float *y = targets_read(s, target, 1), *z = y ? malloc(s->known * sizeof *z) : NULL;
    for (uint32_t i = 0; z && i < s->known; i++) z[i] = (float)selector_output(s, i, target);
    struct fit f = fit_measure(z ? y : NULL, z, s->known);
    free(y);
    free(z);
    return f;
}

static struct label_accuracy labels_of(const struct selector *s) {
    uint32_t labels = net_graph(s->net)->classes;
    float *flags = targets_read(s, 0, labels);
    struct label_accuracy a = label_accuracy_count(flags, s->kept, s->known, labels);
    free(flags);
    return a;
}

struct quality selector_quality(const struct selector *s) {
    struct quality q = {.kind = QUALITY_CLASSES};
    if (s->task == TASK_REGRESSION) {
        q.kind = QUALITY_FIT;
        q.fit = fit_of(s);
    } else if (s->task == TASK_MULTI_LABEL) {
        q.kind = QUALITY_LABELS;
        q.labels = labels_of(s);
    } else {
        q.accuracy = accuracy_of(s);
    }
    return q;
}
