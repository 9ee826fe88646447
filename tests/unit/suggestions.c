/* Names that are suggested for misspelt ones, however many there are to choose from. */
#include "base/table_names.h"
#include "base/text.h"
#include "battery/yaml_node.h"
#include "experiment/setup.h"
#include "experiment/state.h"
#include "scratch.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define CONTROLS 100u

Test(suggestions, look_at_every_control) {
    static const char battery[] = "model: m.onnx\ndata: {source: csv:d.csv}\nexplainers: [gradient]\n"
                                  "controls: [control-n99]\n";
    struct control all[CONTROLS];
    const struct control *table[CONTROLS + 1] = {NULL};
    char *ids[CONTROLS];
    struct run run = {.log = -1};
    struct error e = {{0}};
    for (uint32_t i = 0; i < CONTROLS; i++) {
        ids[i] = text_format("control-number%u", 10 + i);
        cr_assert_not_null(ids[i]);
        all[i] = (struct control){.id = ids[i]};
        table[i] = &all[i];
    }
    all[CONTROLS - 1].id = "control-99";
    scratch_enter();
    scratch_put("b.yaml", battery, sizeof battery - 1);
    const struct run_options options = {.battery = "b.yaml", .folder = "x", .jobs = 1, .quiet = true};
    cr_expect_not(setup_run(&run, &options, table, &e));
    cr_expect(strstr(e.text, "did you mean 'control-99'?"), "%s", e.text);
    setup_finish(&run);
    scratch_leave();
    for (uint32_t i = 0; i < CONTROLS; i++) free(ids[i]);
}

/* More keys than any table has today: each is known and read, and the last is suggested. */
#define KEYS 60u

Test(suggestions, know_every_key_of_a_table) {
    struct yaml_field fields[KEYS + 1] = {{.name = NULL}};
    double values[KEYS] = {0};
    char *names[KEYS];
    struct text yaml = {0};
    struct yaml_file file;
    struct error e = {{0}};
    for (uint32_t i = 0; i < KEYS; i++) {
        names[i] = text_format("key-number-%u", 10 + i);
        cr_assert_not_null(names[i]);
        fields[i] = (struct yaml_field){
            .name = names[i], .read = yaml_read_number, .offset = i * sizeof *values, .max = KEYS, .required = true};
        text_add(&yaml, "%s: %u\n", names[i], i);
    }
    scratch_enter();
    scratch_put("all.yaml", yaml.data, yaml.length);
    cr_assert(yaml_file_open("all.yaml", "keys", &file, &e), "%s", e.text);
    cr_assert(yaml_read_fields(&file, yaml_file_root(&file), "keys", fields, values, &e), "%s", e.text);
    yaml_file_close(&file);
    for (uint32_t i = 0; i < KEYS; i++) cr_expect_eq(values[i], i);
    static const char misspelt[] = "key-number-6p: 1\n";
    scratch_put("one.yaml", misspelt, sizeof misspelt - 1);
    cr_assert(yaml_file_open("one.yaml", "keys", &file, &e), "%s", e.text);
    cr_expect_not(yaml_read_fields(&file, yaml_file_root(&file), "keys", fields, values, &e));
    cr_expect(strstr(e.text, "did you mean 'key-number-6"), "%s", e.text);
    yaml_file_close(&file);
    scratch_leave();
    text_finish(&yaml);
    for (uint32_t i = 0; i < KEYS; i++) free(names[i]);
}

Test(suggestions, take_the_names_of_a_table) {
    static const struct {
        int number;
        const char *name;
    } table[] = {{1, "one"}, {2, "two"}, {3, NULL}};
    size_t n = 7;
    const char **names = table_names(table, sizeof *table, sizeof table[0] - sizeof table[0].name, &n);
    cr_assert_not_null(names);
    cr_expect_eq(n, 2);
    cr_expect_str_eq(names[0], "one");
    cr_expect_str_eq(names[1], "two");
    cr_expect_null(names[2]);
    free(names);
}
