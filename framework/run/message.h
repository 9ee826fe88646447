/* message.h: what workers send, and the check of every message before anything of it is used. A worker may be a process
 * that foreign code ran in, so nothing of a message is trusted: sizes and counts, strings, numbers, names of rows,
 * attributions, measures, views and inputs. In the parent. Private to run/.
 *
 * Every check returns false, with what is wrong as part of a sentence, when the message is damaged. Nothing is stored,
 * and nothing of *out may be used then. */
#ifndef ASSAY_RUN_MESSAGE_H
#define ASSAY_RUN_MESSAGE_H

#include "base/file.h"
#include "experiment/state.h"
#include "run/likeness.h"
#include "run/reference_task.h"
#include "run/unit_record.h"

/* Makes of what is wrong a sentence, in its place, that names the sender. */
const char *message_damage(struct error *what, const char *sender);

/* ---- units ---- */

/* Whose units a worker may send: those attributions of one row, or those yardsticks of a reference job. */
struct unit_sender {
    uint32_t row;                 /* of an explainer; with `reference`: none */
    const uint32_t *attributions; /* [count] */
    uint32_t count;
    const struct reference *reference; /* or NULL */
};

/* Parts of the message, which it borrows; they may lie at any address. */
struct unit_message {
    struct record_header header;
    const unsigned char *pairs, *checks, *map; /* struct record_pair, struct record_check, float */
};

/* An OK unit holds exactly the comparisons and checks that were asked for, in their order, and the maps that are
 * kept. Any other holds none. A unit that the store has is one that was sent twice. */
bool message_check_unit(const struct run *, const struct unit_sender *, const void *data, size_t size,
                        struct unit_message *out, struct error *);
void message_pair(const struct unit_message *, uint32_t index, struct record_pair *out);
void message_record_check(const struct unit_message *, uint32_t index, struct record_check *out);

/* ---- the others ---- */

/* SHA-256 in hex digits, with its end: size is FILE_DIGEST_SIZE. */
bool message_check_digest(const void *data, size_t size, struct error *);

struct audit_message {
    double logit_r, agreement;
    uint32_t attribution, changed, expected, finite;
    float activation_r[LIKENESS_LAYERS]; /* of the layers of likeness_plan; 0 behind them */
    char digest[FILE_DIGEST_SIZE];
};
/* Of an attribution whose audit that job has yet to send. */
bool message_check_audit(const struct run *, const struct reference *, const void *data, size_t size,
                         struct audit_message *out, struct error *);

struct trained_message {
    uint32_t epochs, failed;
    double train_accuracy, test_accuracy;
    char why[512];
};
/* *out, and behind it `count` weights, unless it failed. */
bool message_check_trained(const struct run *, size_t count, const void *data, size_t size, struct trained_message *out,
                           struct error *);

/* A string within `size` bytes: with an end, and valid UTF-8 without control characters. */
bool message_check_text(const char *, size_t size, const char *what, struct error *);
/* A number in [low, high], and not NaN. */
bool message_check_real(double, double low, double high, const char *what, struct error *);

#endif
