/* Notes beside the input of a strip. */
#include "reports/map_notes.h"

#include "measure/measure.h"
#include "reports/figure_words.h"

#include <stdlib.h>

#define LINES (sizeof((struct map_notes *)0)->line / sizeof *((struct map_notes *)0)->line)

bool map_notes_write(struct map_notes *n, const struct map_scales *scales, size_t shown, size_t stages, bool absolute,
                     struct error *e) {
    n->line[0] = text_copy(map_bar_text(scales));
    n->line[1] = text_format("%s: %s%s with the original map, all %s; one input, one draw (verdicts rest on all)",
                             measures[0]->symbol, measures[0]->title, absolute ? " of absolute values" : "",
                             scales->features ? "features" : "pixels");
    bool ok = n->line[0] && n->line[1];
    if (shown < stages) {
        n->line[2] = text_format("%zu of %zu stages, evenly chosen; all: assay figure RUN --stages all", shown, stages);
        ok = ok && n->line[2];
    }
    return ok || error_memory(e);
}

void map_notes_drop(struct map_notes *n) {
    for (size_t i = 0; i < LINES; i++) {
        free(n->line[i]);
        n->line[i] = NULL;
    }
}

double map_notes_height(const struct map_notes *n, const struct map_scales *scales) {
    double height = map_bar_height(scales);

    for (size_t i = 0; i < LINES; i++)
        if (n->line[i]) height += figure_line(FONT_SMALL) * (double)figure_lines(FONT_SMALL, n->width, n->line[i]);
    return height;
}

void map_notes_add(struct figure *f, const struct map_notes *n, const struct map_scales *scales, double x, double y) {
    map_bar_labels(f, scales, x, y);
    y += map_bar_height(scales);
    for (size_t i = 0; i < LINES; i++) {
        const struct figure_words note = {.x = x, .y = y, .width = n->width, .font = FONT_SMALL, .colour = "quiet"};
        if (n->line[i]) y += figure_line(FONT_SMALL) * (double)figure_words(f, &note, n->line[i]);
    }
}
