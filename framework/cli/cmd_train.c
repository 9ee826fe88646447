/* `assay train`: a network from an architecture or from another network's, trained and written as ONNX. */
#include "base/rng.h"
#include "cli/assess.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "data/channels_last.h"
#include "experiment/task.h"
#include "nn/arch.h"
#include "nn/onnx.h"
#include "nn/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATA,
    PREPROCESS,
    CLASS_NAMES,
    TASK,
    LAYERS,
    MODEL,
    MODEL_OUTPUT,
    LAYOUT,
    IMAGES,
    OPTIMISER,
    LEARNING_RATE,
    MOMENTUM,
    WEIGHT_DECAY,
    WEIGHT_DECAY_LAST,
    BATCH,
    EPOCHS,
    STOP_ACCURACY,
    SEED,
    PERMUTE_LABELS,
    TEST,
    OUTPUT
};

static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const optimisers[] = {[OPTIMISER_ADAM] = "adam", [OPTIMISER_SGD] = "sgd", NULL};

/* The fallbacks are those of recipe_default(); tests/unit/options.c compares them. */
static const struct cli_option options[] = {
    [DATA] = {.name = "data", .kind = CLI_TEXT, .value = "SOURCE", .summary = "training samples", .required = true},
    [PREPROCESS] = {.name = "preprocess",
                    .kind = CLI_TEXT,
                    .value = "PRESET",
                    .summary = "how stored values become inputs, in training and test data",
                    .fallback = "none"},
    [CLASS_NAMES] = CLI_CLASS_NAMES,
    [TASK] = CLI_TASK,
    [LAYERS] = {.name = "layers", .kind = CLI_TEXT, .value = "LIST", .summary = "the network, as a list of layers"},
    [MODEL] = {.name = "model",
               .kind = CLI_TEXT,
               .value = "FILE",
               .summary = "the network, as that of an ONNX file with its weights drawn anew"},
    [MODEL_OUTPUT] = CLI_MODEL_OUTPUT,
    [LAYOUT] = CLI_LAYOUT,
    [IMAGES] = {.name = "images",
                .kind = CLI_INTEGER,
                .value = "N",
                .summary = "only the first N samples",
                .min = 1,
                .max = 1e9},
    [OPTIMISER] = {.name = "optimiser",
                   .kind = CLI_CHOICE,
                   .value = "NAME",
                   .summary = "the optimiser",
                   .choices = optimisers,
                   .fallback = "adam"},
    [LEARNING_RATE] = {.name = "learning-rate",
                       .kind = CLI_NUMBER,
                       .value = "X",
                       .summary = "step size",
                       .fallback = "0.001",
                       .min = 1e-12,
                       .max = 1e3},
    [MOMENTUM] = {.name = "momentum",
                  .kind = CLI_NUMBER,
                  .value = "X",
                  .summary = "momentum of sgd, below 1",
                  .fallback = "0.9",
                  .min = 0,
                  .max = 0.999999},
    [WEIGHT_DECAY] = {.name = "weight-decay",
                      .kind = CLI_NUMBER,
                      .value = "X",
                      .summary = "L2: X/2 times the sum of squared weights is added to the loss",
                      .fallback = "0",
                      .min = 0,
                      .max = 10},
    [WEIGHT_DECAY_LAST] = {.name = "weight-decay-last",
                           .kind = CLI_CHOICE,
                           .value = "WORD",
                           .summary = "whether the last layer's weights decay, too",
                           .choices = yes_no,
                           .fallback = "yes"},
    [BATCH] = {.name = "batch",
               .kind = CLI_INTEGER,
               .value = "N",
               .summary = "samples per step",
               .fallback = "50",
               .min = 1,
               .max = NET_TRAIN_BATCH},
    [EPOCHS] = {.name = "epochs",
                .kind = CLI_INTEGER,
                .value = "N",
                .summary = "at most this many passes",
                .fallback = "200",
                .min = 1,
                .max = 100000},
    [STOP_ACCURACY] = {.name = "stop-accuracy",
                       .kind = CLI_NUMBER,
                       .value = "X",
                       .summary = "stop when the training accuracy, or R2 of a regression, reaches X; above 1: never",
                       .fallback = "0.95",
                       .min = 0,
                       .max = 2},
    [SEED] = {.name = "seed",
              .kind = CLI_SEED,
              .value = "S",
              .summary = "of initial weights and shuffling",
              .fallback = "1"},
    [PERMUTE_LABELS] = {.name = "permute-labels",
                        .kind = CLI_SEED,
                        .value = "S",
                        .summary = "train on labels or targets permuted among the samples, by this seed"},
    [TEST] = {.name = "test", .kind = CLI_TEXT, .value = "SOURCE", .summary = "samples for the test accuracy, or R2"},
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "FILE",
                .summary = "the trained network, an ONNX file",
                .required = true},
};

/* Everything a training needs, made before it starts. */
struct training {
    struct dataset *data, *test; /* test may be NULL */
    struct graph *graph;
    struct weights *weights;
    struct network_choice choice;
    enum task task;
    float *x, *values; /* values: [count][targets], or NULL */
    uint32_t *labels;
    uint32_t count, test_count;
};

static void training_finish(struct training *t) {
    free(t->x);
    free(t->labels);
    free(t->values);
    network_choice_finish(&t->choice);
    weights_destroy(t->weights);
    graph_destroy(t->graph);
    dataset_destroy(t->data);
    dataset_destroy(t->test);
}

static bool load_data(struct training *t, const struct cli_value *option, struct error *e) {
    const struct cli_value *names = &option[CLASS_NAMES];
    struct preprocess preprocess;
    t->task = subject_task(&option[TASK]);
    const char *source = option[DATA].text, *test = option[TEST].text;
    if (!subject_preprocess(&option[PREPROCESS], option[MODEL].text, &preprocess, e) ||
        !subject_data(source, &preprocess, names, "training", 0, t->task, &t->data, e) ||
        !subject_count(t->data, source, "images", option[IMAGES].given, option[IMAGES].integer, &t->count, e))
        return false;
    return !test || (subject_data(test, &preprocess, names, "the test accuracy", 0, t->task, &t->test, e) &&
                     subject_count(t->test, test, "test", false, 0, &t->test_count, e));
}

/* Sizes that the file leaves open are those of the data. */
static bool open_model(struct training *t, const struct cli_value *option, struct error *e) {
    const char *model = option[MODEL].text;
    t->choice.onnx.data = t->data->sample;
    return onnx_load_with(model, &t->choice.onnx, &t->graph, e) &&
           (graph_settle_axis_order(t->graph, subject_axis_order(&option[LAYOUT]), e) ||
            error_prefix(e, "%s", model)) &&
           (!t->graph->channels_last || (dataset_channels_first(t->data, &t->graph->sample, e) &&
                                         (!t->test || dataset_channels_first(t->test, &t->graph->sample, e))));
}

/* What is said of a file, a list of layers has not. */
static bool check_choices(const struct cli_value *option, struct error *e) {
    const char *layers = option[LAYERS].text, *model = option[MODEL].text;
    if (!layers == !model)
        return error_set(e, "train: %s: one of --layers and --model wanted",
                         layers ? "both --layers and --model" : "neither --layers nor --model");
    if (!layers || (!option[MODEL_OUTPUT].given && !option[LAYOUT].given)) return true;
    return error_set(e, "--%s: of a network given by --model: leave it out",
                     option[LAYOUT].given ? "layout" : "model-output");
}

static bool fits_test(struct training *t, const struct cli_value *option, const char *shown, struct error *e) {
    const char *source = option[TEST].text;
    return !t->test || (subject_fits_data(t->graph, shown, &t->choice, t->test, source, e) &&
                        dataset_same_words(t->data, option[DATA].text, t->test, source, e));
}

static bool build_network(struct training *t, const struct cli_value *option, struct error *e) {
    const char *layers = option[LAYERS].text, *shown = layers ? "the layer list" : option[MODEL].text;
    const char *source = option[DATA].text;
    return (layers ? arch_build(layers, &t->data->sample, &t->graph, e) : open_model(t, option, e)) &&
           task_settle(t->graph, t->task, t->data, source, shown, e) &&
           subject_fits_data(t->graph, shown, &t->choice, t->data, source, e) && fits_test(t, option, shown, e) &&
           weights_create(t->graph, &t->weights, e);
}

static bool take_sample(struct training *t, uint32_t i, uint32_t label_from, struct error *e) {
    size_t size = shape_count(&t->data->sample), targets = t->data->target_count;
    t->labels[i] = t->data->labels[label_from];
    if (t->values)
        memcpy(t->values + i * targets, t->data->targets + label_from * targets, targets * sizeof *t->values);
    return dataset_sample(t->data, i, t->x + i * size, e);
}

static bool unpack(struct training *t, const struct cli_value *permute, struct error *e) {
    size_t size = shape_count(&t->data->sample), targets = t->data->target_count;
    t->x = calloc(t->count, size * sizeof *t->x);
    t->labels = calloc(t->count, sizeof *t->labels);
    if (t->data->targets) t->values = calloc(t->count, targets * sizeof *t->values);
    uint32_t *order = calloc(t->count, sizeof *order);
    if (!t->x || !t->labels || !order || (t->data->targets && !t->values)) {
        free(order);
        return error_memory(e);
    }
    struct rng rng = rng_stream(permute->seed, "permute-labels", 0);
    rng_permutation(&rng, t->count, order);
    bool ok = true;
    for (uint32_t i = 0; ok && i < t->count; i++) ok = take_sample(t, i, permute->given ? order[i] : i, e);
    free(order);
    return ok;
}

static const char *score_name(const struct training *t) {
    return t->task == TASK_REGRESSION ? "R2" : "accuracy";
}

static void print_epoch(void *user, uint32_t epoch, double loss, double score) {
    printf("epoch %u: loss %.4g", epoch, loss);
    if (!isnan(score)) printf(", training %s %.4f", score_name(user), score);
    printf("\n");
    fflush(stdout);
}

static struct recipe recipe_of(const struct cli_value *option) {
    return (struct recipe){
        .optimiser = strcmp(option[OPTIMISER].text, optimisers[OPTIMISER_SGD]) == 0 ? OPTIMISER_SGD : OPTIMISER_ADAM,
        .learning_rate = option[LEARNING_RATE].number,
        .momentum = option[MOMENTUM].number,
        .weight_decay = option[WEIGHT_DECAY].number,
        .weight_decay_last = strcmp(option[WEIGHT_DECAY_LAST].text, "yes") == 0,
        .batch = (uint32_t)option[BATCH].integer,
        .epochs = (uint32_t)option[EPOCHS].integer,
        .stop_accuracy = option[STOP_ACCURACY].number,
        .seed = option[SEED].seed,
    };
}

static int print_test(const struct training *t, const char *source, struct error *e) {
    struct net *net = NULL;
    if (!net_create(t->weights, &net, e)) return CLI_BROKEN;
    int status = assess_print(net, t->test, t->test_count, source, t->task, "test ", e);
    net_destroy(net);
    return status == CLI_USAGE ? CLI_BROKEN : status;
}

/* From the first epoch on, a failure is no longer one of the input. */
static int train(struct training *t, const struct cli_value *option, struct error *e) {
    struct recipe recipe = recipe_of(option);
    struct train_result result;
    const enum value_loss loss = t->task == TASK_REGRESSION ? LOSS_SQUARED : LOSS_LOGISTIC;
    bool ok = t->values ? train_values(t->weights, loss, t->count, t->x, t->values, &recipe, print_epoch, t, &result, e)
                        : train_run(t->weights, t->count, t->x, t->labels, &recipe, print_epoch, t, &result, e);
    if (!ok || !onnx_save(option[OUTPUT].text, t->weights, e)) return CLI_BROKEN;
    printf("training %s %.4f after %u epoch%s\n", score_name(t), result.accuracy, result.epochs,
           result.epochs == 1 ? "" : "s");
    return t->test ? print_test(t, option[TEST].text, e) : CLI_EXPECTED;
}

/* Inputs are not chosen here, and sizes are those of the data. */
static bool choose(const struct cli_value *output, enum task task, struct network_choice *out, struct error *e) {
    const struct cli_value values[4] = {[2] = *output};
    return subject_choose(values, task, out, e);
}

/* What only another option gives a meaning to. */
static bool check_recipe(const struct cli_value *option, struct error *e) {
    if (option[MOMENTUM].given && strcmp(option[OPTIMISER].text, optimisers[OPTIMISER_SGD]) != 0)
        return error_set(e, "--momentum: only --optimiser sgd has one: add that, or leave --momentum out");
    if (option[WEIGHT_DECAY_LAST].given && !(option[WEIGHT_DECAY].number > 0))
        return error_set(e, "--weight-decay-last: without --weight-decay nothing decays: add that, or leave "
                            "--weight-decay-last out");
    return true;
}

static int train_command(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    const struct cli_value *option = values->option;
    struct training t = {0};
    int status = CLI_USAGE;
    if (check_recipe(option, e) && cli_writable(option[OUTPUT].text, e) && check_choices(option, e) &&
        choose(&option[MODEL_OUTPUT], subject_task(&option[TASK]), &t.choice, e) && load_data(&t, option, e) &&
        build_network(&t, option, e) && unpack(&t, &option[PERMUTE_LABELS], e))
        status = train(&t, option, e);
    training_finish(&t);
    return status;
}

const struct cli_command cli_train = {
    .name = "train",
    .summary = "train a network and write it as an ONNX file",
    .details =
        CLI_SOURCES "A layer list is items separated by commas:\n"
                    "  embed:WORDSxDIMENSIONS (first: tokens become vectors, drawn at random and not trained)\n"
                    "  conv:OUTxK[/STRIDE][+PAD]   batchnorm   relu   maxpool:K[/STRIDE]   avgpool:K[/STRIDE]\n"
                    "  globalavgpool   flatten   fc:OUT\n"
                    "The last is an fc with the number of classes, or of targets: conv:8x5,relu,maxpool:2,fc:10\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = train_command,
};
