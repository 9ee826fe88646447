/* A store full of made-up results, also with hostile names. */
#define _GNU_SOURCE /* nftw, ST_NOEXEC */

#include "fake_run.h"

#include "base/file.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* How a made-up explainer behaves: similarity that survives, signed and absolute, and what each control says of it. */
struct character {
    const char *name;
    double early, late, magnitude; /* signed share at the first and last stage; absolute */
    bool non_negative;
    const char *verdict[FAKE_CONTROLS];
    const char *expected[FAKE_CONTROLS];
    const char *annotation;
};

#define P "PASS"
#define F "FAIL"
#define U "UNINFORMATIVE"
#define S "SKIP"
#define E "ERROR"
#define I "INCONCLUSIVE"
static const struct character characters[] = {
    {"gradient", .05, .0, .30, false, {P, P, P, P, S}, {P, P, P, P, "PASS|SKIP"}, ""},
    {"saliency", .30, .25, .30, true, {P, P, P, P, S}, {P, "PASS|INCONCLUSIVE", P, P, S}, ""},
    {"input-x-gradient", .04, .0, .55, false, {P, P, P, P, P}, {P, P, P, P, P}, ""},
    {"integrated-gradients", .04, .01, .58, false, {P, P, P, P, P}, {P, P, P, P, P}, ""},
    {"integrated-gradients (absolute)", .58, .55, .58, true, {U, U, U, P, P}, {U, U, U, P, P}, "INPUT-DOMINATED"},
    {"smoothgrad", .10, .02, .28, false, {I, P, P, P, S}, {P, P, P, P, S}, ""},
    {"guided-backprop", .85, .20, .45, false, {F, F, P, P, S}, {F, F, "PASS|FAIL", P, S}, ""},
    {"grad-cam", .20, .02, .30, true, {P, I, P, S, S}, {P, "PASS|INCONCLUSIVE", P, S, S}, ""},
    {"guided-grad-cam", .70, .15, .40, false, {F, F, F, S, S}, {F, F, P, S, S}, ""},
    {"edge-detector", 1, 1, 1, true, {F, F, F, F, S}, {F, F, F, F, S}, ""},
    {"input", 1, 1, 1, true, {F, F, F, F, P}, {F, F, F, F, P}, ""},
    {"random-noise", .0, .0, .0, false, {U, U, U, E, E}, {U, U, U, E, F}, ""},
    {"constant", NAN, NAN, NAN, true, {E, E, E, E, S}, {E, E, E, E, S}, ""},
    {"deconvnet", .50, .10, .4, false, {F, I, P, P, S}, {F, "FAIL|INCONCLUSIVE", P, P, S}, ""},
};
#define CHARACTERS (sizeof characters / sizeof *characters)

static const char *const controls[FAKE_CONTROLS] = {"cascading", "independent", "label-permutation", "linear-identity",
                                                    "zero-pixel"};
static const char *const layers[] = {"fc2", "fc1", "conv2", "conv1", "layer1.*", "stem.conv0"};
static const char *const hostile_names[] = {"a,b \"quoted\" 'single' <tag> & ]]> _{x}^2 @y `ls` $(ls) %d \\n",
                                            "line\nbreak\ttab\x01\x1b[31mred", "bad utf-8 \xff\xc3", "naïve ünïcode ∇f",
                                            ""};

const char *fake_explainer(const struct fake_run *f, uint32_t explainer) {
    if (f->hostile && explainer < sizeof hostile_names / sizeof *hostile_names) return hostile_names[explainer];
    return characters[explainer % CHARACTERS].name;
}

const char *fake_control(const struct fake_run *f, uint32_t control) {
    return f->hostile && control == 1 ? "in{de}pen,dent <&\"'>" : controls[control];
}

static double noise(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    uint32_t x = (a + 1) * 2654435761u ^ (b + 7) * 2246822519u ^ (c + 13) * 3266489917u ^ (d + 29) * 668265263u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    x *= 3266489917u;
    x ^= x >> 16;
    return (double)x / 4294967296.0 - .5;
}

static const char *const hostile_layers[] = {"'); quit # @x_{y}^2\\n\"", "'\x1b[2J\xff\n$0 %s \xe2\x80\xae`id`"};

static void stage_name(const struct fake_run *f, uint32_t control, uint32_t stage, char out[32]) {
    if (f->hostile && control < 2 && stage < 2) snprintf(out, 32, "%s", hostile_layers[stage]);
    else if (control == 2) snprintf(out, 32, "%s", stage ? "twin" : "permuted");
    else snprintf(out, 32, "%s%s", control == 0 && stage ? "+" : "", layers[stage % 6]);
}

static void variant_name(uint32_t control, uint32_t stage, uint32_t draw, char out[48]) {
    if (control == 2) snprintf(out, 48, "%s/%u", stage ? "twin" : "permuted", draw);
    else snprintf(out, 48, "%s/%u/draw%u", controls[control], stage, draw);
}

static uint32_t stage_count(const struct fake_run *f, uint32_t control) {
    return control < 2 ? f->stages : control == 2 ? 2 : 0;
}

static double survives(const struct fake_run *f, const struct character *c, uint32_t stage, bool absolute) {
    double t = f->stages > 1 ? (double)stage / (f->stages - 1) : 0;
    return absolute ? c->magnitude : c->early + (c->late - c->early) * t;
}

static const char *const views[] = {"absolute/all", "absolute/nonzero", "signed/all", "signed/nonzero"};
static const char *const measures_of[] = {"spearman", "ssim"};

static bool put_comparisons(const struct fake_run *f, struct store *s, uint32_t explainer, uint32_t stage,
                            uint32_t draw, const char *variant, struct error *e) {
    const struct character *c = &characters[explainer % CHARACTERS];

    for (uint32_t k = 0; k < 2 * 2 * 4 * f->inputs; k++) {
        uint32_t j = f->shuffled ? 2 * 2 * 4 * f->inputs - 1 - k : k;
        uint32_t input = j % f->inputs, view = j / f->inputs % 4, measure = j / f->inputs / 4 % 2;
        bool floor = j / f->inputs / 8;
        struct comparison_row row = {fake_explainer(f, explainer),
                                     variant,
                                     floor ? "mismatched" : "matched",
                                     input,
                                     floor ? (input + 1 + draw) % f->inputs : input,
                                     measures_of[measure],
                                     views[view],
                                     (floor ? .02 : survives(f, c, stage, view < 2)) +
                                         .1 * noise(explainer, stage, draw, j)};
        if (c->non_negative && view >= 2) continue;
        if (!store_put_comparison(s, &row, e)) return false;
    }
    return true;
}

/* A blob per "class evidence", and the input's outline as far as it survives. */
static float *make_map(const struct fake_run *f, uint32_t explainer, uint32_t input, uint32_t stage, double share,
                       bool is_input) {
    float *map = malloc(f->side * f->side * sizeof *map);

    cr_assert_not_null(map);
    for (uint32_t y = 0; y < f->side; y++)
        for (uint32_t x = 0; x < f->side; x++) {
            double u = (double)x / f->side - .5, v = (double)y / f->side - .5, r = sqrt(u * u + v * v);
            double picture = r < .3 + .05 * sin(5 * atan2(v, u) + input) ? .5 + .5 * cos(9 * u + input) : 0;
            double ring = exp(-pow((r - .3) / .05, 2)) * (u > 0 ? 1 : -.6);
            double own = 1.2 * noise(explainer, stage + 31 * input, x, y);
            double value = is_input ? picture : share * ring + (1 - share) * own;
            map[y * f->side + x] = (float)(characters[explainer % CHARACTERS].non_negative ? fabs(value) : value);
        }
    return map;
}

static bool put_map(const struct fake_run *f, struct store *s, uint32_t explainer, uint32_t input, uint32_t stage,
                    const char *variant, double share, struct error *e) {
    float *map = make_map(f, explainer, input, stage, isnan(share) ? 0 : share, false);
    if (isnan(share)) memset(map, 0, f->side * f->side * sizeof *map);
    struct map_row row = {fake_explainer(f, explainer), variant, input, {3, {1, f->side, f->side}}, map};
    bool ok = store_put_map(s, &row, e);
    free(map);
    return ok;
}

static bool put_unit(const struct fake_run *f, struct store *s, uint32_t explainer, uint32_t control, uint32_t stage,
                     uint32_t draw, struct error *e) {
    const struct character *c = &characters[explainer % CHARACTERS];
    char variant[48];

    variant_name(control, stage, draw, variant);
    struct unit_row unit = {fake_explainer(f, explainer), variant, UNIT_OK, "", .25};
    if (!store_begin(s, e) || !store_put_unit(s, &unit, e) ||
        !put_comparisons(f, s, explainer, stage, draw, variant, e))
        return false;
    if (draw == 0 && control < 3 &&
        !put_map(f, s, explainer, 0, stage + 1, variant, survives(f, c, stage, c->non_negative), e))
        return false;
    return store_commit(s, e);
}

static bool put_units(const struct fake_run *f, struct store *s, struct error *e) {
    uint32_t each = f->stages * f->draws, count = f->explainers * 3 * each;

    for (uint32_t k = 0; k < count; k++) {
        uint32_t i = f->shuffled ? (uint32_t)((k * 7919ull + 13) % count) : k; /* 7919 is prime to all counts used */
        uint32_t explainer = i / (3 * each), control = i / each % 3, stage = i / f->draws % f->stages,
                 draw = i % f->draws;
        if (stage < stage_count(f, control) && !put_unit(f, s, explainer, control, stage, draw, e)) return false;
    }
    for (uint32_t i = 0; i < 2 * f->explainers; i++) {
        const char *original = i % 2 ? "true" : "model";
        double share = isnan(characters[i / 2 % CHARACTERS].early) ? NAN : .95;
        struct unit_row unit = {fake_explainer(f, i / 2), original, UNIT_OK, "", .5};
        if (!store_put_unit(s, &unit, e) || !put_map(f, s, i / 2, 0, 0, original, share, e)) return false;
    }
    return true;
}

static bool put_curves(const struct fake_run *f, struct store *s, uint32_t explainer, uint32_t control,
                       struct error *e) {
    const struct character *c = &characters[explainer % CHARACTERS];
    uint32_t stages = stage_count(f, control);

    for (uint32_t k = 0; k < stages * 8; k++) {
        uint32_t stage = k % stages, view = k / stages % 4, measure = k / stages / 4;
        char name[32];
        if (c->non_negative && view >= 2) continue;
        stage_name(f, control, stage, name);
        double y = survives(f, c, stage, view < 2) * (measure ? .6 : 1) + .03 * noise(explainer, view, stage, 5);
        double floor = view < 2 ? .15 : .01, band = .03 + .03 * (stage == 0);
        struct curve_row row = {.explainer = fake_explainer(f, explainer),
                                .control = fake_control(f, control),
                                .stage = name,
                                .measure = measures_of[measure],
                                .view = views[view],
                                .stage_index = stage,
                                .stage_count = stages,
                                .similarity = y,
                                .similarity_lower = y - band,
                                .similarity_upper = fmin(1, y + band),
                                .floor = floor,
                                .ceiling = strcmp(c->name, "smoothgrad") ? 1 : .72,
                                .share = (y - floor) / (1 - floor),
                                .share_lower = (y - band - floor) / (1 - floor),
                                .share_upper = (y + band - floor) / (1 - floor),
                                .inputs = f->inputs,
                                .draws = f->draws,
                                .vanished = strcmp(c->name, "grad-cam") ? 0 : .12,
                                .decision = measure                      ? "shown only"
                                            : control == 1 && stage == 1 ? "grey"
                                            : y > .3                     ? "fail"
                                                                         : "pass"};
        if (!store_put_curve(s, &row, e)) return false;
    }
    return true;
}

static bool put_verdict(const struct fake_run *f, struct store *s, uint32_t explainer, uint32_t control,
                        struct error *e) {
    const struct character *c = &characters[explainer % CHARACTERS];
    bool scored = control < 3 && !isnan(c->early) && strcmp(c->verdict[control], U);
    char reason[256];

    if (!strcmp(c->verdict[control], F))
        snprintf(reason, sizeof reason,
                 "%.0f %% of the map survives at stage \"fc2\" (%.2f .. %.2f), more than the 30 %% allowed.",
                 100 * c->early, c->early - .06, fmin(1, c->early + .06));
    else
        snprintf(reason, sizeof reason, "At every stage less than 30 %% of the map survives; most at \"fc2\" (%.2f).",
                 c->early);
    struct verdict_row row = {.explainer = fake_explainer(f, explainer),
                              .control = fake_control(f, control),
                              .verdict = c->verdict[control],
                              .annotation = control < 3 ? c->annotation : "",
                              .expected = c->expected[control],
                              .as_expected = strstr(c->expected[control], c->verdict[control]) != NULL,
                              .reason = f->hostile ? hostile_names[explainer % 3] : reason,
                              .first_stage = strcmp(c->verdict[control], F) ? "" : "fc2",
                              .score = scored ? c->early : NAN,
                              .lower = scored ? c->early - .06 : NAN,
                              .upper = scored ? c->early + .06 : NAN,
                              .floor = scored ? .01 : NAN,
                              .ceiling = scored ? 1 : NAN,
                              .inputs = f->inputs,
                              .draws = control < 3 ? f->draws : 1};
    return store_put_verdict(s, &row, e);
}

static bool put_judgements(const struct fake_run *f, struct store *s, struct error *e) {
    for (uint32_t k = 0; k < f->explainers * FAKE_CONTROLS; k++) {
        uint32_t i = f->shuffled ? f->explainers * FAKE_CONTROLS - 1 - k : k;
        uint32_t explainer = i / FAKE_CONTROLS, control = i % FAKE_CONTROLS;
        struct check_row check = {fake_explainer(f, explainer),
                                  fake_control(f, control),
                                  "identity",
                                  "gradient = w",
                                  0,
                                  explainer == 9 ? .5 : 1e-7,
                                  1e-5,
                                  explainer != 9,
                                  "model"};
        if (!put_curves(f, s, explainer, control, e) || !put_verdict(f, s, explainer, control, e) ||
            (control >= 3 && !store_put_check(s, &check, e)))
            return false;
    }
    return true;
}

static bool put_uses(const struct fake_run *f, struct store *s, struct error *e) {
    for (uint32_t k = 0; k < 3 * f->stages * f->draws; k++) {
        uint32_t i = f->shuffled ? 3 * f->stages * f->draws - 1 - k : k;
        uint32_t control = i / (f->stages * f->draws), stage = i / f->draws % f->stages, draw = i % f->draws;
        char variant[48], name[32];
        if (stage >= stage_count(f, control)) continue;
        variant_name(control, stage, draw, variant);
        stage_name(f, control, stage, name);
        struct use_row use = {fake_control(f, control), name, stage, draw, variant};
        struct audit_row audit = {variant,
                                  2 * stage + 2,
                                  2 * stage + 2,
                                  "00ff",
                                  .01 * noise(control, stage, draw, 1),
                                  .1,
                                  true,
                                  (const float[]){1, stage ? .25f : NAN},
                                  2};
        if (!store_put_use(s, &use, e) || !store_put_audit(s, &audit, e)) return false;
    }
    return true;
}

static bool put_inputs(const struct fake_run *f, struct store *s, struct error *e) {
    for (uint32_t i = 0; i < f->inputs; i++) {
        float *x = make_map(f, 0, i, 0, 0, true);
        struct input_row row = {i, 100 + 3 * i, i % 10, i % 10, i % 10, {3, {1, f->side, f->side}}, x, NULL, NAN, NAN};
        bool ok = store_put_input(s, &row, e);
        free(x);
        if (!ok) return false;
    }
    static const float flat[] = {.5f, -.25f, 1.0f / 3};
    static const char *const roles[] = {"true", "permuted", "twin"};
    for (uint32_t i = 0; i < 3; i++) {
        struct network_row row = {roles[i], roles[i], i, 20 + i, .96, i == 1 ? .1 : .85, flat, 3};
        if (!store_put_network(s, &row, e)) return false;
    }
    return true;
}

static bool add_name(void *user, const struct unit_row *row) {
    struct text *names = user;
    text_append(names, row->explainer, strlen(row->explainer) + 1);
    text_append(names, row->variant, strlen(row->variant) + 1);
    return !names->failed;
}

/* As a run does after each unit; here checks come last. */
static bool seal_units(struct store *s, struct error *e) {
    struct text names = {0};
    bool ok = store_each_unit(s, add_name, &names, e);
    for (size_t at = 0; ok && at < names.length;) {
        const char *explainer = names.data + at, *variant = explainer + strlen(explainer) + 1;
        at += strlen(explainer) + strlen(variant) + 2;
        ok = store_seal_unit(s, explainer, variant, e);
    }
    text_finish(&names);
    return ok;
}

bool fake_run_fill(const struct fake_run *f, struct store *s, struct error *e) {
    const char *explainers[32], *names[FAKE_CONTROLS];

    for (uint32_t i = 0; i < f->explainers; i++) explainers[i] = fake_explainer(f, i);
    for (uint32_t i = 0; i < FAKE_CONTROLS; i++) names[i] = fake_control(f, i);
    return store_set_order(s, explainers, f->explainers, names, FAKE_CONTROLS, e) &&
           store_set_meta(s, "run",
                          "{\"assay\": \"0.1.0\", \"seed\": 1, \"rule\": {\"kind\": \"calibrated\", \"delta\": 0.3, "
                          "\"alpha\": 0.05, \"draws\": [5, 10, 20]}}",
                          e) &&
           put_units(f, s, e) && store_begin(s, e) && put_inputs(f, s, e) && put_uses(f, s, e) &&
           put_judgements(f, s, e) && seal_units(s, e) && store_commit(s, e);
}

/* In memory where that has room and may hold programs: stores wait for the disk when they are closed. */
static const char *place(void) {
    struct statvfs memory;
    bool fits = statvfs("/dev/shm", &memory) == 0 && !(memory.f_flag & (ST_NOEXEC | ST_RDONLY)) &&
                memory.f_bavail * memory.f_frsize >= (512u << 20) && access("/dev/shm", W_OK) == 0;
    return fits ? "/dev/shm" : "/tmp";
}

void fake_folder(char out[64]) {
    snprintf(out, 64, "%s/assay-test-XXXXXX", place());
    cr_assert_not_null(mkdtemp(out));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at) {
    (void)status, (void)type, (void)at;
    return remove(path);
}

void fake_folder_remove(const char *folder) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store *fake_run_store(const struct fake_run *f, char folder[64]) {
    struct store *s = NULL;
    struct error e = {""};

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, &e) && fake_run_fill(f, s, &e), "%s", e.text);
    free(path);
    return s;
}

char *fake_read(const char *folder, const char *name) {
    uint8_t *data = NULL;
    size_t size;
    struct error e = {""};
    char *path = text_format("%s/%s", folder, name);

    cr_assert(file_read(path, &data, &size, &e), "%s", e.text);
    free(path);
    return (char *)data;
}
