/* The report of the conformance checks as plain data: its names, and whether it may be one. */
#include "host/conformance_report.h"

#include "base/text.h"

#include <string.h>

const char *conformance_state_name(enum conformance_state state) {
    static const char *const names[] = {"ok", "breach", "warning", "unsupported"};
    return names[state];
}

const struct conformance_line *conformance_breach(const struct conformance_report *report) {
    for (uint32_t i = 0; i < report->count; i++)
        if (report->lines[i].state == CONFORMANCE_BREACH) return &report->lines[i];
    return NULL;
}

static bool is_text(const char *text, size_t size) {
    return memchr(text, 0, size) && text_is_clean(text);
}

bool conformance_report_check(const struct conformance_report *report) {
    unsigned char flag; /* a bool that holds anything else must not be read */
    memcpy(&flag, &report->unsupported, sizeof flag);
    if (flag > 1 || report->count > CONFORMANCE_MAX || !is_text(report->why, sizeof report->why) ||
        !is_text(report->inspected, sizeof report->inspected))
        return false;
    for (uint32_t i = 0; i < report->count; i++) {
        const struct conformance_line *line = &report->lines[i];
        int state = (int)line->state;
        if (state < CONFORMANCE_OK || state > CONFORMANCE_UNSUPPORTED || !is_text(line->id, sizeof line->id) ||
            !is_text(line->sentence, sizeof line->sentence))
            return false;
    }
    return true;
}

void conformance_report_clean(struct conformance_report *report) {
    text_clean_in_place(report->why);
    text_clean_in_place(report->inspected);
    for (uint32_t i = 0; i < report->count; i++) text_clean_in_place(report->lines[i].sentence);
}
