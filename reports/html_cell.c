/* The evidence of every verdict, explainer by explainer. */
#include "base/array.h"
#include "reports/advice.h"
#include "reports/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- checks ---- */

static struct html_check *check_at(struct html *h, const struct check_row *r) {
    for (size_t i = h->check_count; i-- > 0;) { /* rows of one check come one behind the other */
        struct html_check *c = &h->checks[i];
        if (strcmp(c->what, r->what) == 0 && strcmp(c->control, r->control) == 0 &&
            strcmp(c->explainer, r->explainer) == 0)
            return c;
    }
    struct html_check *more = array_grow(h->checks, h->check_count, sizeof *more);
    if (!more) return NULL;
    h->checks = more;
    struct html_check *c = &more[h->check_count++];
    *c = (struct html_check){text_copy(r->explainer), text_copy(r->control), text_copy(r->what), 0, 0, NAN, NAN};
    return c->explainer && c->control && c->what ? c : NULL;
}

/* How far off, in units of what was allowed; what is no number is furthest. */
static double excess(double worst, double tolerance) {
    return isnan(worst) ? INFINITY : worst / (tolerance > 0 ? tolerance : 1e-30);
}

static bool add_check(void *context, const struct check_row *r) {
    struct html *h = context;
    struct html_check *c = check_at(h, r);

    if (!c) return error_memory(h->error);
    bool worse = !c->inputs || excess(r->worst, r->tolerance) > excess(c->worst, c->tolerance);
    c->inputs++;
    c->held += r->holds;
    if (worse) {
        c->worst = r->worst;
        c->tolerance = r->tolerance;
    }
    return true;
}

bool html_load_checks(struct html *h) {
    return store_each_check(h->store, add_check, h, h->error);
}

static void add_checks(struct html *h, const struct verdict_row *v) {
    struct text *out = &h->out;
    char worst[NUMBER_SIZE], allowed[NUMBER_SIZE];
    bool any = false;

    for (size_t i = 0; i < h->check_count; i++) {
        const struct html_check *c = &h->checks[i];
        if (strcmp(c->control, v->control) != 0 || strcmp(c->explainer, v->explainer) != 0) continue;
        if (!any)
            text_add(out, "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Checks\">"
                          "<table class=\"plain\"><thead><tr><th scope=\"col\">what is checked</th><th scope=\"col\">"
                          "holds for</th><th scope=\"col\">furthest off</th><th scope=\"col\">allowed there</th></tr>"
                          "</thead>\n<tbody>\n");
        any = true;
        text_add(out, "<tr><th scope=\"row\">");
        text_add_xml(out, c->what);
        text_add(out, "</th><td>%u of %u</td><td>%s</td><td>%s</td></tr>\n", (unsigned)c->held, (unsigned)c->inputs,
                 html_amount(c->worst, worst), html_amount(c->tolerance, allowed));
    }
    if (any) text_add(out, "</tbody></table></div>\n");
}

/* ---- one verdict ---- */

static void add_command(struct html *h, const struct verdict_row *v) {
    const json_t *file = json_object_get(h->run, "battery_file"), *path = json_object_get(file, "path"),
                 *settings = json_object_get(file, "settings"),
                 *baseline = json_object_get(json_object_get(file, "baseline"), "path"),
                 *seed = json_object_get(h->run, "seed");
    struct text command = {0};

    if (!json_is_string(path)) return;
    text_add(&command, "assay run ");
    if (json_string_value(path)[0] == '-') text_add(&command, "./");
    text_add_word(&command, json_string_value(path));
    for (size_t i = 0; i < json_array_size(settings); i++) {
        text_add(&command, " --set ");
        text_add_word(&command, json_string_value(json_array_get(settings, i)));
    }
    if (json_is_string(seed)) text_add(&command, " --seed %s", json_string_value(seed));
    if (json_is_string(baseline)) {
        text_add(&command, " --baseline ");
        text_add_word(&command, json_string_value(baseline));
    }
    char *cell = verdict_is_summary(v) ? text_copy(v->explainer) : text_format("%s/%s", v->explainer, v->control);
    text_add(&command, " --only ");
    text_add_word(&command, cell ? cell : "");
    text_add(&command, " -o again");
    text_add(&h->out, "<code class=\"command\">");
    text_add_xml(&h->out, command.data ? command.data : "");
    text_add(&h->out, "</code>\n");
    h->out.failed = h->out.failed || command.failed || !cell;
    free(cell);
    text_finish(&command);
}

static void add_scale(struct html *h, const struct verdict_row *v) {
    struct text *out = &h->out;
    char number[5][NUMBER_SIZE];

    text_add(out, "<p class=\"quiet\">");
    if (isfinite(v->score)) text_add(out, "Number %s", html_score(v, number[0]));
    if (isfinite(v->score) && (isfinite(v->lower) || isfinite(v->upper)))
        text_add(out, ", between %s and %s", html_number(v->lower, number[1]), html_number(v->upper, number[2]));
    if (isfinite(v->floor) && isfinite(v->ceiling))
        text_add(out, "; floor %s, ceiling %s", html_number(v->floor, number[3]), html_number(v->ceiling, number[4]));
    text_add(out, "%s%u inputs", isfinite(v->score) ? "; " : "", (unsigned)v->inputs);
    if (v->draws) text_add(out, ", %u draws", (unsigned)v->draws);
    text_add(out, ". Expected: ");
    text_add_xml(out, *v->expected ? v->expected : "anything");
    text_add(out, "%s.</p>\n", v->as_expected ? "" : " <strong>(it is not)</strong>");
}

/* What would decide an INCONCLUSIVE. */
static bool add_advice(struct html *h, const struct verdict_row *v) {
    struct evidence evidence;
    struct share_rule rule;
    struct text lines = {0};

    if (strcmp(v->verdict, "INCONCLUSIVE") != 0 || !h->run) return true;
    if (!share_rule_load(h->store, &rule, h->error) ||
        !evidence_load(h->store, v->explainer, v->control, v->draws, &evidence, h->error))
        return false;
    const struct advice about = {v, &h->curves, &evidence, &rule};
    bool ok = advice_add(&lines, &about) || error_memory(h->error);
    if (ok && lines.length) text_add(&h->out, "<p><strong>What would decide it.</strong></p>\n<ul>\n");
    for (char *at = lines.data; ok && at && *at;) {
        size_t length = strcspn(at, "\n");
        at[length] = '\0';
        text_add(&h->out, "<li>");
        text_add_xml(&h->out, at);
        text_add(&h->out, "</li>\n");
        at += length + 1;
    }
    if (ok && lines.length) text_add(&h->out, "</ul>\n");
    text_finish(&lines);
    evidence_finish(&evidence);
    return ok;
}

static bool add_verdict(struct html *h, size_t x, size_t c) {
    const struct verdict_row *v = verdict_table_cell(&h->verdicts, x, c);

    if (!v) return true;
    text_add(&h->out,
             "<article class=\"verdict\" id=\"e%zu-%zu\" aria-labelledby=\"e%zu-%zu-t\">\n<h4 id=\"e%zu-%zu-t\">", x, c,
             x, c, x, c);
    text_add_xml(&h->out, v->control);
    text_add(&h->out, "<span class=\"hidden\"> of ");
    text_add_xml(&h->out, v->explainer);
    text_add(&h->out, "</span> ");
    html_add_word(h, v);
    text_add(&h->out, "</h4>\n<p>");
    if (*v->annotation) {
        text_add(&h->out, "<strong>");
        text_add_xml(&h->out, v->annotation);
        text_add(&h->out, ".</strong> ");
    }
    text_add_xml(&h->out, v->reason);
    text_add(&h->out, "</p>\n");
    if (!add_advice(h, v)) return false;
    if (!verdict_is_summary(v)) add_scale(h, v);
    add_checks(h, v);
    text_add(&h->out, "<div class=\"both\">\n<div>\n");
    html_add_curves(h, v);
    html_link_activations(h, c);
    text_add(&h->out, "</div>\n<div>\n");
    bool ok = html_add_strips(h, v);
    text_add(&h->out, "</div>\n</div>\n");
    add_command(h, v);
    text_add(&h->out, "</article>\n");
    return ok;
}

/* ---- one explainer ---- */

static const json_t *explainer_record(const struct html *h, const char *name) {
    const json_t *all = json_object_get(h->run, "explainers");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i), *known = json_object_get(one, "name");
        if (json_is_string(known) && strcmp(json_string_value(known), name) == 0) return one;
    }
    return NULL;
}

static void add_fact(struct html *h, const json_t *record, const char *key, const char *title) {
    const char *value = json_string_value(json_object_get(record, key));
    if (!value || !*value) return;
    text_add(&h->out, "%s <code>", title);
    text_add_xml(&h->out, value);
    text_add(&h->out, "</code>. ");
}

static void add_explainer(struct html *h, size_t x) {
    const json_t *record = explainer_record(h, h->verdicts.explainers[x]), *claims = json_object_get(record, "claims");

    text_add(&h->out, "<section class=\"explainer\" id=\"e%zu\" aria-labelledby=\"e%zu-t\">\n<h3 id=\"e%zu-t\">", x, x,
             x);
    text_add_xml(&h->out, h->verdicts.explainers[x]);
    text_add(&h->out, "</h3>\n");
    if (!record) return;
    text_add(&h->out, "<p class=\"quiet\">");
    add_fact(h, record, "id", "Method");
    add_fact(h, record, "parameters", "Parameters");
    add_fact(h, record, "reduction", "Reduction");
    if (json_array_size(claims)) text_add(&h->out, "Claims");
    for (size_t i = 0; i < json_array_size(claims); i++) {
        text_add(&h->out, "%s ", i ? "," : "");
        text_add_xml(&h->out, json_string_value(json_array_get(claims, i)));
    }
    text_add(&h->out, "%s", json_array_size(claims) ? ". " : "");
    add_fact(h, record, "path", "Library");
    add_fact(h, record, "sha256", "SHA-256");
    text_add(&h->out, "</p>\n");
}

bool html_add_evidence(struct html *h) {
    bool ok = true;
    for (size_t x = 0; ok && x < h->verdicts.explainer_count; x++) {
        add_explainer(h, x);
        for (size_t c = 0; ok && c < h->verdicts.control_count; c++) ok = add_verdict(h, x, c);
        text_add(&h->out, "<p><a href=\"#verdicts\">Back to the table</a></p>\n</section>\n");
    }
    return ok;
}
