/* fake_run.h: fills a store as a run of 12 explainers under 5 controls would, for the tests of the store and the
 * reports. */
#ifndef ASSAY_TESTS_FAKE_RUN_H
#define ASSAY_TESTS_FAKE_RUN_H

#include "store/store.h"

struct fake_run {
    uint32_t explainers, stages, draws, inputs, side; /* side: of the square maps */
    bool shuffled;                                    /* rows go in backwards, and units in another order */
    bool hostile; /* names full of what CSV, XML, JSON, gnuplot and terminals treat specially */
};

#define FAKE_RUN_DEFAULT                                                                                               \
    { 12, 4, 5, 6, 28, false, false }

#define FAKE_CONTROLS 5
const char *fake_explainer(const struct fake_run *, uint32_t explainer);
const char *fake_control(const struct fake_run *, uint32_t control);

bool fake_run_fill(const struct fake_run *, struct store *, struct error *);

/* A fresh folder under /dev/shm or /tmp, and its removal with everything in it. */
void fake_folder(char out[64]);
void fake_folder_remove(const char *folder);

/* A filled store in a fresh folder; the caller closes the one and removes the other. Fails the test when it cannot. */
struct store *fake_run_store(const struct fake_run *, char folder[64]);

/* The whole file as a string the caller frees; fails the test when it cannot be read. */
char *fake_read(const char *folder, const char *name);

#endif
