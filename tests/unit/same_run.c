/* Two records of a run: what of them may differ when it is verified. */
#include "experiment/same_run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define RECORD                                                                                                         \
    "{\"battery\": \"b\", \"seed\": \"7\", \"explainers\": ["                                                          \
    "{\"name\": \"gradient\", \"path\": \"/a/gradient.so\", \"sha256\": \"1\", \"claims\": [\"odd\"]}, "               \
    "{\"name\": \"yardstick\", \"path\": null, \"sha256\": null, \"claims\": []}], "                                   \
    "\"battery_file\": {\"path\": \"b.yaml\"}, \"libraries\": {\"zlib\": \"1\"}, "                                     \
    "\"machine\": {\"cpu\": \"x\"}, \"sandbox\": \"none\"}"

static const struct sample {
    const char *from, *to;
    bool same;
    unsigned others;
} samples[] = {
    {"", "", true, 0},
    {"\"1\", \"cl", "\"2\", \"cl", true, 1},
    {"/a/gradient.so", "/b/gradient.so", true, 0},
    {"\"cpu\": \"x\"", "\"cpu\": \"y\"", true, 0},
    {"\"zlib\": \"1\"", "\"zlib\": \"2\"", true, 0},
    {"\"none\"", "\"seccomp\"", true, 0},
    {"b.yaml", "c.yaml", true, 0},
    {"\"odd\"", "\"linear\"", false, 0},
    {"\"name\": \"gradient\"", "\"name\": \"saliency\"", false, 0},
    {"\"seed\": \"7\"", "\"seed\": \"8\"", false, 0},
    {"\"battery\": \"b\"", "\"battery\": \"c\"", false, 0},
};

/* RECORD with `to` in the place of `from`. */
static void altered(const struct sample *s, char out[1024]) {
    const char *record = RECORD, *at = strstr(record, s->from);
    cr_assert(at, "%s", s->from);
    snprintf(out, 1024, "%.*s%s%s", (int)(at - record), record, s->to, at + strlen(s->from));
}

Test(same_run, files_of_explainers_and_the_machine_may_differ_and_nothing_else) {
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char other[1024];
        struct same_run found;
        struct error e;
        altered(&samples[i], other);
        cr_assert(same_run(RECORD, other, &found, &e));
        cr_expect_eq(found.same, samples[i].same, "%s", other);
        cr_expect_eq(found.explainers, 1);
        cr_expect_eq(found.others, samples[i].others, "%s", other);
    }
}

Test(same_run, what_is_no_record_is_of_another_run) {
    const char *const none[] = {NULL, "", "[]", "{}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct same_run found;
        struct error e;
        cr_assert(same_run(none[i], RECORD, &found, &e));
        cr_expect_not(found.same);
    }
}

#define ROW(id, sha, claims)                                                                                           \
    "{\"seed\": \"7\", \"explainers\": [{\"name\": \"a\", \"id\": " id ", \"path\": \"/a.so\", \"sha256\": \"" sha     \
    "\", "                                                                                                             \
    "\"parameters\": " id ", \"claims\": [" claims "]}], \"sandbox\": \"none\"}"

Test(same_run, an_explainer_that_was_not_described_may_be_now) {
    static const struct {
        const char *stored, *here;
        bool same;
    } cases[] = {
        {ROW("null", "1", ""), ROW("\"a\"", "1", "\"odd\""), true},
        {ROW("null", "1", ""), ROW("null", "1", ""), true},
        {ROW("null", "1", ""), ROW("\"a\"", "2", "\"odd\""), false},  /* another file */
        {ROW("\"a\"", "1", "\"odd\""), ROW("null", "1", ""), false},  /* it has results */
        {ROW("\"a\"", "1", "\"odd\""), ROW("\"a\"", "1", ""), false}, /* it was described */
        {ROW("null", "1", ""), "{\"seed\": \"7\", \"explainers\": []}", false},
        {NULL, ROW("null", "1", ""), false},
        {"[]", ROW("null", "1", ""), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool same = !cases[i].same;
        struct error e;
        cr_assert(same_run_described(cases[i].stored, cases[i].here, &same, &e));
        cr_expect_eq(same, cases[i].same, "case %zu", i);
    }
}
