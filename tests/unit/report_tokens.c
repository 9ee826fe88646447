/* Figures of inputs that are tokens: a box for each with its number, in lines; bars where the store says no numbers. */
#include "reports/report.h"

#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_tokens);

#define LENGTH 20u /* two lines of boxes */
#define DIMENSIONS 2u

/* One input, whose map is .05, -.1, .15 and so on up to 1, each in two equal halves. */
static struct store *run_of_tokens(const char *folder, const char *tokens) {
    static const char *const explainers[] = {"gradient"}, *const controls[] = {"cascading"};
    const struct shape shape = {2, {DIMENSIONS, LENGTH}};
    struct verdict_row verdict = {.explainer = "gradient",
                                  .control = "cascading",
                                  .verdict = "PASS",
                                  .annotation = "",
                                  .expected = "PASS",
                                  .as_expected = true,
                                  .reason = "",
                                  .first_stage = ""};
    float x[DIMENSIONS * LENGTH], map[DIMENSIONS * LENGTH];
    char *path = text_format("%s/assay.db", folder);
    struct store *s = NULL;
    struct error e = {""};

    for (unsigned i = 0; i < DIMENSIONS * LENGTH; i++) {
        unsigned k = i % LENGTH;
        x[i] = (float)i;
        map[i] = (k % 2 ? -.025f : .025f) * (float)(k + 1);
    }
    cr_assert(store_open(path, &s, &e) && store_begin(s, &e) && store_set_order(s, explainers, 1, controls, 1, &e) &&
                  store_put_input(s, &(struct input_row){0, 0, 1, 1, 1, shape, x, NULL, NAN, NAN}, &e) &&
                  store_put_map(s, &(struct map_row){"gradient", "model", 0, shape, map}, &e) &&
                  store_put_verdict(s, &verdict, &e) && (!tokens || store_set_meta(s, "tokens", tokens, &e)) &&
                  store_commit(s, &e),
              "%s", e.text);
    free(path);
    return s;
}

static unsigned count(const char *text, const char *what) {
    unsigned n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

Test(report_tokens, a_box_for_each_with_its_number, .timeout = 60) {
    static const struct {
        const char *tokens;
        bool boxes;
    } cases[] = {{"{\"0\": [7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,30522]}", true},
                 {"{\"0\": [7,8]}", false},
                 {"{\"1\": [7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26]}", false},
                 {"{\"0\": 7}", false},
                 {"no json", false},
                 {NULL, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64];
        struct error e = {""};
        fake_folder(folder);
        struct store *s = run_of_tokens(folder, cases[i].tokens);
        const struct report *r = reports;
        while (r->id && strcmp(r->id, "figures") != 0) r++;
        if (i) setenv("PATH", "/nonexistent", 1); /* scripts are enough */
        cr_assert(r->write(s, folder, &e) || i, "%s", e.text);
        char *script = fake_read(folder, "figures/originals-input0.gp");
        cr_expect_eq(count(script, "boxxyerror"), cases[i].boxes ? 2 : 0, "case %zu", i);
        cr_expect_eq(count(script, "with boxes"), cases[i].boxes ? 0 : 2, "case %zu", i);
        if (cases[i].boxes) {
            cr_expect_eq(count(script, "set label '30522' at first 3,1 center front"), 2, "the last, in two blocks");
            cr_expect_eq(count(script, "'23' at first 0,1"), 2, "the second line begins");
            cr_expect_not_null(strstr(script, "'30522' at first 3,1 center front font small textcolor rgb '#ffffff'"));
            cr_expect_null(strstr(script, "'7' at first 0,0 center front font small textcolor rgb '#ffffff'"));
            char *svg = fake_read(folder, "figures/originals-input0.svg");
            cr_expect_eq(count(svg, ">30522<"), 2, "%s", svg);
            free(svg);
        }
        free(script);
        store_close(s);
        fake_folder_remove(folder);
    }
}
