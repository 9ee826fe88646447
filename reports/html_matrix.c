/* The verdict table of the page: a word, its colour and a number in each cell, which leads to the evidence. */
#include "reports/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_tools(struct html *h) {
    text_add(&h->out, "<div class=\"tools\" id=\"tools\" hidden>\n"
                      "<label>Find <input type=\"search\" id=\"find\" autocomplete=\"off\"></label>\n"
                      "<label>Show <select id=\"show\"><option value=\"\">all rows</option>"
                      "<option value=\"!\">not as expected</option>");
    for (size_t i = 0; i + 1 < VERDICT_STYLES; i++)
        text_add(&h->out, "<option value=\"%s\">with %s</option>", verdict_styles[i].word, verdict_styles[i].word);
    text_add(&h->out, "</select></label>\n<span id=\"count\" role=\"status\"></span>\n</div>\n");
}

static void add_head(struct html *h) {
    const struct verdict_table *t = &h->verdicts;

    text_add(&h->out,
             "<table id=\"matrix\">\n<caption>! not as expected; * annotated. The number is what the verdict rests on: "
             "under cascading, independent and label-permutation the largest share of the map that survives (0 none, "
             "1 all), or the share that the reason calls a prior; under identities the largest deviation; else the one "
             "that the reason names.</caption>\n"
             "<thead><tr><th scope=\"col\">explainer</th>");
    for (size_t c = 0; c < t->control_count; c++) {
        size_t bytes = name_break(t->controls[c]);
        text_add(&h->out, "<th scope=\"col\">");
        if (bytes) {
            char *upper = text_format("%.*s", (int)bytes, t->controls[c]);
            text_add_xml(&h->out, upper ? upper : "");
            text_add(&h->out, "<wbr>");
            free(upper);
        }
        text_add_xml(&h->out, t->controls[c] + bytes);
        text_add(&h->out, "</th>");
    }
    text_add(&h->out, "</tr></thead>\n<tbody>\n");
}

static void add_cell(struct html *h, size_t x, size_t c) {
    const struct verdict_row *v = verdict_table_cell(&h->verdicts, x, c);
    char number[NUMBER_SIZE];

    if (!v) {
        text_add(&h->out, "<td></td>");
        return;
    }
    size_t style = verdict_style_index(v->verdict);
    text_add(&h->out, "<td data-word=\"%s\"%s", verdict_styles[style].word, v->as_expected ? "" : " data-off=\"1\"");
    if (isfinite(v->score)) text_add(&h->out, " data-score=\"%s\"", number_text(v->score, number));
    text_add(&h->out, "><a class=\"cell w%zu%s\" href=\"#e%zu-%zu\"><b>", style, v->as_expected ? "" : " off", x, c);
    text_add_xml(&h->out, v->verdict);
    text_add(&h->out, "%s%s</b><span>", *v->annotation ? "*" : "",
             v->as_expected ? "" : "!<span class=\"hidden\"> not as expected</span>");
    bool shown = isfinite(v->score) && strcmp(v->verdict, "SKIP") != 0;
    text_add(&h->out, "%s</span></a></td>", shown ? html_score(v, number) : "&#160;");
}

void html_add_matrix(struct html *h) {
    const struct verdict_table *t = &h->verdicts;

    add_tools(h);
    text_add(&h->out, "<div class=\"scroll\" role=\"group\" aria-label=\"Verdict table\" tabindex=\"0\">\n");
    add_head(h);
    for (size_t x = 0; x < t->explainer_count; x++) {
        text_add(&h->out, "<tr data-place=\"%zu\"><th scope=\"row\"><a href=\"#e%zu\">", x, x);
        text_add_xml(&h->out, t->explainers[x]);
        text_add(&h->out, "</a></th>");
        for (size_t c = 0; c < t->control_count; c++) add_cell(h, x, c);
        text_add(&h->out, "</tr>\n");
    }
    text_add(&h->out, "</tbody>\n</table>\n</div>\n");
}
