/* program_call.h: one call of a program, between program_ops.c, which checks and answers it, and the files that have
 * the operations. */
#ifndef ASSAY_HOST_PROGRAM_CALL_H
#define ASSAY_HOST_PROGRAM_CALL_H

#include "host/frame_stream.h"
#include "host/program_weights.h"

#define PROGRAM_WANTS_MAX 4
#define PROGRAM_ANSWERS_MAX 2

/* What the dimensions of an array have to be. */
enum program_form {
    PROGRAM_SAMPLES, /* [n, ...] */
    PROGRAM_SAMPLE,  /* [...] */
    PROGRAM_NUMBERS, /* [n] */
    PROGRAM_LOGITS,  /* [n, K] */
    PROGRAM_ONE      /* [1] */
};

struct program_want {
    const char *name;
    enum frame_type type;
    enum program_form form;
    const char *with; /* wanted only where that key is true */
};

struct program_call {
    const assay_model *model;
    const struct program_weights *weights;
    const struct frame *frame;
    uint32_t n;
    json_t *keys;                                           /* of the answer */
    struct frame_array answers[PROGRAM_ANSWERS_MAX], *many; /* many: of any number, in place of `answers` */
    size_t answer_count;
    float *memory[PROGRAM_ANSWERS_MAX]; /* of the answers, if they are its own */
    assay_why *why;
};

struct program_op {
    const char *name;
    struct program_want wants[PROGRAM_WANTS_MAX];
    assay_status (*run)(struct program_call *);
};
/* Passes through the network, and what is in it; each ended by a name that is NULL. */
extern const struct program_op program_passes[], program_questions[];

/* ---- Arguments ---- */

const void *program_given(const struct program_call *, const char *name);
/* A whole number in [low, high]. */
bool program_whole(const struct program_call *, const char *key, bool required, json_int_t low, json_int_t high,
                   json_int_t fallback, json_int_t *out);
struct shape program_shape(const struct program_call *, enum program_form);

/* ---- Answers ---- */

/* Room for an answer, which becomes an array of the frame; NULL with the reason. */
float *program_reply(struct program_call *, const char *name, const struct shape *);
float *program_reply_form(struct program_call *, enum program_form); /* "out" */
/* Takes the list over, as a key of the answer. */
assay_status program_reply_list(struct program_call *, const char *key, json_t *list, size_t count);

#endif
