/* What the run was: settings, seeds, hashes, versions; the networks that were drawn anew, and the inputs. */
#include "reports/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 256
#define DEPTH_MOST 8

static void add_scalar(struct text *out, const json_t *value) {
    char number[NUMBER_SIZE];

    if (json_is_string(value)) text_add_xml(out, json_string_value(value));
    else if (json_is_integer(value)) text_add(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value)) text_add(out, "%s", number_text(json_real_value(value), number));
    else text_add(out, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "none");
}

static bool is_nested(const json_t *value) {
    return json_is_object(value) || json_is_array(value);
}

static bool is_list(const json_t *value) {
    bool list = json_is_array(value);
    for (size_t i = 0; i < json_array_size(value); i++) list = list && !is_nested(json_array_get(value, i));
    return list;
}

static void add_row(struct text *out, const char *key, const json_t *value) {
    text_add(out, "<tr><th scope=\"row\">");
    text_add_xml(out, key);
    text_add(out, "</th><td>");
    if (!is_list(value)) add_scalar(out, value);
    for (size_t i = 0; i < json_array_size(value); i++) {
        text_add(out, "%s", i ? ", " : "");
        add_scalar(out, json_array_get(value, i));
    }
    text_add(out, "</td></tr>\n");
}

/* What a member of a list is called: its id or name, else its number. */
static const char *name_in(const json_t *list, size_t i, char number[24]) {
    static const char *const keys[] = {"id", "name"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        const char *name = json_string_value(json_object_get(json_array_get(list, i), keys[k]));
        if (name) return name;
    }
    snprintf(number, 24, "%zu", i + 1);
    return number;
}

/* A row for each value, under its keys joined by dots. */
static void add_rows(struct text *out, const char *key, json_t *value, int depth) {
    char *longer, number[24];
    const char *name;
    json_t *member;

    if (!is_nested(value) || is_list(value) || depth == DEPTH_MOST) {
        add_row(out, key, value);
        return;
    }
    json_object_foreach(value, name, member) {
        if ((longer = text_format("%s.%s", key, name))) add_rows(out, longer, member, depth + 1);
        out->failed = out->failed || !longer;
        free(longer);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        longer = text_format("%s.%s", key, name_in(value, i, number));
        if (longer) add_rows(out, longer, json_array_get(value, i), depth + 1);
        out->failed = out->failed || !longer;
        free(longer);
    }
}

static void add_table(struct text *out, const char *label, const char *head) {
    text_add(out,
             "<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"%s\"><table class=\"plain\">"
             "<thead><tr>%s</tr></thead>\n<tbody>\n",
             label, head);
}

static void end_table(struct text *out) {
    text_add(out, "</tbody></table></div>\n");
}

/* Explainers have their own sections. */
static void add_settings(struct html *h) {
    const char *key;
    json_t *value;

    text_add(&h->out, "<h2 id=\"settings\">Settings, seeds, hashes and versions</h2>\n");
    add_table(&h->out, "Settings", "<th scope=\"col\">what</th><th scope=\"col\">value</th>");
    json_object_foreach(h->run, key, value) {
        if (strcmp(key, "explainers") != 0) add_rows(&h->out, key, value, 0);
    }
    end_table(&h->out);
}

static bool add_audit(void *context, const struct audit_row *r) {
    struct html *h = context;
    char correlation[NUMBER_SIZE], agreement[NUMBER_SIZE];

    text_add(&h->out, "<tr><th scope=\"row\">");
    text_add_xml(&h->out, r->variant);
    text_add(&h->out, "</th><td>%u of %u</td><td>%s</td><td>%s</td><td><code>%.16s</code></td></tr>\n",
             (unsigned)r->changed, (unsigned)r->expected, html_number(r->logit_r, correlation),
             html_number(r->agreement, agreement), r->digest);
    return true;
}

static bool add_network(void *context, const struct network_row *r) {
    struct html *h = context;
    char train[NUMBER_SIZE], test[NUMBER_SIZE];

    text_add(&h->out, "<tr><th scope=\"row\">");
    text_add_xml(&h->out, r->role);
    text_add(&h->out, " %u</th><td>%u</td><td>%s</td><td>%s</td></tr>\n", (unsigned)r->draw, (unsigned)r->epochs,
             html_number(r->train_accuracy, train), html_number(r->test_accuracy, test));
    return true;
}

static void add_class(struct text *out, uint32_t class) {
    if (class == UINT32_MAX) text_add(out, "<td>\xe2\x80\x93</td>");
    else text_add(out, "<td>%u</td>", (unsigned)class);
}

static bool add_input(void *context, const struct input_row *r) {
    struct html *h = context;

    text_add(&h->out, "<tr><th scope=\"row\">%u</th><td>%u</td>", (unsigned)r->index, (unsigned)r->sample);
    add_class(&h->out, r->label);
    add_class(&h->out, r->predicted);
    text_add(&h->out, "<td>%u ", (unsigned)r->target);
    text_add_xml(&h->out, r->target_name ? r->target_name : "");
    text_add(&h->out, "</td></tr>\n");
    return true;
}

bool html_add_record(struct html *h) {
    struct text *out = &h->out;

    add_settings(h);
    text_add(out, "<h2 id=\"networks\">Networks and inputs</h2>\n<details><summary>Networks drawn anew: what changed, "
                  "and what is left of the function</summary>\n");
    add_table(out, "Networks drawn anew",
              "<th scope=\"col\">network</th><th scope=\"col\">layers changed</th><th scope=\"col\">r of the "
              "logits</th><th scope=\"col\">same prediction</th><th scope=\"col\">SHA-256 begins</th>");
    bool ok = store_each_audit(h->store, add_audit, h, h->error);
    end_table(out);
    text_add(out, "</details>\n<details><summary>Networks that were trained</summary>\n");
    add_table(out, "Networks that were trained",
              "<th scope=\"col\">network</th><th scope=\"col\">epochs</th><th scope=\"col\">on training "
              "data</th><th scope=\"col\">on other data</th>");
    ok = ok && store_each_network(h->store, add_network, h, h->error);
    end_table(out);
    text_add(out, "</details>\n<details><summary>Inputs</summary>\n");
    add_table(out, "Inputs",
              "<th scope=\"col\">input</th><th scope=\"col\">sample</th><th scope=\"col\">label</th><th "
              "scope=\"col\">predicted</th><th scope=\"col\">explained</th>");
    ok = ok && store_each_input(h->store, add_input, h, h->error);
    end_table(out);
    text_add(out, "</details>\n");
    return ok;
}
