/* Undoes what the battery did to photographs before the model saw them. */
#include "reports/pixels.h"
#include "reports/run_record.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool read_three(const json_t *list, double out[3]) {
    for (size_t c = 0; c < 3; c++) {
        const json_t *value = json_array_get(list, c);
        if (!json_is_number(value)) return false;
        out[c] = json_number_value(value);
    }
    return true;
}

bool pixels_load(struct store *s, struct pixels *p, struct error *e) {
    json_t *run;

    *p = (struct pixels){0};
    if (!run_record_load(s, "run", &run, e)) return false;
    const json_t *values = json_object_get(json_object_get(run, "data"), "values"),
                 *scale = json_object_get(values, "scale"), *order = json_object_get(values, "order");
    p->scale = json_number_value(scale);
    p->known = p->scale != 0 && read_three(json_object_get(values, "mean"), p->mean) &&
               read_three(json_object_get(values, "std"), p->std);
    p->reversed = json_is_string(order) && strcmp(json_string_value(order), "bgr") == 0;
    json_decref(run);
    return true;
}

/* As if nothing but the range had been changed. */
static struct pixels range_of(const float *data, size_t n) {
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (isfinite(data[i])) {
            low = fmin(low, (double)data[i]);
            high = fmax(high, (double)data[i]);
        }
    double scale = high > low ? (high - low) / 255 : 1;
    if (!isfinite(low)) low = 0;
    return (struct pixels){true, scale, {-low, -low, -low}, {1, 1, 1}, false};
}

void pixels_rgb(const struct pixels *p, const struct input_row *row, uint8_t *out) {
    size_t plane = shape_count_from(&row->shape, 1);
    struct pixels whole = p->known ? *p : range_of(row->data, 3 * plane);

    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < plane; i++) {
            double byte = ((double)row->data[c * plane + i] * whole.std[c] + whole.mean[c]) / whole.scale;
            out[3 * i + (whole.reversed ? 2 - c : c)] = byte > 0 ? (uint8_t)lround(fmin(byte, 255)) : 0;
        }
}
