/* reference_task.h: what one reference job (reference.h) is to do. Private to run/. */
#ifndef ASSAY_RUN_REFERENCE_TASK_H
#define ASSAY_RUN_REFERENCE_TASK_H

#include "host/memo.h"

#include <stdbool.h>
#include <stdint.h>

/* What is missing of one attribution of ROOT_MODEL and plain inputs. */
struct reference_task {
    uint32_t attribution;
    bool audit;
    unsigned yardsticks; /* yardstick_bit() of those that want a unit */
};

struct reference {
    struct reference_task *tasks;
    uint32_t count;
    char *damaged;          /* in the parent: why nothing more is taken, or NULL */
    struct memo *gradients; /* for whoever asks for the same (handle.h), borrowed; or NULL */
};

#endif
