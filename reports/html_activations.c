/* How far the networks of each control went from the model: activations and logits, once for all explainers. */
#include "reports/html.h"

#include "reports/activations.h"

#include <math.h>
#include <stdlib.h>

static void add_number(struct text *out, const struct activation_sum *s) {
    char number[NUMBER_SIZE];
    text_add(out, "<td>%s</td>", html_number(activations_mean(s), number));
}

static void add_rows(struct text *out, const struct activations *a) {
    for (uint32_t k = 0; k < a->stage_count; k++) {
        const struct activation_stage *s = &a->stages[k];
        if (!s->name) continue;
        text_add(out, "<tr><th scope=\"row\">");
        text_add_xml(out, s->name);
        text_add(out, "</th>");
        for (size_t l = 0; l < a->names.count; l++)
            if (a->measured[l]) add_number(out, &s->layers[l]);
        add_number(out, &s->layers[a->names.count]);
        text_add(out, "</tr>\n");
    }
}

static void add_table(struct html *h, size_t control, const struct activations *a) {
    struct text *out = &h->out;

    text_add(out, "<details><summary>Networks of ");
    text_add_xml(out, h->verdicts.controls[control]);
    text_add(
        out,
        "</summary>\n<div id=\"a%zu\" class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"Activations of the "
        "networks of ",
        control);
    text_add_xml(out, h->verdicts.controls[control]);
    text_add(out, "\"><table class=\"plain\"><thead><tr><th scope=\"col\">stage</th>");
    for (size_t l = 0; l < a->names.count; l++) {
        if (!a->measured[l]) continue;
        text_add(out, "<th scope=\"col\">");
        text_add_xml(out, a->names.name[l]);
        text_add(out, "</th>");
    }
    text_add(out, "<th scope=\"col\">logits</th></tr></thead>\n<tbody>\n");
    add_rows(out, a);
    text_add(out, "</tbody></table></div></details>\n");
}

static const char heading[] =
    "<section aria-labelledby=\"activations\">\n<h3 id=\"activations\">How far the networks went</h3>\n"
    "<p>Rank correlation of each layer's output with the trained network's, and |r| of the logits; means over draws. "
    "Near 1 an output is still the trained network's. Layers below the lowest one that is drawn anew stay at "
    "1.</p>\n";

bool html_add_activations(struct html *h) {
    size_t shown = 0;
    bool ok = true;

    h->networks = calloc(h->verdicts.control_count + 1, sizeof *h->networks);
    if (!h->networks) return error_memory(h->error);
    for (size_t c = 0; ok && c < h->verdicts.control_count; c++) {
        struct activations a;
        ok = activations_load(h->store, h->verdicts.controls[c], ACTIVATIONS_EVERY_DRAW, &a, h->error);
        if (!ok) break;
        if (a.any) {
            if (!shown++) text_add(&h->out, "%s", heading);
            h->networks[c] = true;
            add_table(h, c, &a);
        }
        activations_finish(&a);
    }
    if (shown) text_add(&h->out, "</section>\n");
    return ok;
}

void html_link_activations(struct html *h, size_t control) {
    if (h->networks[control])
        text_add(&h->out,
                 "<p class=\"quiet\"><a href=\"#a%zu\">How far its networks went from the trained one</a></p>\n",
                 control);
}
