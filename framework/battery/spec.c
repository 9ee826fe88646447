/* spec.c: `process:COMMAND`, `ID`, `path/to.so`, `path/to.so#ID`, each with `:name=value,name=value`. */
#include "base/text.h"
#include "battery/battery.h"

#include <stdlib.h>
#include <string.h>

#define WANTED                                                                                                         \
    "wanted ID, path/to.so or path/to.so#ID, and after it perhaps :name=value,name=value, or " PROCESS_WORD "COMMAND"

static char *copy_part(const char *from, size_t n) {
    struct text text = {0};
    text_append(&text, from, n);
    return text.failed ? NULL : text.data;
}

static size_t kebab_length(const char *text) {
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

/* Length of the path `text` begins with: to the end of ".so" where an id or parameters follow (a folder may hold a
 * colon), else to the first of them. */
static size_t path_length(const char *text) {
    for (const char *at = strstr(text, ".so"); at; at = strstr(at + 1, ".so"))
        if (at[3] == 0 || at[3] == '#' || at[3] == ':') return (size_t)(at - text) + 3;
    return strcspn(text, "#:");
}

/* "IntegratedGradients", "integrated_gradients": ids have small letters, and hyphens between words. */
static bool say_no_name(const char *text, size_t length, struct error *e) {
    static const char small[] = "abcdefghijklmnopqrstuvwxyz", large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct text id = {0};
    for (size_t i = 0; i < length; i++) {
        const char *capital = text[i] ? strchr(large, text[i]) : NULL;
        bool begins = capital && i && strchr(small, text[i - 1]);
        if (begins) text_add(&id, "-");
        text_add(&id, "%c", capital ? small[capital - large] : text[i] == '_' ? '-' : text[i]);
    }
    bool likely = id.data && !id.failed && length && kebab_length(id.data) == strlen(id.data);
    if (likely)
        error_set(e,
                  "%s: no id of an explainer, as ids have small letters and hyphens: did you mean '%s'? (`assay list "
                  "explainers` names all)",
                  text, id.data);
    else error_set(e, "%s: neither the id of an explainer nor the path of a library: " WANTED, text);
    text_finish(&id);
    return false;
}

/* The part before the parameters; *rest is what follows. */
static bool parse_name(const char *text, struct explainer_spec *out, const char **rest, struct error *e) {
    size_t n = kebab_length(text);
    if (n > 0 && (text[n] == 0 || text[n] == ':')) {
        out->id = copy_part(text, n);
        *rest = text + n;
        return out->id || error_memory(e);
    }
    n = path_length(text);
    if (n == 0 || !(memchr(text, '/', n) || (n > 3 && strncmp(text + n - 3, ".so", 3) == 0)))
        return say_no_name(text, n, e);
    out->path = copy_part(text, n);
    *rest = text + n;
    if (**rest == '#') {
        const char *id = *rest + 1;
        n = kebab_length(id);
        if (n == 0 || (id[n] != 0 && id[n] != ':')) return error_set(e, "%s: no explainer id after '#': " WANTED, text);
        out->id = copy_part(id, n);
        *rest = id + n;
        return (out->path && out->id) || error_memory(e);
    }
    return out->path || error_memory(e);
}

static bool parse_param(const char *text, const char *item, size_t n, struct explainer_spec *out, struct error *e) {
    const char *equals = memchr(item, '=', n);
    if (!equals || equals == item) return error_set(e, "%s: '%.*s': wanted name=value", text, (int)n, item);
    struct option option = {.name = copy_part(item, (size_t)(equals - item)),
                            .value = copy_part(equals + 1, n - (size_t)(equals + 1 - item))};
    out->params[out->param_count++] = option;
    if (!option.name || !option.value) return error_memory(e);
    for (size_t i = 0; i + 1 < out->param_count; i++)
        if (strcmp(out->params[i].name, option.name) == 0)
            return error_set(e, "%s: parameter %s is given twice: wanted once", text, option.name);
    return true;
}

static bool parse_params(const char *text, const char *rest, struct explainer_spec *out, struct error *e) {
    size_t count = 1;
    for (const char *at = rest; *at; at++) count += *at == ',';
    out->params = calloc(count, sizeof *out->params);
    if (!out->params) return error_memory(e);
    for (;;) {
        size_t n = strcspn(rest, ",");
        if (!parse_param(text, rest, n, out, e)) return false;
        if (!rest[n]) return true;
        rest += n + 1;
    }
}

static bool parse_process(const char *text, struct explainer_spec *out, struct error *e) {
    const char *command = text + strlen(PROCESS_WORD);
    command += strspn(command, " ");
    if (!*command) return error_set(e, "%s: no command: wanted one, as in " PROCESS_WORD "python3 method.py", text);
    if (process_spec_shell(command, &out->process, e)) return true;
    explainer_spec_finish(out);
    return false;
}

bool explainer_spec_parse(const char *text, struct explainer_spec *out, struct error *e) {
    const char *rest = NULL;
    *out = (struct explainer_spec){0};
    if (!*text) return error_set(e, "an explainer without a name: " WANTED);
    if (strncmp(text, PROCESS_WORD, strlen(PROCESS_WORD)) == 0) return parse_process(text, out, e);
    bool ok = parse_name(text, out, &rest, e);
    if (ok && *rest == ':') ok = parse_params(text, rest + 1, out, e);
    if (!ok) explainer_spec_finish(out);
    return ok;
}

void explainer_spec_finish(struct explainer_spec *spec) {
    for (size_t i = 0; i < spec->param_count; i++) {
        free(spec->params[i].name);
        free(spec->params[i].value);
    }
    free(spec->params);
    free(spec->id);
    free(spec->path);
    process_spec_destroy(spec->process);
    *spec = (struct explainer_spec){0};
}
