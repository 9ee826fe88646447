/* preprocess.c: the presets, and values made from stored bytes and floats. */
#include "data/preprocess.h"

#include "base/layout.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

const char *const channel_order_names[] = {"rgb", "bgr", NULL};

#define IMAGENET_MEAN                                                                                                  \
    { .485, .456, .406 } /* of torchvision's classification models */
#define IMAGENET_STD                                                                                                   \
    { .229, .224, .225 }
#define EACH_ONE                                                                                                       \
    { 1, 1, 1 }

const struct preset presets[] = {
    {"none", {.scale = 1, .std = EACH_ONE}},
    {"raw255", {.scale = 1, .std = EACH_ONE}}, /* the same, said aloud */
    {"unit", {.scale = 1.0 / 255, .std = EACH_ONE}},
    {"imagenet-mean-std", {.scale = 1.0 / 255, .mean = IMAGENET_MEAN, .std = IMAGENET_STD}},
    {"torchvision", {.resize = 256, .crop = 224, .scale = 1.0 / 255, .mean = IMAGENET_MEAN, .std = IMAGENET_STD}},
    {"resnet34-dlib",
     {.resize = 256, .crop = 227, .scale = 1, .mean = {122.782, 117.001, 104.298}, .std = {256, 256, 256}}},
    {"caffe",
     {.resize = 256,
      .crop = 224,
      .scale = 1,
      .mean = {104.00699, 116.66877, 122.67892},
      .std = EACH_ONE,
      .order = ORDER_BGR}},
    {.name = NULL},
};

const struct preprocess *preset_find(const char *name, struct error *e) {
    const char *names[sizeof presets / sizeof *presets];
    struct text all = {0};
    size_t n = 0;

    for (; presets[n].name; n++) {
        if (strcmp(name, presets[n].name) == 0) {
            text_finish(&all);
            return &presets[n].preprocess;
        }
        names[n] = presets[n].name;
        text_add(&all, "%s%s", n == 0 ? "" : presets[n + 1].name ? ", " : " or ", names[n]);
    }
    const char *nearest = text_nearest(name, names, n);
    if (all.failed) error_memory(e);
    else if (nearest) error_set(e, "unknown preprocessing '%s': did you mean '%s'?", excerpt_of(name).text, nearest);
    else error_set(e, "unknown preprocessing '%s': %s wanted", excerpt_of(name).text, all.data);
    text_finish(&all);
    return NULL;
}

/* ---- As text ---- */

static bool all_equal(const double v[3]) {
    return v[0] == v[1] && v[0] == v[2];
}

static void add_channels(struct text *out, const double v[3]) {
    if (all_equal(v)) text_add(out, "%.9g", v[0]);
    else text_add(out, "[%.9g, %.9g, %.9g]", v[0], v[1], v[2]);
}

static void add_scaled(struct text *out, double scale) {
    double divisor = round(1 / scale);

    if (scale == 1) text_add(out, "x");
    else if (1 / divisor == scale) text_add(out, "x / %.9g", divisor);
    else text_add(out, "x * %.9g", scale);
}

void preprocess_text(const struct preprocess *p, struct text *out) {
    bool shifted = !all_equal(p->mean) || p->mean[0] != 0, divided = !all_equal(p->std) || p->std[0] != 1;

    if (!preprocess_reshapes(p) && p->order == ORDER_RGB && p->scale == 1 && !shifted && !divided) {
        text_add(out, "values as they are");
        return;
    }
    if (p->channels) text_add(out, p->channels == 1 ? "grey, " : "three channels, ");
    if (p->resize)
        text_add(out, "resize %u%s %s, ", p->resize, p->stretch ? " both sides" : "",
                 interpolation_names[p->interpolation]);
    if (p->crop) text_add(out, "crop %u, ", p->crop);
    if (p->order == ORDER_BGR) text_add(out, "channels blue green red, ");
    if (divided) text_add(out, "(");
    add_scaled(out, p->scale);
    if (shifted) text_add(out, " - ");
    if (shifted) add_channels(out, p->mean);
    if (divided) text_add(out, ") / ");
    if (divided) add_channels(out, p->std);
}

/* ---- Applied ---- */

static size_t channels_of(const struct shape *sample) {
    return layout_of(sample).channels;
}

bool preprocess_fits(const struct preprocess *p, const struct shape *sample, struct error *e) {
    char text[96];
    bool coloured = !all_equal(p->mean) || !all_equal(p->std) || p->order != ORDER_RGB;

    if (!coloured || channels_of(sample) == 3) return true;
    return error_set(e, "samples of shape %s: three channels wanted by the preprocessing",
                     shape_text(sample, text, sizeof text));
}

bool preprocess_reshapes(const struct preprocess *p) {
    return p->channels || p->resize || p->crop;
}

bool preprocess_image(const struct preprocess *p, struct image *image, struct error *e) {
    return (!p->channels || image_set_channels(image, p->channels, e)) &&
           (!p->resize || (p->stretch ? image_resize(image, p->resize, p->resize, p->interpolation, e)
                                      : image_resize_shorter(image, p->resize, p->interpolation, e))) &&
           (!p->crop || image_crop_centre(image, p->crop, e));
}

/* Where channel c of the output comes from. */
static size_t source_channel(const struct preprocess *p, size_t channels, size_t c) {
    return p->order == ORDER_BGR && channels == 3 ? 2 - c : c;
}

static float value_of(const struct preprocess *p, size_t c, double stored) {
    return (float)((stored * p->scale - p->mean[c]) / p->std[c]);
}

void preprocess_bytes(const struct preprocess *p, const struct shape *sample, const uint8_t *in, float *out) {
    size_t channels = channels_of(sample), plane = shape_count(sample) / channels;

    for (size_t c = 0; c < channels; c++) {
        const uint8_t *from = in + source_channel(p, channels, c) * plane;
        for (size_t i = 0; i < plane; i++) *out++ = value_of(p, channels == 3 ? c : 0, from[i]);
    }
}

void preprocess_floats(const struct preprocess *p, const struct shape *sample, const float *in, float *out) {
    size_t channels = channels_of(sample), plane = shape_count(sample) / channels;

    for (size_t c = 0; c < channels; c++) {
        const float *from = in + source_channel(p, channels, c) * plane;
        for (size_t i = 0; i < plane; i++) *out++ = value_of(p, channels == 3 ? c : 0, (double)from[i]);
    }
}
