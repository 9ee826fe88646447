/* text_words.h: how verdicts are worded for people, and what every report has to say about them. */
#ifndef ASSAY_REPORTS_TEXT_WORDS_H
#define ASSAY_REPORTS_TEXT_WORDS_H

#include "base/text.h"
#include "store/store.h"

#define VERDICT_STYLES 7u

struct verdict_style {
    const char *word;   /* as stored; the last style: any other */
    const char *brief;  /* at most 8 letters */
    const char *letter; /* where there is no room for that; a legend says what it stands for */
    const char *colour; /* of a terminal (SGR); "": none */
    unsigned fill, ink; /* 0xRRGGBB, for figures: told apart by people with any colour vision, and in grey */
    unsigned mark;      /* the same hue, dark enough for words on white */
};

extern const struct verdict_style verdict_styles[VERDICT_STYLES];
size_t verdict_style_index(const char *verdict);
struct verdict_style verdict_style(const char *verdict);

/* Bytes of a long name to put on a first line, up to its last hyphen ("label-" above "permutation"); 0: it stays whole.
 */
size_t name_break(const char *name);

/* What comes before the verdicts of this run, and how to read them. */
struct verdict_notes {
    char *accuracy;         /* how often the network is right; NULL: the store does not say */
    char *accuracy_warning; /* NULL: none */
    char *canaries;         /* what came of the maps with known answers; NULL: the store does not say */
    char *canaries_warning; /* NULL: none */
    char *baseline;         /* the file of further expectations; NULL: none */
    char *same_warning;     /* of methods whose maps are equal or are not, against what is due; NULL: none */
    struct text delta, warning, inspected, same, left_out, untrained, annotations, pairs, ended, part;
    const char *line[16];
    size_t count;
};
bool verdict_notes_load(struct store *, struct verdict_notes *, struct error *);
void verdict_notes_finish(struct verdict_notes *);

#endif
