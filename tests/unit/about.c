/* What the shipped explainers say of themselves, held against what they do. */
#include "host/plugin_list.h"
#include "lab.h"

/* One network of each modality, the same for all. Volumes: a picture's network that is shown as one. */
enum { FEATURES, SEQUENCES, PICTURES, VOLUMES, NETWORKS };

static struct lab lab_sequence(void) {
    const struct shape sample = {2, {2, 12}};
    float flat[4 * 2 * 3 + 4 + 3 * 4 + 3], *inputs = malloc(LAB_INPUTS * 24 * sizeof *inputs);
    cr_assert_not_null(inputs);
    for (size_t k = 0; k < sizeof flat / sizeof *flat; k++) flat[k] = (float)((double)((7 * k) % 11) / 5 - 1);
    for (size_t k = 0; k < LAB_INPUTS * 24; k++) inputs[k] = (float)((5 * k) % 9) / 9;
    struct lab lab = lab_build("conv:4x3,relu,globalavgpool,fc:3", &sample, flat, inputs);
    memcpy(lab.targets, (uint32_t[]){0, 1, 2}, sizeof lab.targets);
    return lab;
}

/* Whether the explainer has the word of the cost exactly where it asks for such passes. */
static void check_cost(const struct plugin *plugin, const struct handle *h) {
    const char *id = plugin->info.id, *cost = plugin->info.about.cost;
    bool back = strstr(cost, "gradient") || strstr(cost, "backward"), none = strcmp(cost, "none") == 0;
    cr_expect_eq(h->backward > 0, back, "%s: %zu backward passes, and it says that it costs %s", id,
                 (size_t)h->backward, cost);
    cr_expect_eq(h->forward == 0, none, "%s: %zu forward passes, and it says that it costs %s", id, (size_t)h->forward,
                 cost);
    if (h->forward > h->backward)
        cr_expect(strstr(cost, "forward"), "%s: more forward passes than backward, and it says that it costs %s", id,
                  cost);
}

/* It explains the inputs that it names, and refuses the others. Attention is of networks that none of these is. */
static void check_inputs(const struct plugin *plugin, struct lab labs[NETWORKS]) {
    static const uint32_t bits[NETWORKS] = {ASSAY_FEATURES, ASSAY_SEQUENCES, ASSAY_PICTURES, ASSAY_VOLUMES};
    const struct about_info *about = &plugin->info.about;
    if (strcmp(about->family, "attention") == 0) return;
    for (size_t m = 0; m < NETWORKS; m++) {
        float maps[LAB_INPUTS * 392];
        char why[256] = "";
        labs[m].handle->forward = labs[m].handle->backward = 0;
        assay_status status = lab_explain(&labs[m], "explainers", plugin->info.id, maps, why);
        cr_expect_eq(status, about->inputs & bits[m] ? ASSAY_OK : ASSAY_UNSUPPORTED, "%s on %s: status %d: %s",
                     plugin->info.id, explainer_input_names[m], (int)status, why);
        if (m == PICTURES && status == ASSAY_OK) check_cost(plugin, labs[m].handle);
    }
}

Test(about, says_of_every_shipped_explainer_what_it_does) {
    struct lab labs[NETWORKS] = {lab_mlp(), lab_sequence(), lab_cnn(), lab_cnn()};
    struct plugin_listing *items;
    struct error e;
    size_t count;
    labs[VOLUMES].handle->model.input = (assay_shape){4, {2, 1, 14, 14}, 392};
    cr_assert(plugin_list(&items, &count, &e), "%s", e.text);
    cr_assert_gt(count, 20);
    for (size_t i = 0; i < count; i++) {
        cr_assert_null(items[i].problem, "%s: %s", items[i].id, items[i].problem);
        cr_expect(items[i].plugin->info.about.family, "%s says nothing of itself", items[i].id);
        if (items[i].plugin->info.about.family) check_inputs(items[i].plugin, labs);
    }
    plugin_list_destroy(items, count);
    for (size_t m = 0; m < NETWORKS; m++) lab_close(&labs[m]);
}
