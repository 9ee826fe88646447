/* unit_record.h: one unit's results on their way through the pipe, and which comparisons a unit holds. Private to those
 * who compare (compare.h) and those who check what they get (message.h). */
#ifndef ASSAY_RUN_UNIT_RECORD_H
#define ASSAY_RUN_UNIT_RECORD_H

#include "experiment/view.h"
#include "measure/similarity.h"
#include "workers/pool.h"
#include "store/store.h"

enum { RECORD_UNIT = 1, RECORD_ORIGINAL = 2, RECORD_AUDIT = 3, RECORD_BREACH = 4, RECORD_SKETCH = 5 };

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

/* One comparison that a unit holds, in all views; `input` and `other` are places in the root's inputs. */
struct record_asked {
    bool mismatched;
    uint32_t measure, input, other;
};

/* Every comparison of a unit of that row and attribution, in the order in which they are sent: all of one `other` side
 * by side. Ends, and returns false, when `visit` returns false. */
bool record_each_asked(const struct experiment_view *, uint32_t row, uint32_t attribution,
                       bool (*visit)(void *, const struct record_asked *), void *);
/* Those whose `other` is one of the n inputs from `first` on. */
bool record_each_asked_of(const struct experiment_view *, uint32_t row, uint32_t attribution, uint32_t first,
                          uint32_t n, bool (*visit)(void *, const struct record_asked *), void *);
/* Whose maps a unit of that row and attribution holds for the figures, as places in the root's inputs: on the original
 * and draw 0. Returns how many; `places` has room for all that the view names. */
uint32_t record_kept(const struct experiment_view *, uint32_t row, uint32_t attribution, uint32_t *places);

/* header, pairs, checks, map floats, in this order. */
struct record_buffer {
    struct record_header header;
    struct record_pair *pairs;
    struct record_check *checks;
    const float *map; /* one after the other; borrowed */
    bool failed;      /* out of memory: nothing is sent */
};

void record_begin(struct record_buffer *, uint32_t row, uint32_t attribution, enum unit_status, const char *why,
                  double seconds);
void record_finish(struct record_buffer *);
void record_comparison(struct record_buffer *, bool mismatched, uint32_t measure, enum view, uint32_t input,
                       uint32_t other, double value);
void record_check(struct record_buffer *, uint32_t check, uint32_t input, double worst, double tolerance);
/* Those of one check side by side, lower checks first; else as they were. */
void record_order_checks(struct record_buffer *);
void record_map(struct record_buffer *, const float *, size_t elements);
bool record_send(struct record_buffer *, struct channel *);

#endif
