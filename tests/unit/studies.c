/* Controls that make networks of their own: what honest methods and mutants of one fault each get from them, and
 * that runs go on after a unit was lost. */
#include "study_battery.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- other-classes, class-relabelling ---- */

Test(studies, other_classes_are_none_of_its_business, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", "relative distance at most 0,"},
        {"smoothgrad:samples=5", "PASS", "relative distance at most 0,"},
        {"grad-cam", "SKIP", "no convolution"},
        {"edge-detector", "SKIP", "claims not to depend on the class"},
        {"fault=none", "PASS", ""},
        {"fault=next-class", "FAIL", "it explains logit 3."},
        {"fault=argmax", "FAIL", "the same whatever class is asked for"},
        {"fault=sum", "FAIL", "the same whatever class is asked for"},
        {"fault=softmax", "FAIL", "it explains the softmax probability."},
        {"fault=log-softmax", "FAIL", "it explains the log-probability."},
        {"fault=minus", "PASS", ""}, /* another control's */
    };
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "other-classes", 8, ROWS(rows)}, 1);
}

Test(studies, classes_that_change_places, .init = study_make_folder, .fini = study_remove_folder, .timeout = 120) {
    static const struct expected rows[] = {
        {"integrated-gradients:steps=5", "PASS", ""},
        {"input", "SKIP", "claims not to depend on the class"},
        {"fault=next-class", "FAIL", "it depends on the number of the class, or on its neighbours"},
        {"fault=odd-zero", "FAIL", "is zero as class"},
        {"fault=softmax", "PASS", ""},
    };
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "class-relabelling", 12, ROWS(rows)}, 1);
}

/* ---- quadratic-identity ---- */

Test(studies, what_the_map_is_on_a_quadratic_function, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", "The map is the gradient at the input (alpha 1.000, beta 0.00, factor 1.0000)."},
        {"smoothgrad", "PASS", "The map is the gradient at the input"},
        {"guided-backprop", "PASS", "The map is the gradient at the input"},
        {"input-x-gradient", "PASS", "The map is x times the gradient at the input"},
        {"integrated-gradients:baseline=0.3", "PASS", "(x - 0.30) times the gradient, averaged on the whole path"},
        {"integrated-gradients:form=average,baseline=0.3", "PASS", "the gradient, averaged on the whole path"},
        {"saliency", "SKIP", "no sum of gradients (R2 = 0."},
        {"grad-cam", "SKIP", "no convolution"},
        {"input", "SKIP", "claims not to depend on the class"},
        {"fault=next-class", "FAIL", "the gradient of class t + 1 (modulo 4)"},
        {"fault=sum", "FAIL", "Gradients of other classes enter the map"},
        {"fault=softmax", "FAIL", "Gradients of other classes enter the map"},
        {"fault=odd-zero", "FAIL", "Maps of zeros on 8 of 16 inputs"},
        {"fault=minus", "FAIL", "minus the gradient at the input: its sign is wrong"},
        {"fault=times-logit", "FAIL", "a factor whose sign depends on the input"},
        {"fault=part-of-path,dose=0.5", "FAIL", "x times the gradient at 0.25 x + 0.00: a path that does not reach"},
        {"bad/doubled.so", "PASS", "factor 2.0000)."}, /* a method may scale its maps */
        {"fault=scaled-path,dose=1.02", "FAIL", "1.0200 times what it is nearly: x times the gradient, averaged"},
        {"fault=edges,dose=0.25", "SKIP", "Part gradient, part something else (R2 = 0.9"},
        {"fault=shifted", "SKIP", "no sum of gradients"}, /* another control's */
    };
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "quadratic-identity", 2, ROWS(rows)}, 1);
}

/* Fewer elements, fewer squares: 13 features, and sequences of 4 x 96. */
Test(studies, quadratic_functions_of_other_shapes, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", "The map is the gradient at the input (alpha 1.000, beta 0.00, factor 1.0000)."},
        {"integrated-gradients", "PASS", "averaged on the whole path"},
        {"fault=next-class", "FAIL", "the gradient of class t + 1"},
        {"fault=minus", "FAIL", "its sign is wrong"},
    };
    static const char *const data[2][2] = {{"machines-mlp.onnx", "csv:%s/fixtures/data/machines-test.csv"},
                                           {"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv"}};
    for (int k = 0; k < 2; k++)
        study_expect(&(struct battery_text){data[k][0], data[k][1], "quadratic-identity", 2, ROWS(rows)}, 2);
}

/* ---- linear-identity ---- */

/* Who claims nothing is told what the map is, and never judged. */
Test(studies, what_the_map_is_on_a_linear_model, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", ""},
        {"fault=none", "SKIP", "it is the weights: The method claims no identity on linear models."},
        {"fault=minus", "SKIP", "it is minus the weights:"},
        {"fault=next-class", "SKIP", "it is the weights of class t + 1:"},
        {"fault=argmax", "SKIP", "it is the weights of the predicted class:"},
        {"fault=sum", "SKIP", "it is the sum of all classes' weights:"},
        {"fault=softmax", "SKIP", "it is the gradient of the softmax probability:"},
        {"fault=log-softmax", "SKIP", "it is the gradient of the log-probability:"},
        {"fault=shifted", "SKIP", "it is the weights, one place to the right:"},
        {"fault=times-logit", "SKIP",
         "it is the weights, times a factor that differs between inputs, also in its sign:"},
        {"fault=scaled-path,dose=0.98", "SKIP", "it is 0.98 times x times the weights:"},
        {"fault=edges,dose=0.1", "SKIP", "it is nearly "},
        {"smoothgrad-squared", "SKIP", "it is the squares of the weights:"},
        {"input", "SKIP", "it is the input:"},
        {"vargrad", "SKIP", "There its map is zero everywhere."},
        {"random-noise", "SKIP", "There its map is none of the known ones."},
        {"fault=mirrored", "SKIP", "it is the weights, mirrored left to right:"},
        {"fault=absolute", "SKIP", "it is the magnitudes of the weights:"},
        {"grad-cam", "SKIP", "no convolution"},
    };
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "linear-identity", 10, ROWS(rows)}, 1);
}

/* Sequences have no height, tables no places; two inputs are few. */
Test(studies, linear_models_of_other_shapes, .init = study_make_folder, .fini = study_remove_folder, .timeout = 120) {
    static const struct expected rows[] = {
        {"fault=none", "SKIP", "it is the weights:"},
        {"fault=minus", "SKIP", "it is minus the weights:"},
        {"fault=next-class", "SKIP", "it is the weights of class t + 1:"},
    };
    static const char *const data[2][2] = {{"machines-mlp.onnx", "csv:%s/fixtures/data/machines-test.csv"},
                                           {"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv"}};
    for (int k = 0; k < 2; k++)
        study_expect(&(struct battery_text){data[k][0], data[k][1], "linear-identity", 2, ROWS(rows)}, 2);
}

/* ---- mprt ---- */

/* Numbers, whatever they are: no word but SKIP. */
Test(studies, numbers_that_nothing_is_judged_by, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"edge-detector", "SKIP", "MPRT 1.00 1.00 1.00, sMPRT "},
        {"edge-detector", "SKIP", "eMPRT +0.00 (sd 0.00 of 12): Numbers without a limit"},
        {"gradient", "SKIP", "with 1 2 3 layers drawn anew from the output down."},
        {"input", "SKIP", "MPRT 1.00 1.00 1.00, sMPRT 0.7"},
        {"constant", "SKIP", "MPRT none, sMPRT none, eMPRT none:"},
        {"grad-cam", "SKIP", "no convolution"},
    };
    static const struct expected letters[] = {{"gradient", "SKIP", ", sMPRT none, eMPRT "}};
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "mprt", 8, ROWS(rows)}, 1);
    study_expect(&(struct battery_text){"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv", "mprt", 8,
                                        ROWS(letters)},
                 1);
}

/* ---- input-shift ---- */

/* Gradients stay; what multiplies by the input, or starts from zero, does not. */
Test(studies, a_shift_that_the_network_takes_away, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "SKIP", "the map stays: A property that nothing is judged by: inputs shifted by -1,"},
        {"guided-backprop", "SKIP", "the map stays"},
        {"input-x-gradient", "SKIP", "the map changes by "},
        {"integrated-gradients:steps=10", "SKIP", "the map changes by "},
        {"input", "SKIP", "the map changes by "},
        {"edge-detector", "SKIP", "the map stays"},
    };
    static const struct expected letters[] = {{"gradient", "SKIP", "Letters cannot be shifted."}};
    study_expect(&(struct battery_text){"fashion-mlp.onnx", FASHION_DATA, "input-shift", 8, ROWS(rows)}, 1);
    study_expect(&(struct battery_text){"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv", "input-shift",
                                        8, ROWS(letters)},
                 1);
}

/* ---- unseen-region ---- */

Test(studies, what_the_network_cannot_see, .init = study_make_folder, .fini = study_remove_folder, .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", "(by 0 of its size,"},
        {"smoothgrad:samples=5", "PASS", "(by 0 of its size,"},
        {"integrated-gradients:steps=5,baseline=0.3", "PASS", "(by 0 of its size,"},
        {"grad-cam", "PASS", "(by 0 of its size,"},
        {"guided-grad-cam", "PASS", "(by 0 of its size,"},
        {"input", "FAIL", "part of it is the input itself, not the model"},
        {"edge-detector", "FAIL", "part of it is the input's edges, not the model"},
        {"constant", "ERROR", "Constant map"},
        {"fault=edges,dose=0.1", "FAIL", "follows the input"},
        {"fault=edges,dose=0.01", "INCONCLUSIVE", "more than rounding"},
        {"fault=bump", "PASS", ""}, /* another control's: it is the same for all inputs */
    };
    study_expect(&(struct battery_text){"fashion-cnn.onnx", FASHION_DATA, "unseen-region", 8, ROWS(rows)}, 1);
}

/* Letters and columns of a table. */
Test(studies, unseen_regions_of_other_shapes, .init = study_make_folder, .fini = study_remove_folder, .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "PASS", ""},
        {"integrated-gradients:steps=5", "PASS", ""},
        {"smoothgrad:samples=5", "PASS", ""},
        {"input", "FAIL", "the input itself"},
        {"fault=edges", "FAIL", "follows the input"},
    };
    static const char *const data[2][2] = {{"machines-mlp.onnx", "csv:%s/fixtures/data/machines-test.csv"},
                                           {"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv"}};
    for (int k = 0; k < 2; k++)
        study_expect(&(struct battery_text){data[k][0], data[k][1], "unseen-region", 8, ROWS(rows)}, 2);
}

/* ---- units of studies ---- */

static void change_store(const char *sql) {
    char path[128];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/run/assay.db", study_folder);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_gt(sqlite3_total_changes(db), 0);
    sqlite3_close(db);
}

/* As if the run had been killed before the unit came, or somebody had changed a number of it. */
Test(studies, a_lost_unit_is_computed_again, .init = study_make_folder, .fini = study_remove_folder, .timeout = 120) {
    static const struct expected rows[] = {{"gradient", "PASS", ""}, {"fault=next-class", "FAIL", ""}};
    static const char *const damage[] = {
        "DELETE FROM units WHERE variant = 'other-classes'; DELETE FROM checks WHERE variant = 'other-classes'",
        "UPDATE checks SET worst = 0 WHERE variant = 'other-classes' AND id = 'distance'",
        "DELETE FROM checks WHERE variant = 'other-classes' AND id = 'softmax'"};
    const struct battery_text b = {"fashion-mlp.onnx", FASHION_DATA, "other-classes", 6, ROWS(rows)};
    char *first[2] = {NULL}, *again[2] = {NULL};
    study_run(&b, 1, false, first);
    for (size_t d = 0; d < sizeof damage / sizeof *damage; d++) {
        change_store(damage[d]);
        study_run(&b, 1, true, again);
        for (size_t k = 0; k < 2; k++) cr_expect_str_eq(again[k], first[k], "after %s", damage[d]);
    }
    for (size_t k = 0; k < 2; k++) {
        free(first[k]);
        free(again[k]);
    }
}
