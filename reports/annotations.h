/* annotations.h: what the overall words of rows are to be read with, as one sentence. */
#ifndef ASSAY_REPORTS_ANNOTATIONS_H
#define ASSAY_REPORTS_ANNOTATIONS_H

#include "base/text.h"
#include "store/store.h"

/* Adds "Overall, ...: ROW, ROW; ...: ROW.": each annotation once, with its rows; nothing where there is none. */
bool annotations_add(struct store *, struct text *, struct error *);

#endif
