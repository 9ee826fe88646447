/* `assay train`: a network from an architecture or from another network's, trained and written as ONNX. */
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "experiment/task.h"
#include "nn/arch.h"
#include "nn/onnx.h"
#include "nn/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATA,
    PREPROCESS,
    CLASS_NAMES,
    LAYERS,
    MODEL,
    IMAGES,
    OPTIMISER,
    LEARNING_RATE,
    MOMENTUM,
    BATCH,
    EPOCHS,
    STOP_ACCURACY,
    SEED,
    PERMUTE_LABELS,
    TEST,
    OUTPUT
};

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
    [LAYERS] = {.name = "layers", .kind = CLI_TEXT, .value = "LIST", .summary = "the network, as a list of layers"},
    [MODEL] = {.name = "model",
               .kind = CLI_TEXT,
               .value = "FILE",
               .summary = "the network, as that of an ONNX file with its weights drawn anew"},
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
                       .summary = "stop when the training accuracy reaches X; above 1: never",
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
                        .summary = "train on labels permuted among the samples, by this seed"},
    [TEST] = {.name = "test", .kind = CLI_TEXT, .value = "SOURCE", .summary = "samples for the test accuracy"},
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
    float *x;
    uint32_t *labels;
    uint32_t count, test_count;
};

static void training_finish(struct training *t) {
    free(t->x);
    free(t->labels);
    weights_destroy(t->weights);
    graph_destroy(t->graph);
    dataset_destroy(t->data);
    dataset_destroy(t->test);
}

static bool load_data(struct training *t, const struct cli_value *option, struct error *e) {
    const struct cli_value *names = &option[CLASS_NAMES];
    struct preprocess preprocess;
    const char *source = option[DATA].text, *test = option[TEST].text;
    if (!subject_preprocess(&option[PREPROCESS], option[MODEL].text, &preprocess, e) ||
        !subject_data(source, &preprocess, names, "training", 0, &t->data, e) ||
        !subject_count(t->data, source, "images", option[IMAGES].given, option[IMAGES].integer, &t->count, e))
        return false;
    return !test || (subject_data(test, &preprocess, names, "the test accuracy", 0, &t->test, e) &&
                     subject_count(t->test, test, "test", false, 0, &t->test_count, e));
}

static bool build_network(struct training *t, const struct cli_value *option, struct error *e) {
    const char *layers = option[LAYERS].text, *model = option[MODEL].text, *shown = model ? model : "the layer list";
    if (!layers == !model) {
        return error_set(e, "train: %s: one of --layers and --model wanted",
                         layers ? "both --layers and --model" : "neither --layers nor --model");
    }
    return (layers ? arch_build(layers, &t->data->sample, &t->graph, e) : onnx_load(model, &t->graph, e)) &&
           task_settle(t->graph, TASK_AUTO, t->data, option[DATA].text, shown, e) &&
           subject_fits_data(t->graph, shown, t->data, option[DATA].text, e) &&
           (!t->test || (subject_fits_data(t->graph, shown, t->test, option[TEST].text, e) &&
                         dataset_same_words(t->data, option[DATA].text, t->test, option[TEST].text, e))) &&
           weights_create(t->graph, &t->weights, e);
}

static bool unpack(struct training *t, const struct cli_value *permute, struct error *e) {
    size_t size = shape_count(&t->data->sample);
    t->x = calloc(t->count, size * sizeof *t->x);
    t->labels = calloc(t->count, sizeof *t->labels);
    uint32_t *order = calloc(t->count, sizeof *order);
    if (!t->x || !t->labels || !order) {
        free(order);
        return error_memory(e);
    }
    struct rng rng = rng_stream(permute->seed, "permute-labels", 0);
    rng_permutation(&rng, t->count, order);
    bool ok = true;
    for (uint32_t i = 0; ok && i < t->count; i++) {
        ok = dataset_sample(t->data, i, t->x + i * size, e);
        t->labels[i] = t->data->labels[permute->given ? order[i] : i];
    }
    free(order);
    return ok;
}

static void print_epoch(void *user, uint32_t epoch, double loss, double accuracy) {
    (void)user;
    printf("epoch %u: loss %.4g, training accuracy %.4f\n", epoch, loss, accuracy);
    fflush(stdout);
}

static struct recipe recipe_of(const struct cli_value *option) {
    return (struct recipe){
        .optimiser = strcmp(option[OPTIMISER].text, optimisers[OPTIMISER_SGD]) == 0 ? OPTIMISER_SGD : OPTIMISER_ADAM,
        .learning_rate = option[LEARNING_RATE].number,
        .momentum = option[MOMENTUM].number,
        .batch = (uint32_t)option[BATCH].integer,
        .epochs = (uint32_t)option[EPOCHS].integer,
        .stop_accuracy = option[STOP_ACCURACY].number,
        .seed = option[SEED].seed,
    };
}

static int print_test_accuracy(const struct training *t, const char *source, struct error *e) {
    struct net *net = NULL;
    struct accuracy accuracy = {0};
    if (!net_create(t->weights, &net, e)) return CLI_BROKEN;
    int status = subject_accuracy(net, t->test, t->test_count, source, &accuracy, e);
    if (status == CLI_EXPECTED)
        printf("test accuracy %.4f (%u/%u)\n", (double)accuracy.right / accuracy.read, accuracy.right, accuracy.read);
    net_destroy(net);
    return status == CLI_USAGE ? CLI_BROKEN : status;
}

/* From the first epoch on, a failure is no longer one of the input. */
static int train(struct training *t, const struct cli_value *option, struct error *e) {
    struct recipe recipe = recipe_of(option);
    struct train_result result;
    if (!train_run(t->weights, t->count, t->x, t->labels, &recipe, print_epoch, NULL, &result, e) ||
        !onnx_save(option[OUTPUT].text, t->weights, e))
        return CLI_BROKEN;
    printf("training accuracy %.4f after %u epoch%s\n", result.accuracy, result.epochs, result.epochs == 1 ? "" : "s");
    return t->test ? print_test_accuracy(t, option[TEST].text, e) : CLI_EXPECTED;
}

static int train_command(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    const struct cli_value *option = values->option;
    struct training t = {0};
    int status = CLI_USAGE;
    if (option[MOMENTUM].given && strcmp(option[OPTIMISER].text, optimisers[OPTIMISER_SGD]) != 0)
        error_set(e, "--momentum: only --optimiser sgd has one: add that, or leave --momentum out");
    else if (cli_writable(option[OUTPUT].text, e) && load_data(&t, option, e) && build_network(&t, option, e) &&
             unpack(&t, &option[PERMUTE_LABELS], e))
        status = train(&t, option, e);
    training_finish(&t);
    return status;
}

const struct cli_command cli_train = {
    .name = "train",
    .summary = "train a network and write it as an ONNX file",
    .details = CLI_SOURCES "A layer list is items separated by commas:\n"
                           "  embed:WORDSxDIMENSIONS (first: tokens become vectors, drawn at random and not trained)\n"
                           "  conv:OUTxK[/STRIDE][+PAD]   batchnorm   relu   maxpool:K[/STRIDE]   avgpool:K[/STRIDE]\n"
                           "  globalavgpool   flatten   fc:OUT\n"
                           "The last is an fc with the number of classes: conv:8x5,relu,maxpool:2,fc:10\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = train_command,
};
