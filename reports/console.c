/* The table of formats for standard output. */
#include "reports/console.h"

#include "reports/console_writers.h"

#include <string.h>

static bool write_nothing(struct store *s, FILE *out, const struct report_style *style, struct error *e) {
    (void)s, (void)out, (void)style, (void)e;
    return true;
}

const struct console_format console_formats[] = {
    {"table", "the verdict table, and what was not as expected", report_text, NULL},
    {"json", "one JSON document", console_json, console_json_broken},
    {"github", "annotations of GitHub Actions, at the battery's lines", console_github, console_github_broken},
    {"tap", "Test Anything Protocol 13", console_tap, console_tap_broken},
    {"quiet", "nothing but errors", write_nothing, NULL},
    {.id = NULL},
};

const char *const console_names[] = {"table", "json", "github", "tap", "quiet", NULL};

const struct console_format *console_find(const char *id) {
    const struct console_format *f = console_formats;
    while (f->id && strcmp(f->id, id) != 0) f++;
    return f->id ? f : NULL;
}
