/* store_verify.h: digests: what a resumed run keeps is what was stored.
 *
 * Every unit has a SHA-256 over its rows as they lie in the file (key, comparisons, checks, maps), every network and
 * every audit one over its row, and meta one over all of its rows. */
#ifndef ASSAY_STORE_STORE_VERIFY_H
#define ASSAY_STORE_STORE_VERIFY_H

#include "base/error.h"

struct store;

/* After a unit's last row, before the commit. Networks, audits and meta need no call. */
bool store_seal_unit(struct store *, const char *explainer, const char *variant, struct error *);
/* Behind the last verdict: what a run computes in its end (order, inputs, uses, curves, verdicts) is as it is now. */
bool store_seal_results(struct store *, struct error *);
/* Before reports of a finished run: whether everything matches its digest. Nothing is changed; the error says what was.
 */
bool store_check(struct store *, struct error *);
/* Whether meta matches its digest. Nothing is changed. */
bool store_verify_meta(struct store *, struct error *);
/* Before a run goes on: recomputes every digest. Units, audits and networks that do not match are deleted, with rows
 * that belong to no unit; `dropped` is told what, in words ("the unit of gradient on model"). What every run computes
 * anew (order, inputs, uses, curves, verdicts) is deleted, too. An error where meta does not match, as breaches of the
 * rules and the run's identity are there. */
bool store_verify(struct store *, void (*dropped)(void *, const char *what), void *, struct error *);

#endif
