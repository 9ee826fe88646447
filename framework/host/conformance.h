/* conformance.h: whether an explainer keeps the rules of the ABI and its own claims. Asked before any control: a breach
 * is ERROR, never PASS or FAIL.
 *
 * What it costs: the batch is asked twice, up to 16 of its positions alone (all of a smaller batch; else the first, the
 * last and a seeded sample of the rest), and four of these together with other seeds, and with other targets where the
 * method claims to be blind to them. A method whose passes are for one input at a time, as those of most dear ones are,
 * pays for the batch once and for the four with other seeds: the network's answers to all other calls are in the memo.
 * One that passes whole batches pays three or four passes for each input, and one pass costs little.
 *
 * Foreign code runs here, with this process's memory: the caller makes the call inside a child process (isolate.h,
 * pool.h). The report is plain data, so that it can be sent through a pipe as it is. */
#ifndef ASSAY_HOST_CONFORMANCE_H
#define ASSAY_HOST_CONFORMANCE_H

#include "base/error.h"
#include "host/conformance_case.h"
#include "host/conformance_report.h"

/* Calls of the explainer that all checks make at most, its creation and its end among them. */
#define CONFORMANCE_CALLS 48u

/* Runs every check. False only when the checks themselves could not be made (memory, a network that fails). */
bool conformance_check(const struct conformance_case *, struct conformance_report *, struct error *);

#endif
