/* set: settings of the command line, one a line, in place of values of a battery. */
#include "fuzz.h"

#include "battery/battery.h"

#include <stdlib.h>
#include <string.h>

static const char battery_text[] = "model: m.onnx\n"
                                   "data: {source: 'csv:d.csv', preprocess: {preset: unit}}\n"
                                   "explainers: [gradient, {use: 'smoothgrad:samples=3', name: s}]\n"
                                   "controls: [cascading, {id: independent, init: own}]\n"
                                   "rule: {draws: 3}\nexpect: {s: FAIL}\n";

void fuzz_set(const uint8_t *data, size_t size) {
    const char *settings[16];
    size_t count = 0;
    struct battery *battery = NULL;
    struct error e;
    char *text = fuzz_text(data, size, 4000), *rest = text;
    for (char *line; count < 16 && (line = strtok_r(rest, "\n", &rest));) settings[count++] = line;
    const char *path = fuzz_file("battery.yaml", battery_text, sizeof battery_text - 1);
    if (battery_load_with(path, settings, count, &battery, &e)) battery_destroy(battery);
    free(text);
}
