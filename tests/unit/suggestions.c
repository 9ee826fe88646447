/* Names that are suggested for misspelt ones, however many there are to choose from. */
#include "base/text.h"
#include "experiment/setup.h"
#include "experiment/state.h"
#include "scratch.h"

#include <criterion/criterion.h>

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
