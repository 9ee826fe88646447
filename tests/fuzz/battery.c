/* battery: batteries in YAML. */
#include "fuzz.h"

#include "battery/battery.h"

void fuzz_battery(const uint8_t *data, size_t size) {
    struct battery *battery = NULL;
    struct error e;
    if (battery_load(fuzz_file("battery.yaml", data, size), &battery, &e)) battery_destroy(battery);
}
