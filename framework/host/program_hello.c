/* program_hello.c: the greeting, and a table of what is in the answer. */
#include "host/program_hello.h"

#include "base/json_write.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char not_told[] = "not told";

/* ---- claims ---- */

static bool find_claim(const char *name, uint32_t *claims, struct error *e) {
    size_t n = 0;
    for (; explainer_claim_names[n]; n++) {
        if (strcmp(name, explainer_claim_names[n]) != 0) continue;
        *claims |= 1u << n;
        return true;
    }
    const char *nearest = text_nearest(name, explainer_claim_names, n);
    return error_set(e, "claim '%s': %s%s%s", excerpt_of(name).text, nearest ? "did you mean '" : "no such claim",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

bool program_claims(const struct process_spec *spec, uint32_t *claims, struct error *e) {
    *claims = 0;
    for (char **name = spec->claims; name && *name; name++)
        if (!find_claim(*name, claims, e)) return false;
    return true;
}

static bool take_claims(const json_t *header, const struct process_spec *spec, uint32_t *claims, struct error *e) {
    const json_t *list = json_object_get(header, "claims");
    *claims = 0;
    if (list && !json_is_array(list)) return error_set(e, "sent a hello whose 'claims' is no list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        struct error why;
        if (!name) return error_set(e, "sent a hello with a claim that is no text");
        if (!find_claim(name, claims, &why)) return error_set(e, "sent a hello with %s", why.text);
    }
    return !spec->claims || program_claims(spec, claims, e);
}

/* ---- texts ---- */

/* A clean line of the key's text; where there is none, a copy of `fallback`. */
static bool take_line(const json_t *header, const char *key, const char *fallback, char **out, struct error *e) {
    const json_t *value = json_object_get(header, key);
    if (value && !json_is_string(value)) return error_set(e, "sent a hello whose '%s' is no text", key);
    const char *text = json_string_value(value);
    if (text && strpbrk(text, "\n\r")) return error_set(e, "sent a hello whose '%s' is more than one line", key);
    *out = text && *text ? text_clean(text) : text_copy(fallback);
    if (!*out) return error_memory(e);
    return strlen(*out) <= INFO_LINE_MAX ||
           error_set(e, "sent a hello whose '%s' has more than %u bytes", key, INFO_LINE_MAX);
}

/* "Smooth Grad (mine)" as "smooth-grad-mine". */
static bool make_id(const char *name, char **out, struct error *e) {
    char id[INFO_ID_MAX + 1];
    size_t n = 0;
    bool gap = false;
    for (; *name && n < INFO_ID_MAX - 1; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain && gap && n) id[n++] = '-';
        if (plain) id[n++] = c;
        gap = !plain;
    }
    id[n] = 0;
    *out = text_copy(n ? id : "program");
    return *out || error_memory(e);
}

/* ---- parameters ---- */

static bool take_param(const char *name, const json_t *value, struct explainer_info *info, struct error *e) {
    struct param_info *p = &info->params[info->param_count++];
    p->name = text_copy(name);
    p->summary = text_copy("as the program said");
    if (!p->name || !p->summary) return error_memory(e);
    if (strcmp(name, "relu") == 0)
        return error_set(e, "sent a hello with a parameter 'relu', which assay would set itself: another name wanted");
    if (strcmp(name, "baseline") == 0 && !json_is_number(value))
        return error_set(e,
                         "sent a hello whose parameter 'baseline' is no number: it is the value of every input element "
                         "of the baseline; another name wanted for anything else");
    if (json_is_number(value)) {
        p->kind = ASSAY_NUMBER;
        p->number = p->min = p->max = json_number_value(value);
        return true;
    }
    p->kind = ASSAY_TEXT;
    p->text = json_is_string(value) ? text_copy(json_string_value(value)) : NULL;
    if (json_is_string(value) && !p->text) return error_memory(e);
    return p->text || error_set(e, "sent a hello whose parameter '%s' is neither number nor text", name);
}

static bool take_params(json_t *header, struct explainer_info *info, struct error *e) {
    json_t *object = json_object_get(header, "params"), *value;
    const char *name;
    if (object && !json_is_object(object)) return error_set(e, "sent a hello whose 'params' is no object");
    size_t n = json_object_size(object);
    if (n > INFO_PARAMS_MAX)
        return error_set(e, "sent a hello with %zu parameters: at most %u wanted", n, INFO_PARAMS_MAX);
    info->params = calloc(n + 1, sizeof *info->params);
    if (!info->params) return error_memory(e);
    json_object_foreach(object, name, value) {
        if (!take_param(name, value, info, e)) return false;
    }
    return true;
}

/* ---- what the method is ---- */

/* Bits of enum assay_modality by their names; a list that is missing is all of them. */
static bool take_inputs(const json_t *about, uint32_t *inputs, struct error *e) {
    const json_t *list = json_object_get(about, "inputs");
    *inputs = list ? 0 : INFO_INPUTS_ALL;
    if (list && !json_is_array(list)) return error_set(e, "sent a hello whose 'about' has 'inputs' that are no list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        size_t bit = 0;
        while (name && explainer_input_names[bit] && strcmp(explainer_input_names[bit], name) != 0) bit++;
        if (!name || !explainer_input_names[bit])
            return error_set(e,
                             "sent a hello whose 'about' has an input '%s': features, sequences, pictures, volumes "
                             "or tokens wanted",
                             name ? excerpt_of(name).text : "that is no text");
        *inputs |= 1u << bit;
    }
    return true;
}

/* As assay_about; nothing where the key is missing. */
static bool take_about(const json_t *header, struct about_info *about, struct error *e) {
    const json_t *object = json_object_get(header, "about"), *within = json_object_get(object, "within");
    if (!object) return true;
    if (!json_is_object(object)) return error_set(e, "sent a hello whose 'about' is no object");
    if (within && !json_is_number(within))
        return error_set(e, "sent a hello whose 'about' has a 'within' that is no number");
    about->within = json_number_value(within);
    return take_inputs(object, &about->inputs, e) && take_line(object, "family", "other", &about->family, e) &&
           take_line(object, "formula", not_told, &about->formula, e) &&
           take_line(object, "cost", not_told, &about->cost, e) &&
           (!json_object_get(object, "checked") || take_line(object, "checked", not_told, &about->checked, e));
}

/* ---- the whole ---- */

static bool take_protocol(const json_t *header, struct error *e) {
    const json_t *value = json_object_get(header, "protocol");
    if (!json_is_integer(value)) return error_set(e, "sent a hello without a number as its 'protocol'");
    return json_integer_value(value) == PROGRAM_PROTOCOL ||
           error_set(e, "speaks protocol %lld: this assay speaks %d", (long long)json_integer_value(value),
                     PROGRAM_PROTOCOL);
}

static bool take_sources(const json_t *header, char **out, struct error *e) {
    const json_t *sources = json_object_get(header, "sources");
    if (sources && !json_is_object(sources)) return error_set(e, "sent a hello whose 'sources' is no object");
    *out = sources ? json_write(sources, JSON_COMPACT | JSON_SORT_KEYS) : text_copy("");
    return *out || error_memory(e);
}

static bool take_hello(const struct frame *f, const struct process_spec *spec, struct program_hello *out,
                       struct error *e) {
    struct explainer_info *info = &out->info;
    struct explainer_info_list one = {1, info};
    if (!take_protocol(f->header, e)) return false;
    if (!frame_text(f, "name")) return error_set(e, "sent a hello without a 'name'");
    out->forks = json_is_true(json_object_get(f->header, "forks"));
    return take_line(f->header, "name", "program", &info->name, e) && make_id(info->name, &info->id, e) &&
           take_line(f->header, "summary", "a program", &info->summary, e) &&
           take_line(f->header, "source", not_told, &info->source, e) &&
           take_claims(f->header, spec, &info->claims, e) && take_params(f->header, info, e) &&
           take_about(f->header, &info->about, e) && take_sources(f->header, &out->sources, e) &&
           (explainer_info_check(&one, e) || error_prefix(e, "sent a hello that cannot be used"));
}

/* What came in its place. */
static bool not_hello(const struct frame *f, bool *refused, struct error *e) {
    const char *message = frame_text(f, "message");
    *refused = strcmp(f->type, "error") == 0 && message && *message;
    if (*refused) return error_set(e, "%s", message);
    return error_set(e, "sent a frame '%s' where its hello was due", excerpt_of(f->type).text);
}

bool program_hello(struct frame_stream *s, const struct process_spec *spec, struct program_hello *out, bool *refused,
                   struct error *e) {
    struct frame f = {0};
    json_t *keys = json_pack("{s:s, s:[i, i], s:s, s:s}", "type", "hello", "protocol", PROGRAM_PROTOCOL,
                             PROGRAM_PROTOCOL, "assay", ASSAY_VERSION, "options", spec->options ? spec->options : "");
    *out = (struct program_hello){0};
    *refused = false;
    bool ok = frame_send(s, keys, NULL, 0, e) && frame_receive(s, &f, e);
    if (ok && strcmp(f.type, "hello") != 0) ok = not_hello(&f, refused, e);
    ok = ok && frame_skip(s, &f, e) && take_hello(&f, spec, out, e);
    frame_finish(&f);
    if (!ok) program_hello_finish(out);
    return ok;
}

void program_hello_finish(struct program_hello *hello) {
    explainer_info_finish(&hello->info);
    free(hello->sources);
    *hello = (struct program_hello){0};
}
