/* report.html: one page with everything in it, from the store alone: verdicts on top, then the evidence of each, and
 * what the run was. It loads nothing, and is whole without its script. */
#include "reports/html.h"

#include "reports/report_file.h"
#include "reports/writers.h"
#include "reports/run_record.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char dash[] = "\xe2\x80\x93";

const char *html_number(double value, char buffer[NUMBER_SIZE]) {
    if (!isfinite(value)) snprintf(buffer, NUMBER_SIZE, "%s", dash);
    else if (fabs(value) < 1e6) snprintf(buffer, NUMBER_SIZE, "%.2f", fabs(value) < .005 ? 0 : value);
    else snprintf(buffer, NUMBER_SIZE, "%.1e", value);
    return buffer;
}

const char *html_amount(double value, char buffer[NUMBER_SIZE]) {
    if (!isfinite(value)) snprintf(buffer, NUMBER_SIZE, "%s", dash);
    else snprintf(buffer, NUMBER_SIZE, "%.2g", value + 0.); /* no "-0" */
    return buffer;
}

/* Beside each other: two decimals, but for what would lose its digits (a tiny deviation) or has none (a zero). */
const char *html_score(const struct verdict_row *v, char buffer[NUMBER_SIZE]) {
    bool plain = isfinite(v->floor) || (fabs(v->score) >= .095 && fabs(v->score) < 100);
    return plain ? html_number(v->score, buffer) : html_amount(v->score, buffer);
}

void html_add_word(struct html *h, const struct verdict_row *v) {
    text_add(&h->out, "<span class=\"word w%zu%s\">", verdict_style_index(v->verdict), v->as_expected ? "" : " off");
    text_add_xml(&h->out, v->verdict);
    text_add(&h->out, "%s%s</span>", *v->annotation ? "*" : "", v->as_expected ? "" : "!");
}

/* ---- loading ---- */

static bool load_maps(struct html *h) {
    size_t size = 0;
    FILE *out = open_memstream(&h->pictures, &size);

    if (!out) return error_memory(h->error);
    bool ok = map_set_load(h->store, out, false, &h->maps, h->error);
    if (fclose(out) != 0 && ok) ok = error_memory(h->error);
    return ok;
}

static bool load(struct html *h) {
    return run_record_load(h->store, "run", &h->run, h->error) && verdict_notes_load(h->store, &h->notes, h->error) &&
           verdict_table_load(h->store, &h->verdicts, h->error) && curve_set_load(h->store, &h->curves, h->error) &&
           load_maps(h) && html_load_checks(h);
}

static void finish(struct html *h) {
    for (size_t i = 0; i < h->check_count; i++) {
        free(h->checks[i].explainer);
        free(h->checks[i].control);
        free(h->checks[i].what);
    }
    free(h->checks);
    free(h->networks);
    map_set_finish(&h->maps);
    free(h->pictures);
    curve_set_finish(&h->curves);
    verdict_table_finish(&h->verdicts);
    verdict_notes_finish(&h->notes);
    json_decref(h->run);
    text_finish(&h->out);
}

/* ---- the page ---- */

static const char *run_text(const struct html *h, const char *key) {
    const char *value = json_string_value(json_object_get(h->run, key));
    return value ? value : "";
}

void html_add_head(struct text *out, const char *title) {
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>assay: ");
    text_add_xml(out, title);
    text_add(out, "</title>\n<style>\n");
    html_add_style(out);
    text_add(out, "</style>\n</head>\n");
}

static void add_head(struct html *h) {
    const char *name = run_text(h, "battery");

    html_add_head(&h->out, *name ? name : "report");
    text_add(&h->out, "<body>\n<a class=\"skip\" href=\"#verdicts\">Skip to the verdicts</a>\n<header>\n<h1>");
    text_add_xml(&h->out, *name ? name : "report");
    text_add(&h->out, "</h1>\n<p class=\"quiet\">Negative controls of %zu explanation methods, by assay ",
             h->verdicts.explainer_count);
    text_add_xml(&h->out, run_text(h, "assay"));
    text_add(&h->out, ", seed ");
    text_add_xml(&h->out, run_text(h, "seed"));
    text_add(&h->out, ".</p>\n</header>\n<nav aria-label=\"Parts of the page\"><ul>\n");
    static const struct {
        const char *id, *title;
    } parts[] = {{"verdicts", "Verdicts"},
                 {"reading", "How to read it"},
                 {"evidence", "Evidence"},
                 {"settings", "Settings, seeds, hashes, versions"},
                 {"networks", "Networks and inputs"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        text_add(&h->out, "<li><a href=\"#%s\">%s</a></li>\n", parts[i].id, parts[i].title);
    text_add(&h->out, "</ul></nav>\n<main>\n");
}

static void add_counts(struct html *h) {
    size_t verdicts = 0, expected = 0, words[VERDICT_STYLES] = {0};

    for (size_t i = 0; i < h->verdicts.explainer_count * h->verdicts.control_count; i++) {
        const struct verdict_row *v =
            verdict_table_cell(&h->verdicts, i / h->verdicts.control_count, i % h->verdicts.control_count);
        if (!v || verdict_is_summary(v)) continue;
        verdicts++;
        expected += v->as_expected;
        words[verdict_style_index(v->verdict)]++;
    }
    text_add(&h->out, "<p>As expected: <strong>%zu of %zu</strong> verdicts.", expected, verdicts);
    for (size_t i = 0; i < VERDICT_STYLES; i++)
        if (words[i])
            text_add(&h->out, " <span class=\"keep\">%zu <span class=\"word w%zu\">%s</span></span>", words[i], i,
                     verdict_styles[i].word);
    text_add(&h->out, "</p>\n");
}

/* What is known before any verdict: a sentence, and what speaks against trusting the verdicts. */
static void add_known(struct html *h, const char *before, const char *sentence, const char *warning) {
    if (sentence && *sentence) {
        text_add(&h->out, "<p>%s", before);
        if (!*before && islower((unsigned char)*sentence))
            text_add(&h->out, "%c", toupper((unsigned char)*sentence++)); /* a sentence of its own */
        text_add_xml(&h->out, sentence);
        text_add(&h->out, ".</p>\n");
    }
    if (warning) {
        text_add(&h->out, "<p class=\"warn\"><strong>Warning:</strong> ");
        text_add_xml(&h->out, warning);
        text_add(&h->out, "</p>\n");
    }
}

static void add_verdicts(struct html *h) {
    text_add(&h->out, "<h2 id=\"verdicts\">Verdicts</h2>\n");
    add_known(h, "On these data ", h->notes.accuracy, h->notes.accuracy_warning);
    add_known(h, "", h->notes.canaries, h->notes.canaries_warning);
    add_known(h, "", NULL, h->notes.same_warning);
    add_counts(h);
    html_add_matrix(h);
}

static void add_key(struct html *h, const char *id, const char *text) {
    text_add(&h->out,
             "<li><svg class=\"key\" aria-hidden=\"true\" viewBox=\"0 0 30 12\"><use href=\"#k-%s\"/></svg>%s</li>\n",
             id, text);
}

static void add_reading(struct html *h) {
    text_add(&h->out, "<h2 id=\"reading\">How to read it</h2>\n<ul>\n");
    for (size_t i = 0; i < h->notes.count; i++) {
        text_add(&h->out, "<li>");
        text_add_xml(&h->out, h->notes.line[i]);
        text_add(&h->out, "</li>\n");
    }
    text_add(&h->out,
             "<li>FAIL: the control found what a sound method does not do. INCONCLUSIVE: undecided after all draws. "
             "UNINFORMATIVE: the maps are not repeatable, not stable, empty, or owed to the input alone. SKIP: the "
             "control does not apply. ERROR: crash, time-out, NaN or a broken promise. None of these is a PASS.</li>\n"
             "</ul>\n<p>Curves show how alike the maps of networks that were drawn anew are to the original map. "
             "The band, or bar, is the 90 %% interval over draws and inputs; grey stages say nothing.</p>\n"
             "<ul class=\"keys\">\n");
    add_key(h, "floor", "floor: similarity of maps of different inputs on a fully randomised network");
    add_key(h, "ceiling", "ceiling: similarity of a map with its repetition");
    add_key(h, "limit", "limit: so much may survive (delta of the way from floor to ceiling)");
    text_add(&h->out,
             "</ul>\n<p>Maps have each its own scale, to the 99th percentile of its magnitudes%s%s. "
             "Commands are run in the folder that this run was started in.</p>\n",
             h->maps.summed ? "; channels are summed" : "",
             h->maps.slices ? "; of volumes the middle slice is shown" : "");
}

static bool add_page(struct html *h) {
    add_head(h);
    add_verdicts(h);
    html_define_curves(h);
    html_define_maps(h);
    add_reading(h);
    text_add(&h->out, "<h2 id=\"evidence\">Evidence</h2>\n");
    if (!html_add_activations(h) || !html_add_evidence(h) || !html_add_record(h)) return false;
    text_add(&h->out, "</main>\n<footer><p class=\"quiet\">Written by assay ");
    text_add_xml(&h->out, run_text(h, "assay"));
    text_add(&h->out, " from the store of the run. The numbers of every comparison: results.csv, report.json.</p>"
                      "</footer>\n<script>\n");
    html_add_script(&h->out);
    text_add(&h->out, "</script>\n</body>\n</html>\n");
    return true;
}

bool report_html(struct store *s, const char *folder, struct error *e) {
    struct html h = {.store = s, .error = e};
    bool ok = load(&h) && add_page(&h) && report_file_write(&h.out, folder, "report.html", e);

    finish(&h);
    return ok;
}
