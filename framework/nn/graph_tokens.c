/* graph_tokens.c: the input of a network of tokens: rows of a table. */
#include "nn/graph.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void tokens_destroy(struct tokens *t) {
    if (!t) return;
    free(t->ids);
    free(t->name);
    free(t->input);
    free(t->table.rows);
    free(t);
}

bool graph_add_tokens(struct graph *g, const char *input, const char *ids, const char *name, const struct shape *shape,
                      const float *table, size_t length, struct error *e) {
    struct tokens *t = calloc(1, sizeof *t);

    if (!t) return error_memory(e);
    tokens_destroy(g->tokens);
    g->tokens = t;
    t->table = (struct token_table){.vocabulary = shape->dim[0], .dimensions = shape->dim[1], .length = length};
    t->ids = text_copy(ids);
    t->name = text_copy(name);
    t->input = text_copy(input);
    t->table.rows = malloc(shape_count(shape) * sizeof *t->table.rows);
    if (!t->ids || !t->name || !t->input || !t->table.rows) return error_memory(e);
    memcpy(t->table.rows, table, shape_count(shape) * sizeof *table);
    const struct shape sample = {3, {0, t->table.dimensions, length}};
    return graph_add_input(g, t->input, &sample, e);
}
