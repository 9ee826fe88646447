/* yaml_node.h: one YAML document with the place of everything in it, and tables of the keys a mapping may have. Built
 * on libyaml's document API. Complaints read `file:line:column: found: wanted`. */
#ifndef ASSAY_BATTERY_YAML_NODE_H
#define ASSAY_BATTERY_YAML_NODE_H

#include "base/error.h"
#include "battery/location.h"

#include <yaml.h>

#define YAML_FILE_LIMIT ((size_t)1 << 18) /* bytes */
#define YAML_DEPTH_LIMIT 16               /* lists and mappings in each other */
#define YAML_ENTRY_LIMIT 1000             /* of a mapping or a list */

struct yaml_file {
    const char *path, *folder;   /* borrowed; the folder is the caller's to fill in */
    const char *const *settings; /* likewise: the texts by the numbers yaml_file_set() was called with */
    yaml_document_t document;
};

/* A file with exactly one document that is not empty; `wanted` says what should be in it. */
bool yaml_file_open(const char *path, const char *wanted, struct yaml_file *, struct error *);
/* The bytes of such a file, which the caller frees: at most YAML_FILE_LIMIT. */
#define YAML_STANDARD_INPUT "-" /* as a path: a pipe, too */
bool yaml_file_read(const char *path, char **bytes, size_t *size, struct error *);
/* The same for a text in memory, which `path` names in messages. */
bool yaml_text_open(const char *path, const char *text, size_t size, const char *wanted, struct yaml_file *,
                    struct error *);
/* `KEY.KEY=VALUE`: VALUE, read as YAML, in place of what stands under the keys, or added there. An item of a list is
 * named by its id, name or use; where a single word stands for a mapping ({id: cascading}), keys may follow it. The
 * root is a mapping. */
bool yaml_file_set(struct yaml_file *, const char *setting, unsigned number, struct error *);
void yaml_file_close(struct yaml_file *);
yaml_node_t *yaml_file_root(struct yaml_file *);
yaml_node_t *yaml_file_node(struct yaml_file *, int id);

struct location yaml_location(const yaml_node_t *);
yaml_mark_t yaml_mark_of_setting(unsigned number);
/* Against which a path in that node is read: the file's folder, or the current one for a setting. */
const char *yaml_folder(const struct yaml_file *, const yaml_node_t *);
/* Fails with the place of `at` before the message. */
bool yaml_fail(const struct yaml_file *, const yaml_node_t *at, struct error *, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* " (first on line 3)" for a complaint about what is there twice; "" for a setting. */
struct first_text {
    char text[32];
};
struct first_text yaml_first(struct location);

/* The text of a scalar that has one; NULL for lists, mappings and empty values. */
const char *yaml_scalar(const struct yaml_file *, const yaml_node_t *, const char *wanted, struct error *);
/* A list with 1 .. YAML_ENTRY_LIMIT items. */
bool yaml_check_list(const struct yaml_file *, const yaml_node_t *, const char *wanted, size_t *count, struct error *);

/* A mapping whose keys are scalars, each there once, each one of names[n] (names NULL: any). `what` is what a key
 * names: "key", "explainer"; `wanted` what should be here instead of anything but a mapping. */
bool yaml_check_keys(struct yaml_file *, const yaml_node_t *, const char *what, const char *wanted,
                     const char *const *names, size_t n, struct error *);
/* Complains about a key that is none of names[n], with the nearest one. */
bool yaml_fail_unknown(const struct yaml_file *, const yaml_node_t *key, const char *what, const char *const *names,
                       size_t n, struct error *);
/* The text of the key of a pair in a checked mapping. */
const char *yaml_key(struct yaml_file *, const yaml_node_pair_t *);
/* The value of a key in a checked mapping, or NULL. */
yaml_node_t *yaml_find(struct yaml_file *, const yaml_node_t *mapping, const char *key);

/* ---- Tables of keys: each says how its value is read, and into which member ---- */

struct yaml_field;
typedef bool yaml_reader(struct yaml_file *, const struct yaml_field *, const yaml_node_t *value, void *base,
                         struct error *);

struct yaml_field {
    const char *name;
    yaml_reader *read;
    size_t offset;      /* of the member in `base` */
    const char *wanted; /* of texts: what they are; of numbers: a remark behind the range, or NULL */
    bool required;
    double min, max;            /* of numbers */
    const char *const *choices; /* of choices, NULL-terminated, in the order of the enumeration */
};

yaml_reader yaml_read_text;   /* char * */
yaml_reader yaml_read_number; /* double */
yaml_reader yaml_read_count;  /* uint32_t */
yaml_reader yaml_read_seed;   /* uint64_t */
yaml_reader yaml_read_flag;   /* bool */
yaml_reader yaml_read_choice; /* an enumeration */

/* Checks the keys of a mapping and reads every value, in the order of the table (ended by a NULL name). */
bool yaml_read_fields(struct yaml_file *, const yaml_node_t *, const char *wanted, const struct yaml_field *,
                      void *base, struct error *);

#endif
