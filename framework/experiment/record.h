/* record.h: the JSON object "run" of the store: everything that identifies a run, so that a verdict can be recomputed
 * and a run repeated.
 *
 * assay, abi, battery {path, name, sha256}, seed (a string of digits: it has 64 bits), model {path, sha256,
 * weights_sha256 where they lie in other files, sample, task, classes, parameters, layers}, data {source, preprocess,
 * files, inputs, target, only_correct, figure_inputs where they are not the first alone, ignore where columns are},
 * training {source, images, layers, recipe} or null, explainers [{name, id, path, sha256, parameters, claims,
 * reduction, yardstick}], controls
 * [{id, options}], rule {...}, expect [...], libraries {...}, machine {cpu, route (avx512, avx2 or portable),
 * blas_kernel, arithmetic (route.h)}. No times, no dates: the same run is the same bytes. */
#ifndef ASSAY_EXPERIMENT_RECORD_H
#define ASSAY_EXPERIMENT_RECORD_H

#include "experiment/state.h"

/* The JSON object "accuracy" of the store: {read, right, accuracy, chance, sentence, warning}; of a regression {read,
 * output, rmse, r2, r2_lower, r, ...}, of several labels {read, labels, right, accuracy, base_rate,
 * above_base_rate_lower, ...}. Read 0 and nulls where there are no labels, warning null where the network is clearly
 * better than guessing. *text is the caller's. */
bool record_quality(const struct run *, char **text, struct error *);

/* The JSON object "tokens" of the store, of a network of tokens: by the index of each input the numbers that its rows
 * were looked up by, as many as it has positions. *text is the caller's; NULL of other networks. */
bool record_tokens(const struct run *, char **text, struct error *);

/* *text is the caller's. `identity` is a digest of what must agree for a store to be this run's: everything above but
 * the battery's file, the libraries and the machine. */
bool record_run(const struct run *, char identity[65], char **text, struct error *);

#endif
