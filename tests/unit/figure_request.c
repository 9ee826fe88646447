/* What `assay figure` draws of a run, and how: parts of it, views, palettes, formats, bands and words. */
#include "reports/figure_request.h"

#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"
#include "reports/curve_set.h"
#include "reports/figure_words.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(figure_request);

static const struct fake_run small = {5, 3, 2, 2, 12, false, false};

/* Scripts and data without pictures. */
static void write_scripts(struct store *s, const char *folder, const struct figure_request *request) {
    struct error e = {""};
    setenv("PATH", "/nonexistent", 1);
    cr_expect_not(figures_draw(s, folder, request, NULL, &e));
    cr_expect_not_null(strstr(e.text, "gnuplot-nox"), "%s", e.text);
}

static bool there(const char *folder, const char *name) {
    char *path = text_format("%s/%s", folder, name);
    bool is = file_exists(path);
    free(path);
    return is;
}

static unsigned count(const char *text, const char *what) {
    unsigned n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

Test(figure_request, draws_what_is_asked_for) {
    static const char *const explainers[] = {"gradient", "saliency"}, *const controls[] = {"cascading"};
    static const uint32_t inputs[] = {0};
    struct figure_request request = figure_request_default;
    char folder[64];
    struct store *s = fake_run_store(&small, folder);

    request.explainers = explainers, request.explainer_count = 2;
    request.controls = controls, request.control_count = 1;
    request.inputs = inputs, request.input_count = 1;
    request.kinds = FIGURE_MAPS | FIGURE_SIMILARITY;
    write_scripts(s, folder, &request);
    cr_expect(there(folder, "maps-cascading-input0.gp") && there(folder, "similarity-cascading-spearman.gp"));
    cr_expect(!there(folder, "verdicts.gp") && !there(folder, "originals-input0.gp"));
    cr_expect(!there(folder, "maps-label-permutation-input0.gp"));
    char *script = fake_read(folder, "maps-cascading-input0.gp");
    cr_expect(strstr(script, "'saliency'") && !strstr(script, "'input-x-gradient'"));
    free(script);
    request.kinds = FIGURE_VERDICTS;
    write_scripts(s, folder, &request);
    char *verdicts = fake_read(folder, "verdicts.tsv");
    cr_expect_eq(count(verdicts, "PASS"), 2, "%s", verdicts);
    free(verdicts);
    store_close(s);
    fake_folder_remove(folder);
}

/* The input stands once in a strip, whatever the number of rows. */
Test(figure_request, shows_the_input_once) {
    char folder[64];
    struct store *s = fake_run_store(&small, folder);

    write_scripts(s, folder, &figure_request_default);
    char *script = fake_read(folder, "maps-cascading-input0.gp");
    cr_expect_eq(count(script, "set palette @grey"), 1);
    cr_expect_eq(count(script, "'input'"), 1);
    cr_expect_eq(count(script, "with image"), 1 + 5 * 4 + 2, "the input, five rows, two bars");
    free(script);
    store_close(s);
    fake_folder_remove(folder);
}

/* Few stages: as many as are asked for, of which the first and the last are two. */
Test(figure_request, chooses_stages_evenly) {
    static const struct fake_run deep = {1, 6, 2, 2, 8, false, false};
    struct figure_request request = figure_request_default;
    char folder[64];
    struct store *s = fake_run_store(&deep, folder);

    request.kinds = FIGURE_MAPS;
    for (request.stages = 2; request.stages < 8; request.stages++) {
        write_scripts(s, folder, &request);
        char *script = fake_read(folder, "maps-cascading-input0.gp");
        unsigned shown = request.stages < 6 ? (unsigned)request.stages : 6;
        cr_expect_eq(count(script, "with image"), 1 + 1 + shown + 1, "the input, the original, stages, a bar");
        cr_expect(strstr(script, "'fc2'") && strstr(script, "'+stem.conv0'"), "first and last");
        cr_expect_eq(strstr(script, "evenly chosen") != NULL, shown < 6);
        if (shown == 3) cr_expect(strstr(script, "'+conv1'") != NULL || strstr(script, "'+conv2'") != NULL);
        free(script);
    }
    store_close(s);
    fake_folder_remove(folder);
}

/* Views have names and data of their own; similarities are those of what is shown. */
Test(figure_request, views_stand_apart_from_what_is_judged) {
    struct figure_request request = figure_request_default;
    char folder[64];
    struct store *s = fake_run_store(&small, folder);

    write_scripts(s, folder, &request);
    char *before = fake_read(folder, "maps.tsv");
    request.view = FIGURE_ABSOLUTE;
    write_scripts(s, folder, &request);
    char *script = fake_read(folder, "maps-cascading-input0-absolute.gp"), *after = fake_read(folder, "maps.tsv");
    cr_expect(strstr(script, "absolute values'") && strstr(script, "maps = 'maps-absolute.f32'"));
    cr_expect(!strstr(script, "'against'") && strstr(script, "'strong'"), "no signs");
    cr_expect_not_null(strstr(script, "of absolute"));
    cr_expect_str_eq(before, after);
    char *signs = fake_read(folder, "maps-cascading-input0.gp");
    cr_expect_not_null(strstr(signs, "'against'"));
    free(signs);
    free(script);
    request.view = FIGURE_OVERLAY;
    request.palette = &figure_palettes[1];
    write_scripts(s, folder, &request);
    script = fake_read(folder, "maps-cascading-input0-overlay.gp");
    cr_expect_eq(count(script, "with rgbalpha"), 5 * 4);
    cr_expect_eq(count(script, "set palette @pale"), 5 * 4, "the input below each");
    cr_expect_not_null(strstr(script, "colours = 'PuOr'"));
    free(script);
    char *style = fake_read(folder, "style.gp");
    for (const struct figure_palette *p = figure_palettes; p->id; p++) cr_expect_not_null(strstr(style, p->id));
    free(style);
    free(before);
    free(after);
    store_close(s);
    fake_folder_remove(folder);
}

Test(figure_request, writes_the_formats, .timeout = 60) {
    static const char *const names[] = {"png", "svg", "pdf"};
    struct figure_request request = figure_request_default;
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(&small, folder);

    request.kinds = FIGURE_VERDICTS;
    for (request.formats = 1; request.formats < 8; request.formats++) {
        char *to = text_format("%s/%u", folder, request.formats);
        cr_assert(figures_draw(s, to, &request, NULL, &e), "%s", e.text);
        for (unsigned i = 0; i < 3; i++) {
            char *name = text_format("verdicts.%s", names[i]);
            cr_expect_eq(there(to, name), (request.formats >> i & 1) != 0, "%s of %u", name, request.formats);
            free(name);
        }
        free(to);
    }
    store_close(s);
    fake_folder_remove(folder);
}

Test(figure_request, refuses_what_the_run_has_not) {
    static const char *const wrong[] = {"gradeint"}, *const other[] = {"cascade"};
    static const uint32_t without[] = {1}, none[] = {7};
    const struct {
        struct figure_request r;
        const char *says;
    } cases[] = {
        {{.explainers = wrong, .explainer_count = 1}, "'gradeint' is none of the run: did you mean 'gradient'?"},
        {{.controls = other, .control_count = 1}, "'cascade' is none of the run: did you mean 'cascading'?"},
        {{.inputs = without, .input_count = 1}, "1: no maps of it were kept; there are maps of 0"},
        {{.inputs = none, .input_count = 1}, "7: the run has 2 inputs, counted from 0; there are maps of 0"},
    };
    char folder[64];
    struct store *s = fake_run_store(&small, folder);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        cr_expect_not(figures_check(s, &cases[i].r, &e));
        cr_expect_not_null(strstr(e.text, cases[i].says), "%s", e.text);
    }
    cr_expect(figures_check(s, &figure_request_default, NULL));
    store_close(s);
    fake_folder_remove(folder);
}

/* Cut at what there can be, and nowhere else. */
Test(figure_request, bands_stay_within_the_measure) {
    for (size_t m = 0; measures[m]; m++)
        for (double y = -1; y <= 1.0001; y += .125)
            for (double half = 0; half < 3; half += .25) {
                const double r = fmin(y, 1), lowest = measures[m]->axes[MEASURE_AXES - 1].lowest;
                const struct curve_row row = {
                    .similarity = r, .similarity_lower = r - half, .similarity_upper = r + half};
                const struct curve_band band = curve_band(measures[m], &row);
                if (r < lowest) continue;
                cr_expect(band.lower >= lowest && band.lower <= r && band.upper >= r &&
                              band.upper <= measures[m]->highest,
                          "%s: %g +- %g: %g .. %g", measures[m]->id, r, half, band.lower, band.upper);
                cr_expect_float_eq(band.lower, fmax(r - half, lowest), 1e-12);
                cr_expect_float_eq(band.upper, fmin(r + half, measures[m]->highest), 1e-12);
            }
    const struct curve_row row = {.similarity = .8, .similarity_lower = .5, .similarity_upper = 1.1};
    cr_expect_eq(curve_band(measures[0], &row).upper, 1);
    cr_expect_float_eq(curve_band(measures[0], &row).lower, .5, 1e-12);
    cr_expect_eq(curve_band(&measure_ssim, &row).upper, 1);
    const struct curve_row none = {.similarity = .8, .similarity_lower = NAN, .similarity_upper = NAN};
    cr_expect(isnan(curve_band(measures[0], &none).lower));
}

Test(figure_request, words_break_where_they_may) {
    static const struct {
        const char *text;
        size_t characters, lines;
        bool fits; /* without a break within a word */
    } cases[] = {
        {"", 4, 1, true},
        {"gradient", 8, 1, true},
        {"gradient", 7, 2, false},
        {"integrated-gradients", 11, 2, true},
        {"one two", 3, 2, true},
        {"one two three", 5, 3, true},
        {"squeezenet0_conv25", 12, 2, true},
        {"aaaaaaaaaa", 5, 2, false},
        {"\xe2\x88\x87\xe2\x88\x87 \xe2\x88\x87", 2, 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double width = figure_text_width(FONT_INK, cases[i].characters) + .1;
        cr_expect_eq(figure_lines(FONT_INK, width, cases[i].text), cases[i].lines, "%s", cases[i].text);
        cr_expect_eq(figure_fits(FONT_INK, width, cases[i].lines, cases[i].text), cases[i].fits, "%s", cases[i].text);
    }
}
