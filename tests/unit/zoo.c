/* The networks that `assay calibrate` trains: each learns its data, and the same seed makes the same files. */
#include "cli/zoo.h"

#include "base/file.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(zoo, has_a_graph_of_every_network) {
    cr_expect_geq(zoo_count, 10);
    for (size_t k = 0; k < zoo_count; k++) {
        struct graph *graph = NULL;
        struct error e = {{0}};
        cr_assert(zoo_graph(&zoo[k], &graph, &e), "%s", e.text);
        cr_expect_eq(graph->classes, zoo[k].classes, "%s", zoo[k].name);
        cr_expect_geq(graph->layer_count, 3, "%s: %u layers", zoo[k].name, graph->layer_count);
        graph_destroy(graph);
    }
}

Test(zoo, networks_learn_and_seeds_repeat, .timeout = 120) {
    char folder[2][64];
    uint8_t *model[2];
    size_t size[2];
    double accuracy[2];
    fake_folder(folder[0]);
    fake_folder(folder[1]);
    for (size_t k = 0; k < 2; k++) {
        for (int run = 0; run < 2; run++) {
            struct zoo_made made;
            struct error e = {{0}};
            cr_assert(zoo_make(&zoo[k], 3, folder[run], &made, &e), "%s", e.text);
            accuracy[run] = made.accuracy;
            cr_assert(file_read(made.model, &model[run], &size[run], &e), "%s", e.text);
            zoo_made_finish(&made);
        }
        cr_expect_geq(accuracy[0], .8, "%s: %g", zoo[k].name, accuracy[0]);
        cr_expect_eq(accuracy[0], accuracy[1]);
        cr_expect(size[0] == size[1] && memcmp(model[0], model[1], size[0]) == 0, "%s: other bytes", zoo[k].name);
        free(model[0]);
        free(model[1]);
    }
    fake_folder_remove(folder[0]);
    fake_folder_remove(folder[1]);
}
