/* unit_record.h: one unit's results on their way through the pipe. Private to those who compare, and
 * to explain_job_store.c. */
#ifndef ASSAY_RUN_UNIT_RECORD_H
#define ASSAY_RUN_UNIT_RECORD_H

#include "measure/similarity.h"
#include "workers/pool.h"
#include "store/store.h"

enum { RECORD_UNIT = 1, RECORD_ORIGINAL = 2, RECORD_AUDIT = 3, RECORD_BREACH = 4 };

struct record_header {
    uint32_t row, attribution, status, comparisons, checks, map_elements;
    double seconds;
    char why[512];
};

struct record_pair {
    double value;
    uint32_t input, other;
    uint8_t mismatched, measure, view;
};

struct record_check {
    double worst, tolerance;
    uint32_t check, input;
};

/* header, pairs, checks, map floats, in this order. */
struct record_buffer {
    struct record_header header;
    struct record_pair *pairs;
    struct record_check *checks;
    const float *map; /* borrowed */
    bool failed;      /* out of memory: nothing is sent */
};

void record_begin(struct record_buffer *, uint32_t row, uint32_t attribution, enum unit_status, const char *why,
                  double seconds);
void record_finish(struct record_buffer *);
void record_comparison(struct record_buffer *, bool mismatched, uint32_t measure, enum view, uint32_t input,
                       uint32_t other, double value);
void record_check(struct record_buffer *, uint32_t check, uint32_t input, double worst, double tolerance);
void record_map(struct record_buffer *, const float *, size_t elements);
bool record_send(struct record_buffer *, struct channel *);

#endif
