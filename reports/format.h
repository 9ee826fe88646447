/* format.h: numbers and markup as reports print them. */
#ifndef ASSAY_REPORTS_FORMAT_H
#define ASSAY_REPORTS_FORMAT_H

#include "base/text.h"

#define NUMBER_SIZE 32
/* The fewest digits that read back as the same double, with a point in any locale; "" for NaN. Returns buffer. */
const char *number_text(double, char buffer[NUMBER_SIZE]);

/* For XML 1.0, text or attribute: cleaned (text_add_clean), and markup escaped. */
void text_add_xml(struct text *, const char *);

/* Cleaned, so that nothing of it is markup of Markdown, or a command of LaTeX. */
void text_add_markdown(struct text *, const char *);
void text_add_latex(struct text *, const char *);

#endif
