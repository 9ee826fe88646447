/* cmd_figure.c: `assay figure`: the figures of a run that is there, drawn as a page or a slide wants them. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "base/file.h"
#include "base/table_names.h"
#include "reports/figure_request.h"
#include "workers/interrupt.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { KIND, EXPLAINER, CONTROL, INPUT, STAGES, WIDTH, VIEW, PALETTE, FORMAT, OUTPUT };

static const char *const kind_names[] = {"all", "similarity", "maps", "originals", "verdicts", NULL};
static const unsigned kinds[] = {FIGURE_EVERY_KIND, FIGURE_SIMILARITY, FIGURE_MAPS, FIGURE_ORIGINALS, FIGURE_VERDICTS};
static const char *const view_names[] = {"signed", "absolute", "overlay", NULL}; /* as enum figure_view */

static const struct cli_option options[] = {
    [KIND] = {.name = "kind",
              .kind = CLI_CHOICE,
              .value = "KIND",
              .choices = kind_names,
              .fallback = "all",
              .summary = "what is drawn"},
    [EXPLAINER] = {.name = "explainer",
                   .kind = CLI_TEXT,
                   .value = "NAME",
                   .summary = "only this explainer; may be given again",
                   .many = true},
    [CONTROL] = {.name = "control",
                 .kind = CLI_TEXT,
                 .value = "NAME",
                 .summary = "only this control; may be given again",
                 .many = true},
    [INPUT] = {.name = "input",
               .kind = CLI_TEXT,
               .value = "I",
               .summary = "only maps of this input, counted from 0; may be given again",
               .many = true},
    [STAGES] = {.name = "stages",
                .kind = CLI_TEXT,
                .value = "N",
                .fallback = "12",
                .summary = "stages in a strip of maps, evenly chosen, the first and the last among them; or all"},
    [WIDTH] = {.name = "width",
               .kind = CLI_TEXT,
               .value = "LENGTH",
               .summary = "on paper, such as 3.3in, 84mm, 8.4cm or 240pt: layouts fit, and letters have 6 to 8 points"},
    [VIEW] = {.name = "view",
              .kind = CLI_CHOICE,
              .value = "VIEW",
              .choices = view_names,
              .fallback = "signed",
              .summary = "maps as they are, their magnitudes, or over the input in grey"},
    [PALETTE] =
        {.name = "palette", .kind = CLI_TEXT, .value = "NAME", .fallback = "RdBu", .summary = "colours of maps"},
    [FORMAT] = {.name = "format",
                .kind = CLI_TEXT,
                .value = "LIST",
                .fallback = "png,svg",
                .summary = "some of png, svg, pdf, with commas"},
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "DIR",
                .summary = "the folder to draw into (default: figures of the run folder)"},
};

/* A length on paper in pixels of 1/96 inch. */
static bool take_width(const char *text, double *width, struct error *e) {
    static const struct {
        const char *unit;
        double pixels;
    } units[] = {{"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}, {"pt", 96 / 72.}};
    size_t length = strlen(text), digits = length > 2 ? length - 2 : 0;
    char *number = text_format("%.*s", (int)digits, text);
    bool ok = false;
    double value = 0;

    if (!number) return error_memory(e);
    for (size_t i = 0; i < sizeof units / sizeof *units && !ok; i++) {
        ok = strcmp(text + digits, units[i].unit) == 0 && text_to_double(number, &value);
        if (ok) *width = value * units[i].pixels;
    }
    free(number);
    if (!ok) return error_set(e, "--width: '%s': a number with its unit (in, cm, mm, pt), such as 3.3in, wanted", text);
    if (*width >= FIGURE_WIDTH_LEAST && *width <= FIGURE_WIDTH_MOST) return true;
    return error_set(e, "--width: '%s': %g to %g inches wanted", text, FIGURE_WIDTH_LEAST / 96, FIGURE_WIDTH_MOST / 96);
}

static bool take_stages(const char *text, size_t *stages, struct error *e) {
    long n;
    if (strcmp(text, "all") == 0) {
        *stages = FIGURE_ALL_STAGES;
        return true;
    }
    if (!text_to_long(text, 2, 100000, &n))
        return error_set(e, "--stages: '%s': a number from 2 on, or all, wanted", text);
    *stages = (size_t)n;
    return true;
}

static bool take_palette(const char *text, const struct figure_palette **palette, struct error *e) {
    size_t n;
    *palette = NULL;
    for (const struct figure_palette *p = figure_palettes; p->id; p++)
        if (strcmp(p->id, text) == 0) *palette = p;
    if (*palette) return true;
    const char **names = table_names(figure_palettes, sizeof *figure_palettes, offsetof(struct figure_palette, id), &n);
    if (names) cli_unknown("palette", text, names, n, "", e);
    else error_memory(e);
    free(names);
    return false;
}

static bool take_formats(const char *list, unsigned *formats, struct error *e) {
    static const char *const names[] = {"png", "svg", "pdf"};
    static const unsigned bits[] = {FIGURE_PNG, FIGURE_SVG, FIGURE_PDF};
    const size_t count = sizeof names / sizeof *names;

    *formats = 0;
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const size_t length = strcspn(at, ",");
        size_t i = 0;
        while (i < count && (strlen(names[i]) != length || memcmp(names[i], at, length) != 0)) i++;
        if (i < count) {
            *formats |= bits[i];
            continue;
        }
        char *asked = text_format("%.*s", (int)length, at);
        if (asked) cli_unknown("format", asked, names, count, "", e);
        else error_memory(e);
        free(asked);
        return false;
    }
    return true;
}

/* What the arguments point to. */
struct lists {
    const char *explainers[CLI_MANY_MAX], *controls[CLI_MANY_MAX];
    uint32_t inputs[CLI_MANY_MAX];
};

static bool take_inputs(const struct cli_values *values, struct lists *lists, struct figure_request *r,
                        struct error *e) {
    const char *texts[CLI_MANY_MAX];
    size_t count = cli_values_of(values, INPUT, texts);

    for (size_t i = 0; i < count; i++) {
        long n;
        if (!text_to_long(texts[i], 0, INT32_MAX, &n))
            return error_set(e, "--input: '%s': the number of an input, from 0 on, wanted", texts[i]);
        lists->inputs[r->input_count++] = (uint32_t)n;
    }
    if (count && !(r->kinds & (FIGURE_MAPS | FIGURE_ORIGINALS)))
        return error_set(e, "--input: %s shows all inputs together: --kind maps or originals wanted",
                         values->option[KIND].text);
    return true;
}

static bool take_request(const struct cli_values *values, struct lists *lists, struct figure_request *r,
                         struct error *e) {
    const struct cli_value *option = values->option;

    *r = figure_request_default;
    for (size_t i = 0; kind_names[i]; i++)
        if (strcmp(option[KIND].text, kind_names[i]) == 0) r->kinds = kinds[i];
    for (size_t i = 0; view_names[i]; i++)
        if (strcmp(option[VIEW].text, view_names[i]) == 0) r->view = (enum figure_view)i;
    r->explainers = lists->explainers;
    r->explainer_count = cli_values_of(values, EXPLAINER, lists->explainers);
    r->controls = lists->controls;
    r->control_count = cli_values_of(values, CONTROL, lists->controls);
    r->inputs = lists->inputs;
    return take_inputs(values, lists, r, e) && take_stages(option[STAGES].text, &r->stages, e) &&
           (!option[WIDTH].given || take_width(option[WIDTH].text, &r->width, e)) &&
           take_palette(option[PALETTE].text, &r->palette, e) && take_formats(option[FORMAT].text, &r->formats, e);
}

static int figure_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const char *folder = values->operand;
    struct figure_request request;
    struct lists lists;
    struct store *store = NULL;
    int status = CLI_USAGE;

    (void)context;
    interrupt_watch();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is an error, and not the end of the process */
    char *to =
        values->option[OUTPUT].given ? text_copy(values->option[OUTPUT].text) : text_format("%s/figures", folder);
    bool ok = (to || error_memory(e)) && take_request(values, &lists, &request, e) && cli_run_open(folder, &store, e) &&
              figures_check(store, &request, e);
    size_t drawn = 0;
    if (ok) status = figures_draw(store, to, &request, &drawn, e) ? CLI_EXPECTED : CLI_BROKEN;
    if (status == CLI_EXPECTED)
        printf("%s: %zu figure%s (%s)\n", to, drawn, drawn == 1 ? "" : "s", values->option[FORMAT].text);
    store_close(store);
    free(to);
    return interrupt_signal() ? CLI_SIGNAL + interrupt_signal() : status;
}

const struct cli_command cli_figure = {
    .name = "figure",
    .operand = "RUN",
    .summary = "draw figures of a run folder, for a page of a given width",
    .details = "RUN is a run folder; nothing is computed again. What a figure of the same name had before goes,\n"
               "in every format and with its further pages; 'assay report RUN --format figures' draws the default\n"
               "anew.\n"
               "Palettes, safe with any colour vision: RdBu (blue, red), PuOr (purple, orange), BrBG (brown,\n"
               "blue-green), PRGn (purple, green).\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = figure_run,
};
