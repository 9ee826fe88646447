/* JSON as text: the bytes of json_dumps() for every set of flags that is in use. */
#include "base/json_write.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(json_write, the_bytes_of_json_dumps) {
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(1), JSON_PRESERVE_ORDER, JSON_COMPACT | JSON_SORT_KEYS,
                                   JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)};
    json_t *o = json_pack("{s:s, s:f, s:[i, n, b], s:{}}", "z", "\"\n\xc3\xa9", "a", .1, "list", 7, 1, "empty");
    cr_assert_not_null(o);
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
        char *text = json_write(o, flags[k]), *due = json_dumps(o, flags[k]);
        cr_expect_str_eq(text, due, "flags %zu", k);
        free(text);
        free(due);
    }
    json_t *word = json_string("word");
    char *text = json_write(word, JSON_ENCODE_ANY);
    cr_expect_str_eq(text, "\"word\"");
    free(text);
    cr_expect_null(json_write(word, 0), "no array and no object");
    cr_expect_null(json_write(NULL, 0));
    json_decref(word);
    json_decref(o);
}

/* Either both are there afterwards, or none is. */
Test(json_write, what_is_put_together_is_whole_or_gone) {
    json_t *array = json_with(json_array(), json_integer(3)), *object = json_put(json_object(), "key", array);
    cr_assert_not_null(object);
    cr_expect_eq(json_integer_value(json_array_get(json_object_get(object, "key"), 0)), 3);
    cr_expect_null(json_with(json_array(), NULL));
    cr_expect_null(json_with(NULL, json_integer(3)));
    cr_expect_null(json_put(NULL, "key", json_integer(3)));
    cr_expect_null(json_put(json_object(), NULL, json_integer(3)));
    cr_expect_null(json_put(object, "other", NULL)); /* which is released with it */
}
