/* preprocess_auto.c: the image processors of Hugging Face transformers and timm's pretrained_cfg, as declarations. */
#include "data/preprocess_auto.h"

#include "base/file.h"
#include "base/json_read.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 16384
#define VALUE_MAX 1e9

/* One file being read. */
struct config {
    const char *path;
    const json_t *root;
    struct error *error;
};

#define CONFIG_FAIL(c, ...) (error_set((c)->error, __VA_ARGS__), error_prefix((c)->error, "%s", (c)->path))

/* ---- Values ---- */

/* Absent and null are the same: *out stays. */
static bool read_flag(const struct config *c, const char *key, bool *out) {
    const json_t *value = json_object_get(c->root, key);

    if (!value || json_is_null(value)) return true;
    if (!json_is_boolean(value)) return CONFIG_FAIL(c, "%s: true or false wanted", key);
    *out = json_is_true(value);
    return true;
}

static bool read_number(const struct config *c, const char *key, double *out) {
    const json_t *value = json_object_get(c->root, key);

    if (!value || json_is_null(value)) return true;
    if (!json_is_number(value)) return CONFIG_FAIL(c, "%s: a number wanted", key);
    *out = json_number_value(value);
    return true;
}

static bool is_side(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) > 0 && json_integer_value(value) <= SIDE_MAX;
}

/* One number for each colour; the limits are those of a battery's mean and std. */
static bool read_colours(const struct config *c, const char *key, double min, double out[3]) {
    const json_t *list = json_object_get(c->root, key);

    if (json_array_size(list) != 3) return CONFIG_FAIL(c, "%s: a list of three numbers wanted", key);
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_number(value)) return CONFIG_FAIL(c, "%s: a list of three numbers wanted", key);
        out[i] = json_number_value(value);
        if (!(out[i] >= min && out[i] <= VALUE_MAX))
            return CONFIG_FAIL(c, "%s: numbers from %g to %g wanted", key, min, VALUE_MAX);
    }
    return true;
}

static bool read_normalisation(const struct config *c, const char *mean, const char *std, struct preprocess *out) {
    return read_colours(c, mean, -VALUE_MAX, out->mean) && read_colours(c, std, 1e-9, out->std);
}

/* {height, width}: both the same. */
static bool read_square(const struct config *c, const char *key, const json_t *size, uint32_t *side) {
    const json_t *height = json_object_get(size, "height"), *width = json_object_get(size, "width");

    if (!is_side(height) || !is_side(width) || json_object_size(size) != 2)
        return CONFIG_FAIL(c, "%s: height and width wanted, up to %d", key, SIDE_MAX);
    if (!json_equal(height, width))
        return CONFIG_FAIL(c, "%s: %lld x %lld: a square wanted", key, (long long)json_integer_value(height),
                           (long long)json_integer_value(width));
    *side = (uint32_t)json_integer_value(height);
    return true;
}

/* ---- Hugging Face ---- */

/* What the processors do with `size`, `crop_size` and the rest, by the name without ImageProcessor or FeatureExtractor.
 * Of an unknown one it is not known: LeViT, for one, resizes to 256 / 224 of what the file says. */
/* A bare `size`: both sides, the shorter one; PLAIN has none. */
enum processor_kind { PROCESSOR_PLAIN, PROCESSOR_SQUARE, PROCESSOR_SHORTER, PROCESSOR_CONVNEXT };
static const struct {
    const char *name;
    enum processor_kind kind;
} processors[] = {
    {"ViT", PROCESSOR_SQUARE},          {"DeiT", PROCESSOR_SQUARE},       {"Beit", PROCESSOR_SQUARE},
    {"Siglip", PROCESSOR_SQUARE},       {"ViTHybrid", PROCESSOR_PLAIN},   {"CLIP", PROCESSOR_SHORTER},
    {"Bit", PROCESSOR_PLAIN},           {"MobileNetV1", PROCESSOR_PLAIN}, {"MobileNetV2", PROCESSOR_PLAIN},
    {"MobileViT", PROCESSOR_SHORTER},   {"Pvt", PROCESSOR_SQUARE},        {"EfficientFormer", PROCESSOR_PLAIN},
    {"EfficientNet", PROCESSOR_SQUARE}, {"ConvNext", PROCESSOR_CONVNEXT},
};

/* Keys that are read, and keys that change no pixel of one picture. */
static const char *const known_keys[] = {
    "do_resize",
    "size",
    "resample",
    "do_center_crop",
    "crop_size",
    "crop_pct",
    "do_rescale",
    "rescale_factor",
    "do_normalize",
    "image_mean",
    "image_std",
    "do_flip_channel_order",
    "image_processor_type",
    "feature_extractor_type",
    "processor_class",
    "_processor_class",
    "do_convert_rgb",
    "data_format",
    "input_data_format",
    "default_to_square",
    "return_tensors",
    "device",
    "_valid_processor_keys",
    "auto_map",
    "disable_grouping",
    "num_labels",
    "do_reduce_labels",
    "reduce_labels",
};

static bool check_keys(const struct config *c) {
    for (void *at = json_object_iter((json_t *)c->root); at; at = json_object_iter_next((json_t *)c->root, at)) {
        const char *key = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        bool known = json_is_null(value) || json_is_false(value); /* what is off changes nothing */
        for (size_t i = 0; !known && i < sizeof known_keys / sizeof *known_keys; i++)
            known = strcmp(key, known_keys[i]) == 0;
        if (!known)
            return CONFIG_FAIL(c, "'%s' is not known to assay, and may change the picture: write the preprocessing out",
                               excerpt_of(key).text);
    }
    return true;
}

static bool find_processor(const struct config *c, enum processor_kind *kind) {
    const json_t *value = json_object_get(c->root, "image_processor_type");
    const char *name = json_string_value(value ? value : json_object_get(c->root, "feature_extractor_type"));

    *kind = PROCESSOR_PLAIN;
    if (!name) return true;
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        size_t n = strlen(processors[i].name);
        const char *rest = name + n;
        if (strncmp(name, processors[i].name, n) != 0) continue;
        if (strncmp(rest, "ImageProcessor", 14) != 0 && strcmp(rest, "FeatureExtractor") != 0) continue;
        *kind = processors[i].kind;
        return true;
    }
    return CONFIG_FAIL(c, "image processor '%s' is not known to assay: write the preprocessing out",
                       excerpt_of(name).text);
}

/* PIL's numbers: 2 is bilinear, 3 bicubic. */
static bool read_resample(const struct config *c, struct preprocess *out) {
    double number = 2;

    if (!read_number(c, "resample", &number)) return false;
    if (number != 2 && number != 3) return CONFIG_FAIL(c, "resample: %g: 2 (bilinear) or 3 (bicubic) wanted", number);
    out->interpolation = number == 3 ? INTERPOLATION_BICUBIC : INTERPOLATION_BILINEAR;
    return true;
}

static bool read_size(const struct config *c, enum processor_kind kind, struct preprocess *out) {
    const json_t *size = json_object_get(c->root, "size"), *shortest = json_object_get(size, "shortest_edge");

    if (is_side(size) && kind != PROCESSOR_PLAIN) { /* as files before 2022 have it */
        out->resize = (uint32_t)json_integer_value(size);
        out->stretch = kind == PROCESSOR_SQUARE;
        return true;
    }
    if (is_side(shortest) && json_object_size(size) == 1) {
        out->resize = (uint32_t)json_integer_value(shortest);
        return true;
    }
    if (!json_is_object(size) || shortest)
        return CONFIG_FAIL(c, "size: a mapping with height and width, or with shortest_edge alone, wanted");
    out->stretch = true;
    return read_square(c, "size", size, &out->resize);
}

static bool read_crop(const struct config *c, struct preprocess *out) {
    const json_t *size = json_object_get(c->root, "crop_size");

    if (!is_side(size)) return read_square(c, "crop_size", size, &out->crop);
    out->crop = (uint32_t)json_integer_value(size);
    return true;
}

/* Below 384: the shorter side made size / crop_pct, and the centre cut out; else both sides made `size`. */
static bool fit_convnext(const struct config *c, struct preprocess *out) {
    double share = 224.0 / 256, size = out->resize;

    if (!read_number(c, "crop_pct", &share)) return false;
    if (!(share > 0 && share <= 1 && size / share <= SIDE_MAX))
        return CONFIG_FAIL(c, "crop_pct: %g: 0.1 to 1 wanted", share);
    out->stretch = out->resize >= 384;
    if (out->stretch) return true;
    out->crop = out->resize;
    out->resize = (uint32_t)(size / share);
    return true;
}

static bool read_huggingface(const struct config *c, struct preprocess *out) {
    enum processor_kind kind;
    bool resize = json_object_get(c->root, "size") != NULL, crop = json_object_get(c->root, "crop_size") != NULL;
    bool rescale = true, normalise = json_object_get(c->root, "image_mean") != NULL, flip = false;
    double factor = 1.0 / 255;

    if (!check_keys(c) || !find_processor(c, &kind) || !read_flag(c, "do_resize", &resize) ||
        !read_flag(c, "do_center_crop", &crop) || !read_flag(c, "do_rescale", &rescale) ||
        !read_flag(c, "do_normalize", &normalise) || !read_flag(c, "do_flip_channel_order", &flip) ||
        !read_number(c, "rescale_factor", &factor))
        return false;
    if (resize && (!read_resample(c, out) || !read_size(c, kind, out))) return false;
    if (resize && kind == PROCESSOR_CONVNEXT && !fit_convnext(c, out)) return false;
    if (crop && kind != PROCESSOR_CONVNEXT && !read_crop(c, out)) return false;
    if (kind != PROCESSOR_CONVNEXT && json_is_number(json_object_get(c->root, "crop_pct")))
        return CONFIG_FAIL(c, "crop_pct: of ConvNext alone it is known what that means: write the preprocessing out");
    if (rescale && !(factor >= 1e-9 && factor <= 1e9)) return CONFIG_FAIL(c, "rescale_factor: %g", factor);
    out->scale = rescale ? factor : 1;
    if (rescale && fabs(factor * 255 - 1) < 1e-9) out->scale = 1.0 / 255;
    out->order = flip ? ORDER_BGR : ORDER_RGB;
    return !normalise || read_normalisation(c, "image_mean", "image_std", out);
}

/* ---- timm ---- */

/* timm.data.create_transform: resize to floor(size / crop_pct), then cut the centre out. */
static bool read_timm(const struct config *c, struct preprocess *out) {
    const json_t *size = json_object_get(c->root, "input_size"), *side = json_array_get(size, 1);
    const char *how = json_string_value(json_object_get(c->root, "interpolation"));
    const char *mode = json_string_value(json_object_get(c->root, "crop_mode"));
    double share = .875;

    if (json_array_size(size) != 3 || json_integer_value(json_array_get(size, 0)) != 3 || !is_side(side) ||
        !json_equal(side, json_array_get(size, 2)))
        return CONFIG_FAIL(c, "input_size: [3, side, side] wanted");
    if (!read_number(c, "crop_pct", &share)) return false;
    out->crop = (uint32_t)json_integer_value(side);
    if (!(share > 0 && share <= 1 && out->crop / share <= SIDE_MAX))
        return CONFIG_FAIL(c, "crop_pct: %g: 0.1 to 1 wanted", share);
    out->resize = (uint32_t)floor(out->crop / share);
    if (!how || (strcmp(how, "bilinear") != 0 && strcmp(how, "bicubic") != 0))
        return CONFIG_FAIL(c, "interpolation: bilinear or bicubic wanted");
    out->interpolation = strcmp(how, "bicubic") == 0 ? INTERPOLATION_BICUBIC : INTERPOLATION_BILINEAR;
    if (mode && strcmp(mode, "center") != 0 && strcmp(mode, "squash") != 0)
        return CONFIG_FAIL(c, "crop_mode: '%s': center or squash wanted", excerpt_of(mode).text);
    out->stretch = mode && strcmp(mode, "squash") == 0;
    out->scale = 1.0 / 255;
    return read_normalisation(c, "mean", "std", out);
}

/* ---- Files ---- */

static bool read_file(const char *path, bool timm, struct preprocess *out, struct error *e) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    json_error_t why;

    if (!file_read(path, &bytes, &size, e)) return false;
    json_t *root = json_read((const char *)bytes, size, &why);
    free(bytes);
    if (!root && !why.text[0]) return error_memory(e);
    if (!root) return error_set(e, "%s:%d:%d: %s", path, why.line, why.column, why.text);
    const struct config c = {path, timm ? json_object_get(root, "pretrained_cfg") : root, e};
    bool ok = json_is_object(c.root);
    if (!ok) error_set(e, "%s: %s wanted", path, timm ? "pretrained_cfg, as timm writes it," : "a JSON object");
    *out = presets[0].preprocess;
    ok = ok && (timm ? read_timm(&c, out) : read_huggingface(&c, out));
    json_decref(root);
    return ok;
}

/* The folder of a file; of onnx/model.onnx the one above, where `up`. NULL: there is none, or no memory. */
static char *folder_of(const char *model, bool up) {
    const char *slash = strrchr(model, '/');
    char *folder = slash ? text_format("%.*s", (int)(slash - model), model) : text_copy(".");

    if (!folder || !up) return folder;
    char *last = strrchr(folder, '/');
    bool inner = strcmp(last ? last + 1 : folder, "onnx") == 0;
    char *above = !inner ? NULL : last ? text_format("%.*s", (int)(last - folder), folder) : text_copy(".");
    free(folder);
    return above;
}

/* The caller frees; NULL: there is none. */
static char *find_file(const char *model, bool *timm) {
    static const char *const names[] = {"preprocessor_config.json", "config.json"};

    for (int up = 0; up < 2; up++) {
        char *folder = folder_of(model, up);
        for (size_t i = 0; folder && i < 2; i++) {
            char *path = path_from(folder, names[i]);
            *timm = i == 1;
            if (path && file_exists(path)) {
                free(folder);
                return path;
            }
            free(path);
        }
        free(folder);
    }
    return NULL;
}

char *preprocess_auto_file(const char *model) {
    struct preprocess found;
    struct error unread;
    bool timm;
    char *file = find_file(model, &timm);

    if (!file || read_file(file, timm, &found, &unread) || !timm) return file;
    free(file); /* of many a network that says nothing of pictures */
    return NULL;
}

bool preprocess_auto(const char *model, struct preprocess *out, char **file, struct error *e) {
    bool timm;

    *file = find_file(model, &timm);
    if (*file) return read_file(*file, timm, out, e);
    return error_set(e,
                     "preprocess: auto: neither preprocessor_config.json nor timm's config.json beside %s: one of them "
                     "wanted, or the preprocessing written out",
                     model);
}
