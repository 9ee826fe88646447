/* quality.c: the words of each task. */
#include "measure/quality.h"

bool quality_is_known(const struct quality *q) {
    if (q->kind == QUALITY_FIT) return fit_state(&q->fit) != FIT_UNKNOWN;
    if (q->kind == QUALITY_LABELS) return label_accuracy_state(&q->labels) != LABELS_UNKNOWN;
    return accuracy_state(&q->accuracy) != ACCURACY_UNKNOWN;
}

void quality_add_sentence(struct text *t, const struct quality *q) {
    if (q->kind == QUALITY_FIT) fit_add_sentence(t, &q->fit);
    else if (q->kind == QUALITY_LABELS) label_accuracy_add_sentence(t, &q->labels);
    else accuracy_add_sentence(t, &q->accuracy);
}

void quality_add_warning(struct text *t, const struct quality *q) {
    if (q->kind == QUALITY_FIT) fit_add_warning(t, &q->fit);
    else if (q->kind == QUALITY_LABELS) label_accuracy_add_warning(t, &q->labels);
    else accuracy_add_warning(t, &q->accuracy);
}
