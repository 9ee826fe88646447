/* store_rows.h: rows in and out of a store.
 *
 * store_put_* replaces the row of the same key. Row structs borrow their strings during the callback; a callback that
 * returns false stops the walk (and the walk returns false, with the error as the callback left it). Rows come in a
 * fixed order (that of the battery), so the same results are the same bytes. */
#ifndef ASSAY_STORE_STORE_ROWS_H
#define ASSAY_STORE_STORE_ROWS_H

#include "base/error.h"
#include "store/store_row_types.h"

struct store;

bool store_put_network(struct store *, const struct network_row *, struct error *);
bool store_each_network(struct store *, bool (*row)(void *, const struct network_row *), void *, struct error *);
bool store_put_input(struct store *, const struct input_row *, struct error *);
bool store_each_input(struct store *, bool (*row)(void *, const struct input_row *), void *, struct error *);
bool store_put_unit(struct store *, const struct unit_row *, struct error *);
bool store_put_comparison(struct store *, const struct comparison_row *, struct error *);
bool store_each_unit(struct store *, bool (*row)(void *, const struct unit_row *), void *, struct error *);
bool store_each_comparison(struct store *, bool (*row)(void *, const struct comparison_row *), void *, struct error *);
/* The one of the key's explainer, variant, pairing, measure, view and input, whatever the other: key->value, and
 * whether there is one. */
bool store_find_comparison(struct store *, struct comparison_row *key, bool *found, struct error *);
bool store_put_use(struct store *, const struct use_row *, struct error *);
bool store_each_use(struct store *, bool (*row)(void *, const struct use_row *), void *, struct error *);
bool store_each_result(struct store *, bool (*row)(void *, const struct result_row *), void *, struct error *);
/* Only those of one explainer under one control: of a large store, little is read. */
bool store_each_result_of(struct store *, const char *explainer, const char *control,
                          bool (*row)(void *, const struct result_row *), void *, struct error *);
bool store_put_audit(struct store *, const struct audit_row *, struct error *);
bool store_each_audit(struct store *, bool (*row)(void *, const struct audit_row *), void *, struct error *);
bool store_put_check(struct store *, const struct check_row *, struct error *);
bool store_each_check(struct store *, bool (*row)(void *, const struct check_row *), void *, struct error *);
bool store_put_map(struct store *, const struct map_row *, struct error *);
bool store_each_map(struct store *, bool (*row)(void *, const struct map_row *), void *, struct error *);
bool store_put_curve(struct store *, const struct curve_row *, struct error *);
bool store_each_curve(struct store *, bool (*row)(void *, const struct curve_row *), void *, struct error *);
bool store_put_verdict(struct store *, const struct verdict_row *, struct error *);
bool store_each_verdict(struct store *, bool (*row)(void *, const struct verdict_row *), void *, struct error *);

#endif
