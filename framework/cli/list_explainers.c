/* Explainers by family. The page is docs/explainers.md; `make` writes it anew, and a test holds that it is so. */
#include "cli/list_explainers.h"

#include "base/text.h"
#include "host/plugin_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order in which they are listed; others follow by name, and last those that say nothing of it. */
static const char *const families[] = {"gradient",       "path",         "backward rule", "propagation",
                                       "activation map", "perturbation", "attention",     "baseline"};
#define FAMILY_COUNT (sizeof families / sizeof *families)

static size_t family_rank(const struct about_info *about) {
    if (!about->family) return FAMILY_COUNT + 1;
    size_t rank = 0;
    while (rank < FAMILY_COUNT && strcmp(families[rank], about->family) != 0) rank++;
    return rank;
}

static const struct about_info *about_of(const struct plugin_listing *item) {
    static const struct about_info nothing = {0};
    return item->plugin && !item->problem ? &item->plugin->info.about : &nothing;
}

static int by_family(const void *a, const void *b) {
    const struct plugin_listing *x = a, *y = b;
    const struct about_info *of_x = about_of(x), *of_y = about_of(y);
    size_t rank_x = family_rank(of_x), rank_y = family_rank(of_y);
    int order = (rank_x > rank_y) - (rank_x < rank_y);
    if (!order && of_x->family) order = strcmp(of_x->family, of_y->family);
    return order ? order : strcmp(x->id, y->id);
}

/* "complete, stochastic": the names of the bits, or `none`. */
static void add_bits(struct text *text, uint32_t bits, const char *const *names, const char *none) {
    bool any = false;
    for (uint32_t i = 0; names[i]; i++) {
        if (!(bits & 1u << i)) continue;
        text_add(text, "%s%s", any ? ", " : "", names[i]);
        any = true;
    }
    if (!any) text_add(text, "%s", none);
}

static void add_inputs(struct text *text, const struct about_info *about) {
    if (about->inputs == INFO_INPUTS_ALL) text_add(text, "all");
    else add_bits(text, about->inputs, explainer_input_names, "not said");
}

static bool same_family(const struct plugin_listing *a, const struct plugin_listing *b) {
    const char *x = about_of(a)->family, *y = about_of(b)->family;
    return x && y ? strcmp(x, y) == 0 : !x && !y;
}

static const char *family_name(const struct plugin_listing *item) {
    const char *family = about_of(item)->family;
    return family ? family : "family not said";
}

/* ---- for people ---- */

static void add_entry(struct text *text, const struct plugin_listing *item) {
    if (item->problem) {
        text_add(text, "  %-20s  cannot be used: %s\n", item->id, item->problem);
        return;
    }
    const struct about_info *about = about_of(item);
    char *params = plugin_params_text(item->plugin);
    text_add(text, "  %-20s  %s\n", item->id, item->plugin->info.summary);
    if (!params) text->failed = true;
    else if (params[0]) text_add(text, "  %-20s  %s\n", "", params);
    text_add(text, "  %-20s  claims ", "");
    add_bits(text, item->plugin->claims, explainer_claim_names, "nothing");
    if (about->family) {
        text_add(text, "; cost %s; inputs ", about->cost);
        add_inputs(text, about);
    }
    text_add(text, "\n");
    free(params);
}

static void add_list(struct text *text, const struct plugin_listing *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!i || !same_family(&items[i - 1], &items[i])) text_add(text, " %s:\n", family_name(&items[i]));
        add_entry(text, &items[i]);
    }
}

/* ---- as a page ---- */

static const char page_head[] =
    "# Explainers\n\nWritten by `assay list explainers --format md`: do not edit (`make docs` writes it anew).\n\n"
    "These methods come with assay. x is the input, f the logit that is explained, b the baseline. Claims are those with\n"
    "default parameters; the controls hold a method to them. A gradient is a forward and a backward pass of one input.\n"
    "The last two columns say what the maps were compared with on small networks, and the error allowed there: the norm\n"
    "of the difference over that of the reference (tests/unit/).\n";

/* A cell of a table: no bar ends it. */
static void add_cell(struct text *text, const char *words) {
    for (const char *p = words; *p; p++) text_add(text, *p == '|' ? "\\%c" : "%c", *p);
    text_add(text, " | ");
}

static void add_row(struct text *text, const struct plugin_listing *item) {
    const struct about_info *about = about_of(item);
    const struct explainer_info *info = &item->plugin->info;
    text_add(text, "| `%s` | ", info->id);
    add_cell(text, about->formula ? about->formula : info->summary);
    add_cell(text, info->source);
    add_bits(text, item->plugin->claims, explainer_claim_names, "nothing");
    text_add(text, " | ");
    add_cell(text, about->cost ? about->cost : "not said");
    add_inputs(text, about);
    text_add(text, " | ");
    add_cell(text, about->checked ? about->checked : "nothing");
    if (about->checked) text_add(text, "%g |\n", about->within);
    else text_add(text, "|\n");
}

static void add_page(struct text *text, const struct plugin_listing *items, size_t count) {
    text_append(text, page_head, sizeof page_head - 1);
    for (size_t i = 0; i < count; i++) {
        if (!i || !same_family(&items[i - 1], &items[i])) {
            text_add(text,
                     "\n## Family: %s\n\n| explainer | map | source | claims | passes for one input | inputs | checked "
                     "against | within |\n|---|---|---|---|---|---|---|---|\n",
                     family_name(&items[i]));
        }
        add_row(text, &items[i]);
    }
}

/* ---- both ---- */

static bool print_listing(bool page, struct error *e) {
    struct plugin_listing *items;
    struct text text = {0};
    size_t count;
    if (!plugin_list(&items, &count, e)) return false;
    bool ok = true;
    for (size_t i = 0; page && ok && i < count; i++)
        ok = !items[i].problem || error_set(e, "%s cannot be used: %s", items[i].id, items[i].problem);
    if (ok) {
        qsort(items, count, sizeof *items, by_family);
        if (page) add_page(&text, items, count);
        else add_list(&text, items, count);
        ok = !text.failed || error_memory(e);
    }
    if (ok && text.data) fputs(text.data, stdout);
    text_finish(&text);
    plugin_list_destroy(items, count);
    return ok;
}

bool list_explainers_text(struct error *e) {
    return print_listing(false, e);
}

bool list_explainers_page(struct error *e) {
    return print_listing(true, e);
}
