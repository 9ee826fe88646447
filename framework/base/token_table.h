/* token_table.h: the rows that numbers of tokens stand for. */
#ifndef ASSAY_BASE_TOKEN_TABLE_H
#define ASSAY_BASE_TOKEN_TABLE_H

#include <stddef.h>

struct token_table {
    float *rows; /* [vocabulary][dimensions] */
    size_t vocabulary, dimensions;
    size_t length; /* tokens of a sample */
};

#endif
