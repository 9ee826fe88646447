/* Annotations of GitHub Actions: "Workflow commands for GitHub Actions",
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
#include "reports/battery_lines.h"
#include "reports/console_writers.h"
#include "reports/surprise.h"
#include "reports/text_words.h"

#include <stdlib.h>
#include <string.h>

/* Cleaned; '%' and, in a property, what ends it are escaped as the runner reads them back. */
static void add_escaped(struct text *out, const char *s, bool property) {
    char *clean = text_clean(s);
    for (const char *at = clean; at && *at; at++) {
        bool ends = *at == '%' || (property && (*at == ':' || *at == ','));
        if (ends) text_add(out, "%%%02X", (unsigned)(unsigned char)*at);
        else text_append(out, at, 1);
    }
    out->failed = out->failed || !clean;
    free(clean);
}

static void add_command(struct text *out, const char *level, const char *file, unsigned line, const char *title,
                        const char *message) {
    text_add(out, "::%s ", level);
    if (file) {
        text_add(out, "file=");
        add_escaped(out, file, true);
        if (line) text_add(out, ",line=%u", line);
        text_add(out, ",");
    }
    text_add(out, "title=");
    add_escaped(out, title, true);
    text_add(out, "::");
    add_escaped(out, message, false);
    text_add(out, "\n");
}

/* Every one of them fails the job. */
static void add_surprise(struct text *out, const struct verdict_table *t, const struct battery_lines *lines,
                         const struct surprise *s, const struct report_style *style, const char *baseline) {
    const struct verdict_row *v = s->cell;
    struct text title = {0}, message = {0}, remedy = {0};

    surprise_add_name(&title, t, s);
    text_add(&title, ": %s", v->verdict);
    text_add(&message, "%s Expected: %s.", v->reason, v->expected);
    if (surprise_add_remedy(&remedy, v, style->folder, baseline))
        text_add(&message, " %s", remedy.data ? remedy.data : "");
    out->failed = out->failed || title.failed || message.failed || remedy.failed;
    if (!out->failed) add_command(out, "error", lines->file, battery_lines_find(lines, v), title.data, message.data);
    text_finish(&title);
    text_finish(&message);
    text_finish(&remedy);
}

static void add_summary(struct text *out, const struct verdict_table *t) {
    const struct verdict_counts n = verdict_counts_of(t);
    struct text words = {0};

    verdict_counts_add_words(&words, &n);
    text_add(&words, "; verdicts as expected: %zu of %zu", n.expected, n.verdicts);
    out->failed = out->failed || words.failed;
    if (!out->failed) add_command(out, "notice", NULL, 0, "assay", words.data);
    text_finish(&words);
}

bool console_github(struct store *s, FILE *stream, const struct report_style *style, struct error *e) {
    struct verdict_table table = {0};
    struct verdict_notes notes = {0};
    struct battery_lines lines = {0};
    struct surprise surprise;
    struct text out = {0};

    bool ok = verdict_notes_load(s, &notes, e) && verdict_table_load(s, &table, e) && battery_lines_load(s, &lines, e);
    for (size_t at = 0; ok && surprise_next(&table, &at, &surprise);)
        add_surprise(&out, &table, &lines, &surprise, style, notes.baseline);
    if (ok && notes.accuracy_warning)
        add_command(&out, "warning", lines.file, 0, "the network", notes.accuracy_warning);
    if (ok && notes.same_warning)
        add_command(&out, "warning", lines.file, 0, "maps that are equal or should be", notes.same_warning);
    if (ok && notes.canaries_warning)
        add_command(&out, "error", lines.file, 0, "canaries came out wrong", notes.canaries_warning);
    if (ok) add_summary(&out, &table);
    if (ok && out.failed) ok = error_memory(e);
    if (ok) fputs(out.data, stream);
    text_finish(&out);
    battery_lines_finish(&lines);
    verdict_table_finish(&table);
    verdict_notes_finish(&notes);
    return ok;
}

/* "b.yaml:3:14: what is wrong": the file and its line, where the message begins with them. */
static bool take_location(const char *message, char file[256], unsigned *line) {
    const char *colon = strchr(message, ':');
    char *end;

    if (!colon || colon == message || (size_t)(colon - message) >= 256) return false;
    unsigned long number = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end != ':' || number == 0 || number > 1000000) return false;
    memcpy(file, message, (size_t)(colon - message));
    file[colon - message] = '\0';
    *line = (unsigned)number;
    return true;
}

void console_github_broken(FILE *stream, const char *message, int exit_code) {
    struct text out = {0};
    char file[256];
    unsigned line = 0;
    bool located = take_location(message, file, &line) && strcmp(file, "-") != 0; /* standard input is no file */

    add_command(&out, "error", located ? file : NULL, line, exit_code == 2 ? "assay cannot begin" : "assay broke off",
                message);
    if (!out.failed) fputs(out.data, stream);
    text_finish(&out);
}
