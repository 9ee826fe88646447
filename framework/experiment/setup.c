/* From a battery to a run that is ready. */
#include "experiment/setup.h"

#include "base/file.h"
#include "base/layout.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/channels_last.h"
#include "data/preprocess_auto.h"
#include "nn/arch.h"
#include "nn/onnx.h"
#include "experiment/controls_open.h"
#include "experiment/explainers.h"
#include "experiment/measures.h"
#include "experiment/plane.h"
#include "experiment/part.h"
#include "experiment/standard.h"
#include "experiment/task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- model and data ---- */

/* Why samples of another shape may be as they are: "" where nothing is to be said. */
static const char *shape_remedy(const struct dataset *data, const struct shape *wanted) {
    if (shape_is_channels_last(wanted, &data->sample)) return ": channels last: `layout: nhwc` wanted";
    return data->column_count && data->column_count > shape_count(wanted)
               ? ": each column but the labels is a feature (an index column? leave it out)"
               : "";
}

/* An image model may be fed flat samples and a flat model images: the elements are the same. */
static bool check_data(const struct run *run, struct dataset *data, const struct graph *graph, const char *source,
                       struct error *e) {
    char got[128], wanted[128];
    const struct tokens *tokens = run->graph->tokens;
    if (plane_settle(run->graph, data)) dataset_note(data, "%s: " PLANE_SAID, run->battery->model);
    if (tokens && !dataset_embed(data, &tokens->table, source, e)) return false;
    if (!layout_fits(&data->sample, &graph->sample))
        return error_set(e, "%s: samples of shape %s: %s takes shape %s%s", source,
                         shape_text(&data->sample, got, sizeof got), run->battery->model,
                         shape_text(&graph->sample, wanted, sizeof wanted), shape_remedy(data, &graph->sample));
    const struct onnx_options *onnx = &run->battery->network.onnx;
    return dataset_check_targets(data, source, graph->classes, onnx->pick ? onnx->index : UINT32_MAX, e) &&
           dataset_check_labels(data, source, graph->classes, e);
}

static bool settle_axis_order(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    return graph_settle_axis_order(run->graph, b->axis_order, e) || error_prefix(e, "%s", b->model);
}

/* What of the battery needs labels; NULL: nothing. */
static const char *labels_use(const struct run *run) {
    const struct battery *b = run->battery;
    if (b->target == TARGET_LABEL)
        return b->task == TASK_MULTI_LABEL ? "`target: label`, the default of task multi-label" : "`target: label`";
    if (setup_needs_labels(run)) return "label-permutation";
    return b->only_correct ? "`only-correct: true`, the default" : NULL;
}

static bool load_data(struct run *run, const char *source, const char *labels_for, struct dataset **out,
                      struct error *e) {
    const struct shape *sample = run->graph ? &run->graph->sample : NULL; /* NULL: its sizes are those of the data */
    const bool picture = sample && layout_of(sample).kind == &layout_picture, plane = sample && sample->rank == 2;
    const struct dataset_request request = {&run->battery->preprocess,
                                            &run->class_names,
                                            labels_for,
                                            picture ? (uint32_t)sample->dim[0] : plane,
                                            task_labels(run->battery->task),
                                            run->battery->data_ignore};
    const enum battery_file from = source == run->battery->training_source ? BATTERY_TRAINING : BATTERY_DATA;
    return (dataset_load_for(source, &request, out, e) || battery_fail_file(run->battery, from, e)) &&
           (!sample || !run->graph->channels_last || dataset_channels_first(*out, sample, e));
}

static bool is_of_pictures(const struct dataset *d) {
    return (d->bytes || d->files) && layout_of(&d->sample).kind == &layout_picture;
}

/* Where the network made pictures grey, the report and the training data follow. */
static bool take_preprocess(struct run *run, struct error *e) {
    struct battery *b = run->battery;
    struct text text = {0};
    char *unread = b->preprocess_given || !is_of_pictures(run->data) ? NULL : preprocess_auto_file(b->model);
    if (unread) dataset_note(run->data, PREPROCESS_AUTO_ADVICE, unread);
    free(unread);
    if (b->preprocess_file) dataset_note(run->data, "preprocess: auto: %s: %s", b->preprocess_file, b->data_preprocess);
    if (b->preprocess.channels == run->data->preprocess.channels) return true;
    b->preprocess = run->data->preprocess;
    preprocess_text(&b->preprocess, &text);
    free(b->data_preprocess);
    b->data_preprocess = text.data;
    return !text.failed || error_memory(e);
}

/* Of several outputs one has to be chosen. */
static bool find_output(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    if (run->graph->classes == 1) return true;
    return battery_fail(b, b->target_location, e,
                        "%s has %u outputs: `target:` the number (0 to %u) or the name of one, or `output: {index: "
                        "K}`, wanted",
                        b->model, run->graph->classes, run->graph->classes - 1);
}

static bool find_named(struct run *run, const char *name) {
    for (uint32_t k = 0; k < run->data->target_count; k++) {
        const char *column = task_output_name(run->data, k);
        if (!column || strcmp(column, name) != 0) continue;
        run->target_class = k;
        return true;
    }
    for (uint32_t i = 0; run->data->class_names && i < run->data->classes; i++)
        if (strcmp(run->data->class_names[i], name) == 0) {
            run->target_class = i;
            return true;
        }
    return class_names_find(&run->class_names, name, &run->target_class) == 1;
}

/* The class or output that every input is explained for: by its number, else by its name. */
static bool find_target(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    long number;
    if (b->target == TARGET_OUTPUT) return find_output(run, e);
    if (b->target != TARGET_CLASS) return true;
    if (text_to_long(b->target_class, 0, (long)run->graph->classes - 1, &number)) {
        run->target_class = (uint32_t)number;
        return true;
    }
    if (find_named(run, b->target_class)) return true;
    const char *nearest = class_names_nearest(&run->class_names, b->target_class);
    if (nearest)
        return battery_fail(b, b->target_location, e, "'%s': did you mean '%s'?", excerpt_of(b->target_class).text,
                            nearest);
    return battery_fail(b, b->target_location, e, "'%s': %s from 0 to %u or a name of %s wanted",
                        excerpt_of(b->target_class).text,
                        b->task == TASK_REGRESSION ? "'output', an output" : "'label', 'predicted', a class",
                        run->graph->classes - 1, run->data->target_names ? "a column of targets" : "class-names");
}

/* For sizes that the network leaves open. */
static bool data_shape(void *user, struct shape *out, struct error *e) {
    struct run *run = user;
    if (!load_data(run, run->battery->data_source, labels_use(run), &run->data, e)) return false;
    *out = run->data->sample;
    return true;
}

static bool load_network(struct run *run, struct error *e) {
    struct onnx_options options = run->battery->network.onnx;
    options.ask = data_shape;
    options.user = run;
    const char *model = run->battery->model;
    if (file_digest(model, run->model_digest, e) && onnx_load_with(model, &options, &run->graph, e) &&
        settle_axis_order(run, e))
        return true;
    bool of_model = strncmp(e->text, model, strlen(model)) == 0; /* not of the data, which it may have asked */
    return of_model ? battery_fail_file(run->battery, BATTERY_MODEL, e) : false;
}

/* Before the explainers, whose maps are reduced as the network's input asks. */
static bool open_graph(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    memcpy(run->battery_digest, b->digest, sizeof run->battery_digest);
    return (!b->class_names || class_names_load(b->class_names, &run->class_names, e) ||
            battery_fail_file(b, BATTERY_CLASS_NAMES, e)) &&
           load_network(run, e);
}

static bool open_data(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    return (run->data || load_data(run, b->data_source, labels_use(run), &run->data, e)) && take_preprocess(run, e) &&
           task_settle(run->graph, b->task, run->data, b->data_source, b->model, e) &&
           weights_create(run->graph, &run->model, e) && check_data(run, run->data, run->graph, b->data_source, e) &&
           dataset_take_shape(run->data, &run->graph->sample) && find_target(run, e);
}

static bool fits_inputs(const struct run *run, struct error *e) {
    if (run->data->count >= run->battery->inputs) return true;
    error_set(e, "%s: %u samples: the battery wants %u inputs", run->battery->data_source, run->data->count,
              run->battery->inputs);
    return battery_fail_set(run->battery, "data.inputs", e);
}

#define MOST_LINEAR ((size_t)1 << 24) /* elements of W */

/* As many as the model has, but of large inputs fewer, at least two: 1000 classes of 224 x 224 would take 600 MB. */
static size_t linear_outputs(size_t features, size_t classes) {
    size_t fit = MOST_LINEAR / features;
    return classes <= fit ? classes : fit < 2 ? 2 : fit;
}

/* f(x) = Wx + b with W of the scale that keeps logits near 1. */
static bool make_linear(struct run *run, struct error *e) {
    struct shape with_batch = {.rank = run->graph->sample.rank + 1, .dim = {1}};
    size_t features = shape_count(&run->graph->sample), classes = linear_outputs(features, run->graph->classes);
    for (uint32_t d = 0; d < run->graph->sample.rank; d++) with_batch.dim[d + 1] = run->graph->sample.dim[d];
    float *w = malloc((classes * features + classes) * sizeof *w);
    if (!w) return error_memory(e);
    rng_fill_normal(rng_seed(run->battery->seed, "linear model", 0), 0, classes * features + classes, w);
    for (size_t k = 0; k < classes * features; k++) w[k] /= (float)sqrt((double)features);
    const int64_t one = 1;
    const struct attribute axis = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = one},
                           transposed = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = one};
    const char *flatten_in[] = {"x"}, *flat[] = {"flat"}, *gemm_in[] = {"flat", "W", "b"}, *out[] = {"logits"};
    bool ok = graph_create(&run->linear_graph, e) && graph_add_input(run->linear_graph, "x", &with_batch, e) &&
              graph_add_parameter(run->linear_graph, "W", &(struct shape){2, {classes, features}}, w, e) &&
              graph_add_parameter(run->linear_graph, "b", &(struct shape){1, {classes}}, w + classes * features, e) &&
              graph_add_node(run->linear_graph, "Flatten", "flatten", flatten_in, 1, flat, 1, &axis, 1, e) &&
              graph_add_node(run->linear_graph, "Gemm", "linear", gemm_in, 3, out, 1, &transposed, 1, e) &&
              graph_finish(run->linear_graph, "logits", e) && weights_create(run->linear_graph, &run->linear, e);
    free(w);
    return ok;
}

/* ---- networks for label permutation ---- */

bool setup_needs_labels(const struct run *run) {
    for (uint32_t i = 0; i < run->control_count; i++)
        if (run->controls[i].control->rule->needs_training) return true;
    return false;
}

static bool open_training(struct run *run, struct error *e) {
    const struct battery *b = run->battery;
    if (!load_data(run, b->training_source, "label-permutation", &run->training, e)) return false;
    if (b->training_layers) {
        if (!arch_build(b->training_layers, &run->graph->sample, &run->label_graph, e) ||
            !task_settle(run->label_graph, b->task, run->training, b->training_source, "training.layers", e))
            return false;
    } else {
        run->label_graph = run->graph;
    }
    if (!check_data(run, run->training, run->label_graph, b->training_source, e) ||
        !dataset_same_words(run->data, b->data_source, run->training, b->training_source, e))
        return false;
    dataset_take_shape(run->training, &run->data->sample);
    if (run->training->count < b->training_images)
        return error_set(e, "%s: %u samples: `training: images` is %u%s: lower it, or give more samples",
                         b->training_source, run->training->count, b->training_images,
                         b->training_images == BATTERY_TRAINING_IMAGES ? ", the default" : "");
    run->training_subset = malloc(run->training->count * sizeof *run->training_subset);
    if (!run->training_subset) return error_memory(e);
    struct rng rng = rng_stream(b->seed, "training subset", 0);
    rng_permutation(&rng, run->training->count, run->training_subset);
    if (run->training->files) return true;
    if (!dataset_keep(run->training, run->training_subset, b->training_images, e)) return false;
    for (uint32_t i = 0; i < b->training_images; i++) run->training_subset[i] = i;
    return true;
}

/* ---- the plan ---- */

bool setup_expand(struct run *run, uint32_t index, uint32_t from, uint32_t to, struct error *e) {
    const struct control_entry *c = &run->controls[index];
    return control_expand(c->control, &run->plan, index, &c->values, run->battery, from, to, e);
}

/* Of one input or one draw nothing can be said for which stability would matter. */
static bool can_decide(const struct battery *b) {
    return b->inputs > 1 && b->rule.draws[2] > 1;
}

/* Features have no places, and the fixed cut-off no test MP. */
static bool can_move(const struct run *run) {
    return layout_of(&run->data->sample).positions > 1 && layout_of(&run->data->sample).kind != &layout_features &&
           run->battery->rule.kind != RULE_FIXED_CUTOFF;
}

static bool make_plan(struct run *run, struct error *e) {
    uint32_t a;
    plan_init(&run->plan, run->graph);
    /* The originals, and what the gates need: a repetition with other seeds (G1, L1) and a jittered input (G2). */
    static const enum root roots[] = {ROOT_MODEL, ROOT_LABELS}; /* the linear model is there for checks alone */
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        for (uint32_t repeat = 0; repeat < 2; repeat++) {
            if (roots[i] == ROOT_LABELS && !setup_needs_labels(run)) continue;
            if (!plan_original(&run->plan, roots[i], NULL, repeat, &a, e)) return false;
            run->plan.attributions[a].wants |= WANT_MATCHED;
        }
    if (can_decide(run->battery)) {
        if (!plan_original(&run->plan, ROOT_MODEL, &input_jitter, 0, &a, e)) return false;
        run->plan.attributions[a].wants |= WANT_MATCHED;
    }
    if (can_decide(run->battery) && can_move(run)) {
        if (!plan_original(&run->plan, ROOT_MODEL, &input_moved, 0, &a, e)) return false;
        run->plan.attributions[a].wants |= WANT_MISMATCHED;
    }
    for (uint32_t i = 0; i < run->control_count; i++)
        if (!setup_expand(run, i, 0, run->battery->rule.draws[0], e)) return false;
    for (uint32_t i = 0; i < run->plan.attribution_count; i++)
        if (run->plan.attributions[i].root == ROOT_LINEAR) run->plan.attributions[i].wants |= WANT_MATCHED;
    return true;
}

/* Its weights are as many as inputs times classes: made only where a control asks for them. */
static bool needs_linear(const struct run *run) {
    for (uint32_t i = 0; i < run->plan.attribution_count; i++)
        if (run->plan.attributions[i].root == ROOT_LINEAR) return true;
    return false;
}

bool setup_run(struct run *run, const struct run_options *options, const struct control *const *controls,
               struct error *e) {
    struct part part;
    const struct battery_source from = {.path = options->battery,
                                        .settings = options->settings,
                                        .setting_count = options->setting_count,
                                        .baseline = options->baseline};
    if (!battery_load_from(&from, &run->battery, e)) return false;
    if (options->has_seed) run->battery->seed = options->seed;
    standard_controls_untrained(run->battery, controls, &run->untrained);
    if (run->untrained.failed) return error_memory(e);
    return standard_controls_fill(run->battery, controls, e) && measures_choose(run->battery, &run->more_measures, e) &&
           task_settle_battery(run->battery, e) && part_resolve(run->battery, options, &part, e) &&
           part_keep(run, &part, e) && controls_open(run, &part, options->quick, controls, e) && open_graph(run, e) &&
           controls_settle(run, e) && explainers_open(run, &part, options->no_canaries, e) && open_data(run, e) &&
           fits_inputs(run, e) && (!setup_needs_labels(run) || open_training(run, e)) && make_plan(run, e) &&
           (!needs_linear(run) || make_linear(run, e));
}

void setup_finish(struct run *run) {
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        struct explainer_entry *r = &run->explainers[i];
        plugin_destroy(r->plugin);
        free(r->name);
        free(r->breach);
        free(r->unsupported);
        free(r->inspected);
    }
    for (uint32_t i = 0; i < run->network_count; i++) {
        weights_destroy(run->networks[i].weights);
        free(run->networks[i].key);
        free(run->networks[i].failure);
    }
    for (int r = 0; r < ROOT_COUNT; r++) {
        free(run->inputs[r].global);
        backed_destroy(&run->inputs[r].held);
    }
    for (uint32_t i = 0; i < run->control_count; i++) {
        control_values_finish(&run->controls[i].values);
        free(run->controls[i].said);
    }
    plan_finish(&run->plan);
    weights_destroy(run->model);
    weights_destroy(run->linear);
    if (run->label_graph != run->graph) graph_destroy(run->label_graph);
    graph_destroy(run->graph);
    graph_destroy(run->linear_graph);
    dataset_destroy(run->data);
    dataset_destroy(run->training);
    class_names_finish(&run->class_names);
    free(run->training_subset);
    free(run->left_out);
    text_finish(&run->part);
    text_finish(&run->untrained);
    free(run->explainers);
    free(run->controls);
    free(run->networks);
    store_close(run->store);
    battery_destroy(run->battery);
    *run = (struct run){0};
}
