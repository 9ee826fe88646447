/* Figures for a page of a given width, measured in their SVG: letters have 6 to 8 points, nothing is cut, no two labels
 * overlap, and no page is higher than paper is. */
#include "reports/figure_request.h"

#include "base/file.h"
#include "base/text.h"
#include "many_controls.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(figure_paper);

#define CHARACTER .6 /* the mean width of a letter, in sizes of the font: DejaVu Sans, the widest of the usual ones */
#define ABOVE .74    /* of a letter over its base line */
#define BELOW .2

/* A text as a turned rectangle. */
struct label {
    char text[96];
    double size, corner[4][2];
};

/* The corners of a text whose anchor is at (x, y), turned by that many degrees. */
static void place(struct label *l, double x, double y, double degrees, const char *anchor) {
    double wide = CHARACTER * l->size * (double)utf8_width(l->text), turn = degrees * acos(-1) / 180;
    double left = strcmp(anchor, "start") == 0 ? 0 : strcmp(anchor, "end") == 0 ? -wide : -wide / 2;
    const double u[4] = {left, left + wide, left + wide, left},
                 v[4] = {-ABOVE * l->size, -ABOVE * l->size, BELOW * l->size, BELOW * l->size};

    for (int k = 0; k < 4; k++) {
        l->corner[k][0] = x + u[k] * cos(turn) - v[k] * sin(turn);
        l->corner[k][1] = y + u[k] * sin(turn) + v[k] * cos(turn);
    }
}

/* Entities count as one letter. */
static void take_text(struct label *l, const char *from, const char *end) {
    size_t n = 0;
    for (const char *at = from; at < end && n + 1 < sizeof l->text; at++) {
        l->text[n++] = *at;
        if (*at == '&') at = strchr(at, ';');
    }
    l->text[n] = '\0';
}

static size_t find_labels(const char *svg, struct label *out, size_t most) {
    size_t n = 0;

    for (const char *at = svg; (at = strstr(at, "<text>")); at++) {
        const char *group = at, *end = strstr(at, "</text>");
        double x, y, degrees = 0;
        char anchor[16];
        while (strncmp(group, "<g transform=", 13) != 0) group--;
        const char *size = strstr(group, "font-size=\""), *side = strstr(group, "text-anchor=\""),
                   *rotate = strstr(group, "rotate(");
        cr_assert(n < most && end && size && side && size < at && side < at);
        cr_assert_eq(sscanf(group, "<g transform=\"translate(%lf,%lf)", &x, &y), 2, "%.80s", group);
        cr_assert_eq(sscanf(size, "font-size=\"%lf", &out[n].size), 1);
        cr_assert_eq(sscanf(side, "text-anchor=\"%15[a-z]", anchor), 1);
        if (rotate && rotate < at) degrees = strtod(rotate + 7, NULL);
        take_text(&out[n], at + 6, end);
        if (!*out[n].text) continue;
        place(&out[n], x, y, degrees, anchor);
        n++;
    }
    return n;
}

/* Whether a line along an edge of the first lies between them. */
static bool apart(const struct label *a, const struct label *b) {
    for (int k = 0; k < 4; k++) {
        double nx = a->corner[(k + 1) % 4][1] - a->corner[k][1], ny = a->corner[k][0] - a->corner[(k + 1) % 4][0];
        double high = -INFINITY, low = INFINITY;
        for (int i = 0; i < 4; i++) {
            high = fmax(high, nx * a->corner[i][0] + ny * a->corner[i][1]);
            low = fmin(low, nx * b->corner[i][0] + ny * b->corner[i][1]);
        }
        if (low >= high) return true;
    }
    return false;
}

static void expect_legible(const char *name, const char *svg, double width) {
    static struct label labels[4096];
    double wide, high;
    const char *size = strstr(svg, "width=\"");
    size_t count = find_labels(svg, labels, sizeof labels / sizeof *labels);

    cr_assert(size && sscanf(size, "width=\"%lf\" height=\"%lf\"", &wide, &high) == 2, "%s", name);
    if (width > 0) cr_expect(fabs(wide - width) <= 1, "%s: %g pixels", name, wide);
    if (width > 0) cr_expect(high <= FIGURE_HEIGHT_MOST, "%s: %g pixels high", name, high);
    cr_expect_gt(count, 0, "%s", name);
    for (size_t i = 0; i < count; i++) {
        const struct label *l = &labels[i];
        cr_expect(.75 * l->size >= 6 && .75 * l->size <= 8.01, "%s: '%s' has %g pt", name, l->text, .75 * l->size);
        for (int k = 0; k < 4; k++)
            cr_expect(l->corner[k][0] >= 0 && l->corner[k][0] <= wide && l->corner[k][1] >= 0 &&
                          l->corner[k][1] <= high,
                      "%s: '%s' leaves the page: %g,%g of %g x %g", name, l->text, l->corner[k][0], l->corner[k][1],
                      wide, high);
        for (size_t j = 0; j < i; j++)
            cr_expect(apart(l, &labels[j]) || apart(&labels[j], l), "%s: '%s' lies on '%s'", name, l->text,
                      labels[j].text);
    }
}

/* gnuplot leaves out without a word what is off the page: every label of the script is there. Those whose letters XML
 * writes otherwise are not looked for. */
static void expect_labels(const char *name, const char *script, const char *svg) {
    for (const char *at = script; (at = strstr(at, "set label ")); at++) {
        const char *from = strchr(at, '\''), *end = from ? strchr(from + 1, '\'') : NULL;
        cr_assert(from && end);
        char *text = text_format("<text>%.*s</text>", (int)(end - from - 1), from + 1);
        if (end > from + 1 && !strpbrk(text + 6, "&\"") && end[1] == ' ')
            cr_expect_not_null(strstr(svg, text), "%s: %s is not drawn", name, text);
        free(text);
    }
}

/* Measures every SVG of the folder; returns how many there are. */
static size_t expect_folder(const char *folder, double width) {
    DIR *open = opendir(folder);
    size_t count = 0;

    cr_assert_not_null(open);
    for (struct dirent *entry; (entry = readdir(open));) {
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".svg") != 0) continue;
        char *svg = fake_read(folder, entry->d_name), *name = text_format("%s at %g", entry->d_name, width),
             *path = text_format("%.*s.gp", (int)(end - entry->d_name), entry->d_name),
             *script = fake_read(folder, path);
        expect_legible(name, svg, width);
        expect_labels(name, script, svg);
        free(script);
        free(path);
        free(name);
        free(svg);
        count++;
    }
    closedir(open);
    return count;
}

Test(figure_paper, nothing_collides_or_is_cut, .timeout = 300) {
    static const double widths[] = {0, FIGURE_WIDTH_LEAST, 316.8, 672};
    static const struct fake_run runs[] = {{6, 26, 2, 2, 12, false, false}, {18, 4, 5, 6, 8, false, false}};

    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            struct figure_request request = figure_request_default;
            char folder[64];
            struct error e = {""};
            struct store *s = fake_run_store(&runs[k], folder);
            request.width = widths[i];
            request.formats = FIGURE_SVG;
            cr_assert(figures_draw(s, folder, &request, NULL, &e), "%s", e.text);
            cr_expect_geq(expect_folder(folder, widths[i]), 10);
            store_close(s);
            fake_folder_remove(folder);
        }
}

/* A deep cascade whose layers have long names. */
static void put_curves(struct store *s, const char *explainer, struct error *e) {
    char stage[48];
    for (unsigned k = 0; k < 31; k++) {
        snprintf(stage, sizeof stage, "%sfeatures.%u.block.conv2d", k ? "+" : "", 30 - k);
        const struct curve_row row = {.explainer = explainer,
                                      .control = "cascading",
                                      .stage = stage,
                                      .measure = "spearman",
                                      .view = "signed/all",
                                      .stage_index = k,
                                      .stage_count = 31,
                                      .similarity = .9 - .03 * k,
                                      .similarity_lower = .7 - .03 * k,
                                      .similarity_upper = 1.1 - .03 * k,
                                      .floor = 0,
                                      .ceiling = 1,
                                      .inputs = 2,
                                      .draws = 2,
                                      .decision = "pass"};
        cr_assert(store_put_curve(s, &row, e), "%s", e->text);
    }
}

/* A run of inputs that are no pictures: one input, and its map by methods with short and with long names. */
static struct store *run_of(const char *folder, const struct shape *shape, const float *x, const char *key,
                            const char *meta) {
    static const char *const explainers[] = {"gradient", "integrated-gradients (absolute)", "grad-cam"};
    static const char *const controls[] = {"cascading"}, *const variants[] = {"model", "own:fc"};
    const size_t count = shape_count(shape);
    char *path = text_format("%s/assay.db", folder);
    float *map = malloc(count * sizeof *map);
    struct store *s = NULL;
    struct error e = {""};

    for (size_t i = 0; i < count; i++) map[i] = (i % 3 ? .05f : -.1f) * (float)(i % 7);
    cr_assert(store_open(path, &s, &e) && store_begin(s, &e) && store_set_order(s, explainers, 3, controls, 1, &e) &&
                  store_put_input(s, &(struct input_row){0, 0, 1, 1, 1, *shape, x, NULL, NAN, NAN}, &e) &&
                  store_put_use(s, &(struct use_row){"cascading", "fc", 0, 0, "own:fc"}, &e) &&
                  (!key || store_set_meta(s, key, meta, &e)),
              "%s", e.text);
    for (size_t k = 0; k < 6; k++) {
        const struct verdict_row verdict = {.explainer = explainers[k / 2],
                                            .control = "cascading",
                                            .verdict = "PASS",
                                            .annotation = "",
                                            .expected = "PASS",
                                            .as_expected = true,
                                            .reason = "",
                                            .first_stage = ""};
        cr_assert(store_put_map(s, &(struct map_row){explainers[k / 2], variants[k % 2], 0, *shape, map}, &e) &&
                      store_put_verdict(s, &verdict, &e),
                  "%s", e.text);
    }
    for (size_t k = 0; k < 3; k++) put_curves(s, explainers[k], &e);
    cr_assert(store_commit(s, &e), "%s", e.text);
    free(map);
    free(path);
    return s;
}

/* Tokens, features with names, and letters, which are drawn as such where they have room. */
Test(figure_paper, nor_of_inputs_that_are_no_pictures, .timeout = 120) {
    static const double widths[] = {0, FIGURE_WIDTH_LEAST, 316.8, 672};
    static const struct {
        struct shape shape;
        const char *key, *meta;
        bool letters;
    } runs[] = {
        {{2, {2, 20}}, "tokens", "{\"0\": [7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,30522]}", false},
        {{1, {12}},
         "run",
         "{\"data\": {\"columns\": [\"temperature\", \"p\", \"vibration of the axle\", \"speed\", \"load\", \"age\", "
         "\"humidity\", \"voltage\", \"shift\", \"operator\", \"a\", \"the last of the columns\"]}}",
         false},
        {{2, {4, 60}}, NULL, NULL, true},
    };
    float numbers[256], letters[4 * 60] = {0};

    for (size_t i = 0; i < 256; i++) numbers[i] = (float)(i % 5);
    for (size_t i = 0; i < 60; i++) letters[i % 4 * 60 + i] = 1;
    for (size_t k = 0; k < sizeof runs / sizeof *runs; k++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
            struct figure_request request = figure_request_default;
            char folder[64];
            struct error e = {""};
            fake_folder(folder);
            struct store *s =
                run_of(folder, &runs[k].shape, runs[k].letters ? letters : numbers, runs[k].key, runs[k].meta);
            request.width = widths[i];
            request.formats = FIGURE_SVG;
            cr_assert(figures_draw(s, folder, &request, NULL, &e), "%s", e.text);
            cr_expect_eq(expect_folder(folder, widths[i]), 4);
            char *script = fake_read(folder, "originals-input0.gp");
            cr_expect_eq(strstr(script, "filledcurves closed") != NULL,
                         runs[k].letters && (widths[i] == 0 || widths[i] > 600));
            free(script);
            store_close(s);
            fake_folder_remove(folder);
        }
}

/* Pages of the verdict table at that width. */
static size_t pages_of(unsigned rows, unsigned controls, double width) {
    struct figure_request request = figure_request_default;
    char folder[64];
    struct error e = {""};
    struct store *s = many_controls_run(rows, controls, "integrated-gradients (absolute)", folder);
    request.width = width;
    request.kinds = FIGURE_VERDICTS;
    request.formats = FIGURE_SVG;
    cr_assert(figures_draw(s, folder, &request, NULL, &e), "%s", e.text);
    size_t pages = expect_folder(folder, width);
    store_close(s);
    fake_folder_remove(folder);
    return pages;
}

/* Where words do not fit, letters do. */
Test(figure_paper, a_table_of_many_controls_is_one_page, .timeout = 120) {
    static const unsigned rows[] = {2, 30}, controls[] = {4, MANY_CONTROLS};
    static const double widths[] = {316.8, 672};

    for (size_t k = 0; k < 8; k++)
        cr_expect_eq(pages_of(rows[k & 1], controls[k >> 1 & 1], widths[k >> 2]), 1, "%u rows, %u controls, %g pixels",
                     rows[k & 1], controls[k >> 1 & 1], widths[k >> 2]);
}
