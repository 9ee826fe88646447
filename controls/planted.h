/* planted.h: networks in closed form that know where their evidence is, with inputs and the places of all patterns.
 * Class t of PLANTED_CLASSES is for pattern t and against pattern PLANTED_CLASSES + t; the gradient of its logit is 0
 * wherever else it does not matter (detectors: everywhere else). */
#ifndef ASSAY_CONTROLS_PLANTED_H
#define ASSAY_CONTROLS_PLANTED_H

#include "controls/networks.h"
#include "plan/study.h"

#define PLANTED_CLASSES 4u
#define PLANTED_PATTERNS (2u * PLANTED_CLASSES)
#define PLANTED_INPUTS 24u
#define PLANTED_MOVED 16u /* of the first inputs: again, with the patterns of other classes elsewhere or otherwise */

struct planted {
    struct shape sample;
    size_t channels, height, width, plane, count; /* plane = height * width; count = channels * plane */
    struct own_network network;
    float *x, *moved;  /* [PLANTED_INPUTS][count], [PLANTED_MOVED][count] */
    uint8_t *where;    /* [PLANTED_INPUTS][plane]: the pattern that covers the place, and 1; 0: none */
    uint32_t *targets; /* [PLANTED_INPUTS]: i mod PLANTED_CLASSES */
};

/* For pictures of the run's channels (28 x 28) and sequences of 4 letters (96): templates in noise. `number`: one of
 * several. UNSUPPORTED for data of other kinds. Finish after a failure, too. */
enum study_outcome planted_detector(struct planted *, const struct study_case *, uint32_t number, struct error *);
/* For these and for tables (96 features): windows that hidden units look into. */
enum study_outcome planted_windows(struct planted *, const struct study_case *, uint32_t number, struct error *);
void planted_finish(struct planted *);

/* What both use. By the run's data: UNSUPPORTED for volumes. */
enum study_outcome planted_init(struct planted *, const struct study_case *, struct error *);

/* The readings of a study on one such network: PLANTED_READINGS. */
extern const struct study_reading planted_readings[];
#define PLANTED_READINGS 20u
#define PLANTED_MAPS (4u * (PLANTED_INPUTS + PLANTED_MOVED))

/* Asks for maps on the network, and reads them. */
enum study_outcome planted_measure(const struct planted *, const struct study_case *, struct error *);

#endif
