/* Inputs and kept maps as pictures in one file. */
#include "reports/map_set.h"

#include "base/array.h"
#include "base/layout.h"
#include "base/text.h"
#include "measure/measure.h"
#include "reports/format.h"
#include "reports/logo.h"
#include "reports/report_file.h"
#include "reports/pixels.h"
#include "reports/run_record.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct writing {
    struct map_set *set;
    FILE *out;
    size_t offset;
    struct pixels pixels;
    struct shape sample; /* of the inputs; rank 0 before the first */
    bool series;         /* the inputs of the run are no pictures, and so are their maps */
    struct error *error;
};

static struct picture *add_picture(struct writing *w) {
    struct map_set *s = w->set;

    struct picture *more = array_grow(s->pictures, s->count, sizeof *more);
    if (!more) {
        error_memory(w->error);
        return NULL;
    }
    s->pictures = more;
    struct picture *p = &s->pictures[s->count++];
    *p = (struct picture){.offset = w->offset, .similarity = NAN};
    return p;
}

/* The number of that rank, from 0. Numbers that are not negative are in the order of their bits, which are found from
 * the top, eleven or ten at a time: by how many numbers go on in which way. */
static float number_at(const float *values, size_t n, size_t rank) {
    static const unsigned shifts[] = {21, 10, 0};
    uint32_t found = 0, known = 0;
    float number;

    for (size_t pass = 0; pass < sizeof shifts / sizeof *shifts; pass++) {
        size_t counts[2048] = {0}, digit = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, values + i, sizeof bits);
            if ((bits & known) == found) counts[(bits & ~known) >> shifts[pass]]++;
        }
        while (rank >= counts[digit]) rank -= counts[digit++];
        found |= (uint32_t)digit << shifts[pass];
        known = ~0u << shifts[pass];
    }
    memcpy(&number, &found, sizeof number);
    return number;
}

/* Range and scale of the finite values. `scratch` has room for them. */
static void measure(struct picture *p, const float *values, size_t n, float *scratch) {
    size_t finite = 0;
    float low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            low = values[i] < low ? values[i] : low;
            high = values[i] > high ? values[i] : high;
            scratch[finite++] = fabsf(values[i]);
        }
    p->low = low;
    p->high = high;
    p->finite = finite == n;
    p->negative = low < 0;
    p->constant = !(high > low);
    if (!finite) return;
    p->limit = number_at(scratch, finite, (size_t)ceil(.99 * (double)finite) - 1);
    if (!(p->limit > 0)) p->limit = fmax(-p->low, p->high);
}

/* What is drawn of a map: `pixels` of the positions, from `first` on, as a picture. Maps of volumes are kept as
 * channels x 1 x positions. */
struct drawn {
    size_t channels, positions, first, height, width, pixels;
};

static struct drawn drawn_of(const struct writing *w, const struct shape *shape) {
    const struct layout l = layout_of(shape);
    struct drawn d = {l.channels, l.positions, 0, l.height, l.width, l.positions};
    if (!w->set->slices) return d;
    const size_t depth = w->sample.dim[1];
    d.height = w->sample.dim[2];
    d.width = w->sample.dim[3];
    d.pixels = d.height * d.width;
    d.first = depth / 2 * d.pixels;
    return d;
}

/* Channels x height x width, or features, as one height x width picture: summed over channels. The scale is that of the
 * whole map. */
static bool write_picture(struct writing *w, struct picture *p, const struct shape *shape, const float *data) {
    const struct drawn d = drawn_of(w, shape);
    const size_t channels = d.channels, pixels = d.positions;
    float *sum = calloc(2 * pixels + 1, sizeof *sum);

    if (!sum) return error_memory(w->error);
    const bool absolute = p->explainer && w->set->absolute;
    w->set->summed = w->set->summed || (p->explainer && channels > 1);
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < pixels; i++) {
            const float value = data[c * pixels + i];
            sum[i] += absolute ? fabsf(value) : value;
        }
    p->width = (uint32_t)d.width;
    p->height = (uint32_t)d.height;
    measure(p, sum, pixels, sum + pixels);
    fwrite(sum + d.first, sizeof *sum, d.pixels, w->out);
    w->offset += d.pixels * sizeof *sum;
    if (w->series) p->values = sum;
    else free(sum);
    return true;
}

/* The letters of a one-hot input; none of other inputs. */
static bool take_letters(struct writing *w, struct picture *p, const struct input_row *row) {
    const struct layout l = layout_of(&row->shape);

    if (l.channels != LOGO_LETTERS || !layout_one_hot(&l, row->data)) return true;
    p->letters = malloc(l.positions + 1);
    if (!p->letters) return error_memory(w->error);
    memset(p->letters, '.', l.positions);
    p->letters[l.positions] = '\0';
    for (size_t c = 0; c < l.channels; c++)
        for (size_t i = 0; i < l.positions; i++)
            if (row->data[c * l.positions + i] == 1) p->letters[i] = logo_letters[c];
    return true;
}

static bool write_colours(struct writing *w, struct picture *p, const struct input_row *row) {
    const struct drawn d = drawn_of(w, &row->shape);
    p->height = (uint32_t)d.height;
    p->width = (uint32_t)d.width;
    size_t size = 3 * d.pixels;
    uint8_t *rgb = malloc(3 * d.positions + 1);

    if (!rgb) return error_memory(w->error);
    pixels_rgb(&w->pixels, row, rgb);
    fwrite(rgb + 3 * d.first, 1, size, w->out);
    free(rgb);
    w->offset += size;
    p->colour = p->finite = true;
    p->limit = p->high = 255;
    return true;
}

static bool add_input(void *context, const struct input_row *row) {
    struct writing *w = context;
    struct picture *p = add_picture(w);
    bool named = row->target_name && *row->target_name;

    if (!p) return false;
    p->input = row->index;
    const char *word = row->predicted == UINT32_MAX ? "output" : "class"; /* a regression predicts no class */
    p->class = named ? text_copy(row->target_name) : text_format("%s %u", word, (unsigned)row->target);
    if (!p->class) return error_memory(w->error);
    const struct layout l = layout_of(&row->shape);
    w->sample = row->shape;
    w->set->slices = l.kind->figure == LAYOUT_SLICE;
    w->series = l.kind->figure != LAYOUT_IMAGE && !w->set->slices;
    bool colour = !w->series && l.channels == 3;
    return colour ? write_colours(w, p, row) : take_letters(w, p, row) && write_picture(w, p, &row->shape, row->data);
}

static bool add_map(void *context, const struct map_row *row) {
    struct writing *w = context;
    struct picture *p = add_picture(w);

    if (!p) return false;
    p->input = row->input;
    p->explainer = text_copy(row->explainer);
    p->variant = text_copy(row->variant);
    if (!p->explainer || !p->variant) return error_memory(w->error);
    return write_picture(w, p, &row->shape, row->data);
}

/* With signs where they have been compared so, and maps are shown with them. */
static bool find_similarities(struct store *s, struct map_set *set, struct error *e) {
    static const char *const views[] = {"signed/all", "absolute/all"};

    for (size_t i = 0; i < set->count; i++) {
        struct picture *p = &set->pictures[i];
        bool found = !p->explainer;
        for (size_t v = set->absolute; !found && v < sizeof views / sizeof *views; v++) {
            struct comparison_row row = {.explainer = p->explainer,
                                         .variant = p->variant,
                                         .pairing = "matched",
                                         .measure = measures[0]->id,
                                         .view = views[v],
                                         .input = p->input};
            if (!store_find_comparison(s, &row, &found, e)) return false;
            if (found) p->similarity = row.value;
        }
    }
    return true;
}

static bool write_index(const struct map_set *s, const char *folder, struct error *e) {
    struct report_file o;
    char limit[NUMBER_SIZE];

    if (!report_file_open(&o, folder, s->absolute ? "maps-absolute.tsv" : "maps.tsv", e)) return false;
    fprintf(o.file,
            "# pictures in %s, after 2 rows of a ramp of 101 values: float32, %ssummed over channels; inputs of\n"
            "# three channels: bytes, red green blue (limit 255); of volumes the middle slice\n"
            "# offset\theight\twidth\tinput\tlimit (99th percentile of |value|)\texplainer\tvariant\n",
            map_set_file(s), s->absolute ? "magnitudes of maps, " : "");
    for (size_t i = 0; i < s->count; i++) {
        const struct picture *p = &s->pictures[i];
        struct text names = {0};
        text_add_clean(&names, p->explainer ? p->explainer : "(input)");
        text_add(&names, "\t");
        text_add_clean(&names, p->variant ? p->variant : "");
        fprintf(o.file, "%zu\t%u\t%u\t%u\t%s\t%s\n", p->offset, (unsigned)p->height, (unsigned)p->width,
                (unsigned)p->input, number_text(p->limit, limit), names.failed ? "" : names.data);
        text_finish(&names);
    }
    return report_file_close(&o, true, e);
}

/* As the run recorded them; there are none of data without names. */
static bool load_columns(struct store *s, struct map_set *set, struct error *e) {
    json_t *run;

    if (!run_record_load(s, "run", &run, e)) return false;
    const json_t *columns = json_object_get(json_object_get(run, "data"), "columns");
    size_t count = json_array_size(columns);
    set->columns = calloc(count + 1, sizeof *set->columns);
    bool ok = set->columns != NULL;
    for (; ok && set->column_count < count; set->column_count++) {
        const char *name = json_string_value(json_array_get(columns, set->column_count));
        set->columns[set->column_count] = text_copy(name ? name : "");
        ok = set->columns[set->column_count] != NULL;
    }
    json_decref(run);
    return ok || error_memory(e);
}

/* Of inputs of tokens, as the run recorded them. */
static bool load_tokens(struct store *s, struct map_set *set, struct error *e) {
    json_t *tokens;
    char key[16];

    if (!run_record_load(s, "tokens", &tokens, e)) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < set->count; i++) {
        struct picture *p = &set->pictures[i];
        snprintf(key, sizeof key, "%u", (unsigned)p->input);
        const json_t *numbers = p->explainer ? NULL : json_object_get(tokens, key);
        if (!p->values || !p->width || json_array_size(numbers) != p->width) continue;
        p->tokens = calloc(p->width, sizeof *p->tokens);
        ok = p->tokens != NULL;
        for (size_t k = 0; ok && k < p->width; k++) p->tokens[k] = json_integer_value(json_array_get(numbers, k));
    }
    json_decref(tokens);
    return ok || error_memory(e);
}

const char *map_set_file(const struct map_set *set) {
    return set->absolute ? "maps-absolute.f32" : "maps.f32";
}

bool map_set_load(struct store *s, FILE *out, bool absolute, struct map_set *set, struct error *e) {
    float ramp[2 * MAP_RAMP];

    *set = (struct map_set){.absolute = absolute};
    for (size_t i = 0; i < 2 * MAP_RAMP; i++) ramp[i] = ((float)(i % MAP_RAMP) - 50) / 50;
    fwrite(ramp, sizeof ramp, 1, out);
    struct writing w = {.set = set, .out = out, .offset = sizeof ramp, .error = e};
    bool ok = pixels_load(s, &w.pixels, e) && load_columns(s, set, e) && store_each_input(s, add_input, &w, e) &&
              store_each_map(s, add_map, &w, e) && find_similarities(s, set, e) && load_tokens(s, set, e);
    if (!ok) map_set_finish(set);
    return ok;
}

bool map_set_write(struct store *s, const char *folder, bool absolute, struct map_set *set, struct error *e) {
    struct report_file o;

    *set = (struct map_set){.absolute = absolute};
    if (!report_file_open(&o, folder, map_set_file(set), e)) return false;
    bool ok = report_file_close(&o, map_set_load(s, o.file, absolute, set, e), e) && write_index(set, folder, e);
    if (!ok) map_set_finish(set);
    return ok;
}

void map_set_finish(struct map_set *s) {
    for (size_t i = 0; i < s->count; i++) {
        free(s->pictures[i].explainer);
        free(s->pictures[i].variant);
        free(s->pictures[i].class);
        free(s->pictures[i].values);
        free(s->pictures[i].letters);
        free(s->pictures[i].tokens);
    }
    for (size_t i = 0; i < s->column_count; i++) free(s->columns[i]);
    free(s->columns);
    free(s->pictures);
    *s = (struct map_set){0};
}

bool map_set_is_table(const struct map_set *s) {
    return s->column_count && s->count && s->pictures[0].values;
}

const struct picture *map_set_input(const struct map_set *s, uint32_t input) {
    for (size_t i = 0; i < s->count; i++)
        if (!s->pictures[i].explainer && s->pictures[i].input == input) return &s->pictures[i];
    return NULL;
}

const struct picture *map_set_find(const struct map_set *s, const char *explainer, const char *variant,
                                   uint32_t input) {
    for (size_t i = 0; i < s->count; i++) {
        const struct picture *p = &s->pictures[i];
        if (p->explainer && p->input == input && strcmp(p->variant, variant) == 0 &&
            strcmp(p->explainer, explainer) == 0)
            return p;
    }
    return NULL;
}
