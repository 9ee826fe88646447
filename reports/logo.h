/* logo.h (private to reports/): letters as outlines, for sequence logos. */
#ifndef ASSAY_REPORTS_LOGO_H
#define ASSAY_REPORTS_LOGO_H

#include <stdbool.h>
#include <stddef.h>

#define LOGO_LETTERS 4u
extern const char logo_letters[LOGO_LETTERS + 1]; /* "ACGT", in the order of the channels */
extern const char *const logo_colours[LOGO_LETTERS];

#define LOGO_POINTS 40u

/* The outline of that letter in a square from 0 to 1: returns how many points it has, the last one is the first. */
size_t logo_outline(size_t letter, double points[LOGO_POINTS][2]);

#endif
