/* JSON values laid out for readers, and made from text and numbers of any kind. */
#include "reports/json_layout.h"

#include "base/json_write.h"

#include "reports/format.h"

#include <math.h>
#include <stdlib.h>

json_t *json_text(const char *s) {
    char *clean = text_clean(s);
    json_t *value = clean ? json_string(clean) : NULL;

    free(clean);
    return value;
}

json_t *json_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static bool is_flat(const json_t *value) {
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (json_is_array(json_array_get(value, i)) || json_is_object(json_array_get(value, i))) return false;
    } else if (json_is_object(value)) {
        json_t *object = (json_t *)(uintptr_t)value; /* jansson's iterators take no const, and change nothing */
        for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
            if (json_is_array(json_object_iter_value(at)) || json_is_object(json_object_iter_value(at))) return false;
    }
    return true;
}

static bool put_scalar(FILE *out, const json_t *value) {
    char digits[NUMBER_SIZE];

    if (json_is_real(value) || json_is_integer(value)) { /* the stream itself remembers what cannot be written */
        if (json_is_real(value)) fputs(number_text(json_real_value(value), digits), out);
        else fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    }
    json_t *clean = json_is_string(value) ? json_text(json_string_value(value)) : NULL;
    char *text = clean || !json_is_string(value) ? json_write(clean ? clean : value, JSON_ENCODE_ANY) : NULL;
    json_decref(clean);
    if (!text) return false;
    fputs(text, out);
    free(text);
    return true;
}

/* Between elements: a line of its own for each, or one line for all. */
static void put_break(FILE *out, bool flat, bool first, int indent) {
    if (!first) fputc(',', out);
    if (!flat) fprintf(out, "\n%*s", indent, "");
    else if (!first) fputc(' ', out);
}

static bool put_key(FILE *out, const char *key) {
    json_t *name = json_text(key);
    bool ok = name && put_scalar(out, name);

    json_decref(name);
    fputs(": ", out);
    return ok;
}

bool json_layout(FILE *out, const json_t *value, int indent) {
    bool flat = is_flat(value), first = true, ok = true;

    if (json_is_array(value)) {
        fputc('[', out);
        for (size_t i = 0; i < json_array_size(value) && ok; i++, first = false) {
            put_break(out, flat, first, indent + 2);
            ok = json_layout(out, json_array_get(value, i), indent + 2);
        }
    } else if (json_is_object(value)) {
        json_t *object = (json_t *)(uintptr_t)value;
        fputc('{', out);
        for (void *at = json_object_iter(object); at && ok; at = json_object_iter_next(object, at), first = false) {
            put_break(out, flat, first, indent + 2);
            ok = put_key(out, json_object_iter_key(at)) && json_layout(out, json_object_iter_value(at), indent + 2);
        }
    } else {
        return put_scalar(out, value);
    }
    if (!flat) fprintf(out, "\n%*s", indent, "");
    fputc(json_is_array(value) ? ']' : '}', out);
    return ok;
}
