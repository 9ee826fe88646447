/* csv.h: a CSV file read into columns of numbers and one of labels. */
#ifndef ASSAY_DATA_CSV_H
#define ASSAY_DATA_CSV_H

#include "data/dataset.h"

/* As csv_load (data/source.h): numbers stay in memory where the file has at most that many bytes. Those of a gzip file
 * always do. */
bool csv_load_keeping(const char *path, const char *label, uint64_t most, struct dataset *, struct error *);
#define CSV_KEPT_MOST ((uint64_t)1 << 26)
#endif
