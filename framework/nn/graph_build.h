/* graph_build.h: what graph*.c share while a graph is under construction. */
#ifndef ASSAY_NN_GRAPH_BUILD_H
#define ASSAY_NN_GRAPH_BUILD_H

#include "base/name_table.h"
#include "nn/graph.h"
#include "nn/op.h"

struct builder {
    struct name_table values;   /* of a value: its index + 1 */
    struct name_table suffixes; /* of a node: the last number behind its name (graph_fold.c) */
    uint32_t *readers;          /* in graph_finish, of a value: how many inputs of nodes it is */
    uint32_t settled;           /* in graph_finish: nodes that were worked through */
};

/* Index of the named value, which is created without definition when new. */
bool graph_name(struct graph *, const char *name, uint32_t *index, struct error *);
/* GRAPH_NONE when there is none of that name. */
uint32_t graph_find(const struct graph *, const char *name);
void graph_swap_names(struct graph *, uint32_t a, uint32_t b);
/* False with the reason when the value was defined before. */
bool graph_check_new(const struct graph *, uint32_t index, struct error *);
/* An input, parameter or constant, or the output of a node. */
bool value_is_defined(const struct value *);
void attribute_finish(struct attribute *);
void node_finish(struct node *);
void value_finish(struct value *);
bool node_copy_attributes(struct node *, const struct attribute *, size_t count, struct error *);

void builder_destroy(struct builder *);

/* The steps of graph_finish. */
bool graph_sort(struct graph *, uint32_t output, struct error *);     /* graph_sort.c */
bool graph_fold_node(struct graph *, struct node *, struct error *);  /* graph_fold.c: gives its output its value */
bool graph_free_batch(struct graph *, struct node *, struct error *); /* graph_fold.c: Reshape to a fixed batch */
void graph_drop_cast(struct graph *, struct node *);                  /* graph_fold.c */
bool graph_compact(struct graph *, struct error *);                   /* graph_fold.c */
bool graph_find_layers(struct graph *, struct error *);               /* graph_layers.c */
bool graph_find_rectifiers(struct graph *, struct error *);           /* graph_rectify.c */
bool graph_find_logits(struct graph *, struct error *);               /* graph_heads.c */

/* What graph_heads.c and graph_columns.c ask of the nodes behind a value. */
struct node *graph_maker(const struct graph *, uint32_t value); /* the node that makes it, or NULL */
bool node_is(const struct node *, const char *op);              /* false of NULL */
/* The value that was only reshaped, or repeated, into this one. */
uint32_t graph_origin(const struct graph *, uint32_t value);
/* What enters a Sigmoid, also one that is written out, or GRAPH_NONE. */
uint32_t graph_sigmoid_input(const struct graph *, const struct node *);
/* The other input of a node that joins a value and a constant in either order, or GRAPH_NONE. */
uint32_t graph_joined(const struct graph *, const struct node *, const char *op, float constant);
float graph_sole_number(const struct graph *, uint32_t value); /* that all elements of a constant are; else NAN */
bool graph_is_constant(const struct graph *, uint32_t value, float wanted); /* in all its elements */

/* Scores that a Concat joins of columns, each the Sigmoid of a number z or one minus that: *logits becomes a value of
 * those z and -z, which added nodes make, and the order of scores is theirs. GRAPH_NONE where it is something else
 * (graph_columns.c). */
bool graph_join_columns(struct graph *, const struct node *concat, uint32_t *logits, struct error *);
/* Behind all nodes one more, whose output is [1][width] and the last value; its axis is 1 (graph_pair.c). Room was
 * made. */
struct graph_addition {
    const char *op, *name;
    const uint32_t *inputs;
    uint32_t count;
    size_t width;
};
bool graph_make_room(struct graph *, uint32_t added, struct error *);
/* In that room, a node of the operator, name, inputs and attributes of `like`, with one batched output. */
bool graph_append_like(struct graph *, const struct node *like, const char *output, const struct shape *,
                       struct error *);
bool graph_append(struct graph *, const struct graph_addition *, struct error *);
/* Whether an exporter numbered the value instead of naming it (graph_layers.c). */
bool graph_name_is_numbered(const char *);

#endif
