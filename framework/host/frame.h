/* frame.h: frames of the protocol for programs (docs/protocol.md): a line of JSON, and the arrays that it announces. */
#ifndef ASSAY_HOST_FRAME_H
#define ASSAY_HOST_FRAME_H

#include "base/error.h"
#include "base/shape.h"

#include <jansson.h>

#define FRAME_HEADER_MAX ((size_t)4 << 20) /* bytes of a line with its end */
#define FRAME_BYTES_MAX ((size_t)1 << 31)  /* of all arrays */

enum frame_type { FRAME_FLOAT, FRAME_UINT, FRAME_ULONG }; /* <f4, <u4, <u8 */

struct frame_array {
    const char *name; /* of a frame that came: within its header */
    enum frame_type type;
    struct shape shape;
    void *data; /* of a frame that came: its own, NULL until it was read; of one that goes: borrowed, not written to */
};

struct frame {
    json_t *header;
    const char *type; /* within the header */
    struct frame_array *arrays;
    size_t array_count, bytes;
};

/* Of the line line[size], without its end: an object with a type, and arrays whose sizes are as announced. Nothing is
 * allocated for the arrays' contents. The error is the end of a sentence about who sent it: "sent a frame whose ...".
 */
bool frame_parse(const char *line, size_t size, struct frame *out, struct error *);
void frame_finish(struct frame *);

const char *frame_type_name(enum frame_type); /* "<f4" */
size_t frame_array_bytes(const struct frame_array *);
/* The array of that name, or NULL. */
const struct frame_array *frame_find(const struct frame *, const char *name);
/* The text of that key, or NULL where there is none or it is no text. */
const char *frame_text(const struct frame *, const char *key);

/* The line of a frame that goes, with its end: what `keys` (an object) has, and what the arrays are. The caller frees;
 * NULL: out of memory. */
char *frame_line(const json_t *keys, const struct frame_array *, size_t count);

#endif
