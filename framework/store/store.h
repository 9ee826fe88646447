/* store.h: one SQLite file per run folder. Only the parent process writes. Everything a report says is read from here;
 * a unit is written in one transaction, so a killed run resumes with whole units.
 *
 * Closing drops an open transaction. One process at a time holds a store. Rows, meta and digests have headers of their
 * own, which this one includes. */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include "base/error.h"
#include "store/store_meta.h"
#include "store/store_rows.h"
#include "store/store_verify.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Creates the file and tables when absent. Every function here leaves EIO in errno where the file system refused. */
bool store_open(const char *path, struct store **out, struct error *);
/* To read only what a closed store held, without a lock, so that whoever has it open meanwhile is not disturbed: what
 * that one has not written back yet is not seen. */
bool store_look(const char *path, struct store **out, struct error *);
/* store_open, or store_look where the file or its folder may not be written to. */
bool store_open_as_allowed(const char *path, struct store **out, struct error *);
void store_close(struct store *);
const char *store_path(const struct store *); /* as it was opened */
/* Whether the path still names the file that is open: an error where it was deleted, moved or replaced. */
bool store_check_file(const struct store *, struct error *);
bool store_begin(struct store *, struct error *);
bool store_commit(struct store *, struct error *);
/* Deletes all results of an earlier run (meta and order too) but keeps trained networks. */
bool store_clear(struct store *, struct error *);
bool store_drop_networks(struct store *, struct error *);
/* The order of the battery, in which every walk below gives its rows, whatever the order they were put in. */
bool store_set_order(struct store *, const char *const *explainers, size_t explainer_count, const char *const *controls,
                     size_t control_count, struct error *);

/* ---- units and names ---- */
bool store_has_unit(struct store *, const char *explainer, const char *variant);
/* Per explainer. */
bool store_count_units(struct store *, bool (*units)(void *, const char *explainer, uint32_t count), void *,
                       struct error *);
/* The unit of that explainer and variant, or (NULL) all of the explainer's, and what belongs to them. */
bool store_drop_units(struct store *, const char *explainer, const char *variant, struct error *);
/* The explainers and the controls that have a verdict, in the order of the battery. */
bool store_each_explainer(struct store *, bool (*name)(void *, const char *), void *, struct error *);
bool store_each_control(struct store *, bool (*name)(void *, const char *), void *, struct error *);

#endif
