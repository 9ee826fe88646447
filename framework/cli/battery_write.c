/* battery_write.c: model, data, explainers and controls of a command line as YAML. */
#include "cli/battery_write.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

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

static bool says_the_same(const char *path, const struct text *battery) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool same =
        file_read(path, &bytes, &size, NULL) && size == battery->length && memcmp(bytes, battery->data, size) == 0;
    free(bytes);
    return same;
}

bool battery_write(const struct battery_ask *ask, const char *path, bool force, struct error *e) {
    struct text text = {0};
    if (strchr(path, '/'))
        return error_set(e, "%s: a file in the current folder wanted: the paths of the command line are relative to it",
                         path);
    bool ok = add_battery(&text, ask, e);
    if (ok && !force && file_exists(path) && !says_the_same(path, &text))
        ok = error_set(e,
                       "%s: is there and says something else: 'assay run %s' runs it, --force writes over it, and a "
                       "name behind the options is that of another file",
                       path, path);
    ok = ok && file_write(path, text.data, text.length, e);
    text_finish(&text);
    return ok;
}
