/* class_names: names of classes. */
#include "fuzz.h"

#include "data/class_names.h"

void fuzz_class_names(const uint8_t *data, size_t size) {
    struct class_names names = {0};
    struct error e;
    if (class_names_load(fuzz_file("names.csv", data, size), &names, &e))
        for (uint32_t i = 0; i < names.count + 1; i++) class_names_at(&names, i);
    class_names_finish(&names);
}
