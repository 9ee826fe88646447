/* battery_write.c: model, data, explainers and controls of a command line as YAML. */
#include "cli/battery_write.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *battery_write_name(const char *model) {
    const char *slash = strrchr(model, '/'), *base = slash ? slash + 1 : model, *dot = strrchr(base, '.');
    return text_format("%.*s.yaml", (int)(dot && dot > base ? dot - base : (long)strlen(base)), base);
}

/* Length of the first of the specs: a comma ends one, unless a parameter follows (NAME=VALUE without a colon). */
static size_t spec_length(const char *specs) {
    size_t n = strcspn(specs, ",");
    while (specs[n]) {
        const char *next = specs + n + 1;
        size_t length = strcspn(next, ",");
        const char *equals = memchr(next, '=', length), *colon = memchr(next, ':', length);
        if (!equals || (colon && colon < equals)) break;
        n += 1 + length;
    }
    return n;
}

static bool add_list(struct text *out, const char *option, const char *items, struct error *e) {
    for (const char *at = items, *separator = ""; at; separator = ", ") {
        size_t n = spec_length(at);
        if (!n) return error_set(e, "--%s: '%s': an empty name", option, excerpt_of(items).text);
        text_add(out, "%s", separator);
        text_add_quoted(out, at, n);
        at = at[n] ? at + n + 1 : NULL;
    }
    return true;
}

static bool add_battery(struct text *out, const struct battery_ask *ask, struct error *e) {
    text_add(out, "# Written by assay run --model. Paths are relative to this file.\nmodel: ");
    text_add_quoted(out, ask->model, strlen(ask->model));
    text_add(out, "\ndata:\n  source: ");
    text_add_quoted(out, ask->data, strlen(ask->data));
    if (ask->preprocess) { /* a preset, or a mapping as a battery has it */
        text_add(out, "\n  preprocess: ");
        if (ask->preprocess[0] == '{') text_add_clean(out, ask->preprocess);
        else text_add_quoted(out, ask->preprocess, strlen(ask->preprocess));
    }
    text_add(out, "\nexplainers: [");
    if (!add_list(out, "explainers", ask->explainers, e)) return false;
    text_add(out, "]\ncontrols: %s", ask->controls ? "[" : "default");
    if (ask->controls && !add_list(out, "controls", ask->controls, e)) return false;
    text_add(out, "%s\n", ask->controls ? "]" : "");
    return !out->failed || error_memory(e);
}

/* What is there, or nothing. */
static bool read_before(const char *path, const struct text *battery, struct battery_written *w, struct error *e) {
    w->made = !file_exists(path);
    if (w->made) return true;
    if (!file_read(path, &w->before, &w->size, e)) return false;
    w->changed = w->size != battery->length || memcmp(w->before, battery->data, w->size) != 0;
    return true;
}

bool battery_write(const struct battery_ask *ask, const char *path, bool force, struct battery_written *w,
                   struct error *e) {
    struct text text = {0};
    if (strchr(path, '/'))
        return error_set(e, "%s: a file in the current folder wanted: the paths of the command line are relative to it",
                         path);
    bool ok = add_battery(&text, ask, e) && read_before(path, &text, w, e);
    if (ok && !force && w->changed)
        ok = error_set(e,
                       "%s: is there and says something else: 'assay run %s' runs it, --force writes over it, and a "
                       "name behind the options is that of another file",
                       path, path);
    if (ok && (w->made || w->changed)) ok = file_write(path, text.data, text.length, e);
    if (!ok) w->made = w->changed = false;
    text_finish(&text);
    return ok;
}

void battery_written_end(struct battery_written *w, const char *path, bool refused) {
    struct error ignored;
    if (refused && w->made) unlink(path);
    if (refused && w->changed) file_write(path, w->before, w->size, &ignored);
    free(w->before);
    *w = (struct battery_written){0};
}
