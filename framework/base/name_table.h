/* name_table.h: a table from names to numbers: what is known of a name is found in constant time. */
#ifndef ASSAY_BASE_NAME_TABLE_H
#define ASSAY_BASE_NAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. Names are borrowed: they stay where they are as long as the table. */
struct name_table {
    struct name_slot {
        const char *name; /* NULL: free */
        uint32_t number;
    } * slots;
    size_t count, capacity; /* names, and slots: a power of two */
};

/* The name's number, to read and write until the next name is added: 0 where the name is new. NULL when out of memory.
 */
uint32_t *name_table_at(struct name_table *, const char *name);
/* The same without adding: NULL where the table does not know the name. */
uint32_t *name_table_find(const struct name_table *, const char *name);
void name_table_finish(struct name_table *);

#endif
