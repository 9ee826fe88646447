/* What exporters write beside a network, as declarations. */
#include "data/preprocess_auto.h"
#include "tests/unit/scratch.h"

TestSuite(preprocess_auto, .init = scratch_enter, .fini = scratch_leave);

#define MEAN "\"image_mean\": [0.485, 0.456, 0.406], \"image_std\": [0.229, 0.224, 0.225]"
#define IMAGENET "(x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]"
#define HALVES "\"image_mean\": [0.5, 0.5, 0.5], \"image_std\": [0.5, 0.5, 0.5]"
#define SIDES(n) "{\"height\": " #n ", \"width\": " #n "}"
#define TIMM(rest)                                                                                                     \
    "{\"architecture\": \"x\", \"pretrained_cfg\": {\"mean\": [0.485, 0.456, 0.406], "                                 \
    "\"std\": [0.229, 0.224, 0.225], \"num_classes\": 1000, " rest "}}"

static const struct {
    bool timm;
    const char *text, *words; /* of the declaration, or NULL */
    const char *message;
} cases[] = {
    /* google/vit-base-patch16-224, as of 2022 and after. */
    {false,
     "{\"do_normalize\": true, \"do_resize\": true, \"feature_extractor_type\": \"ViTFeatureExtractor\", " HALVES
     ", \"resample\": 2, \"size\": 224}",
     "resize 224 both sides bilinear, (x / 255 - 0.5) / 0.5", NULL},
    {false,
     "{\"do_normalize\": true, \"do_rescale\": true, \"do_resize\": true, \"image_processor_type\": "
     "\"ViTImageProcessorFast\", " HALVES
     ", \"resample\": 2, \"rescale_factor\": 0.00392156862745098, \"size\": " SIDES(224) "}",
     "resize 224 both sides bilinear, (x / 255 - 0.5) / 0.5", NULL},
    /* facebook/deit-base-patch16-224 */
    {false,
     "{\"crop_size\": 224, \"do_center_crop\": true, \"do_normalize\": true, \"do_resize\": true, "
     "\"feature_extractor_type\": \"DeiTFeatureExtractor\", " MEAN ", \"resample\": 3, \"size\": 256}",
     "resize 256 both sides bicubic, crop 224, " IMAGENET, NULL},
    /* facebook/dinov2-base */
    {false,
     "{\"crop_size\": " SIDES(
         224) ", \"do_center_crop\": true, \"do_convert_rgb\": true, \"do_normalize\": true, "
              "\"do_rescale\": true, \"do_resize\": true, \"image_processor_type\": \"BitImageProcessor\", " MEAN
              ", \"resample\": 3, \"rescale_factor\": 0.00392156862745098, \"size\": {\"shortest_edge\": 256}}",
     "resize 256 bicubic, crop 224, " IMAGENET, NULL},
    {false,
     "{\"feature_extractor_type\": \"CLIPFeatureExtractor\", \"crop_size\": 224, \"do_center_crop\": true, "
     "\"do_resize\": true, \"do_normalize\": true, \"resample\": 3, \"size\": 224, " MEAN "}",
     "resize 224 bicubic, crop 224, " IMAGENET, NULL},
    /* microsoft/resnet-50, facebook/convnext-base-384 */
    {false,
     "{\"crop_pct\": 0.875, \"do_normalize\": true, \"do_resize\": true, \"feature_extractor_type\": "
     "\"ConvNextFeatureExtractor\", " MEAN ", \"resample\": 3, \"size\": 224}",
     "resize 256 bicubic, crop 224, " IMAGENET, NULL},
    {false,
     "{\"crop_pct\": 1.0, \"do_resize\": true, \"image_processor_type\": \"ConvNextImageProcessor\", " MEAN
     ", \"resample\": 3, \"size\": {\"shortest_edge\": 384}}",
     "resize 384 both sides bicubic, " IMAGENET, NULL},
    /* apple/mobilevit-small: blue green red, not normalised */
    {false,
     "{\"crop_size\": " SIDES(
         256) ", \"do_center_crop\": true, \"do_flip_channel_order\": true, \"do_resize\": true, "
              "\"image_processor_type\": \"MobileViTImageProcessor\", \"resample\": 2, \"size\": {\"shortest_edge\": 288}}",
     "resize 288 bilinear, crop 256, channels blue green red, x / 255", NULL},
    {false, "{\"do_resize\": false, \"do_rescale\": false, \"do_normalize\": false, \"size\": 7, " MEAN "}",
     "values as they are", NULL},
    {false, "{\"do_resize\": false, \"do_pad\": false, \"do_thumbnail\": null, " HALVES "}", "(x / 255 - 0.5) / 0.5",
     NULL},
    /* What is not known. */
    {false, "{\"do_pad\": true, " HALVES "}", NULL,
     "preprocessor_config.json: 'do_pad' is not known to assay, and may change the picture: write the preprocessing out"},
    {false, "{\"image_processor_type\": \"LevitImageProcessor\", " HALVES "}", NULL,
     "preprocessor_config.json: image processor 'LevitImageProcessor' is not known to assay: write the preprocessing "
     "out"},
    {false, "{\"size\": {\"height\": 224, \"width\": 192}, \"resample\": 3}", NULL,
     "preprocessor_config.json: size: 224 x 192: a square wanted"},
    {false, "{\"size\": {\"shortest_edge\": 800, \"longest_edge\": 1333}, \"resample\": 3}", NULL,
     "preprocessor_config.json: size: a mapping with height and width, or with shortest_edge alone, wanted"},
    {false, "{\"size\": 224, \"resample\": 3}", NULL,
     "preprocessor_config.json: size: a mapping with height and width, or with shortest_edge alone, wanted"},
    {false, "{\"size\": " SIDES(224) ", \"resample\": 0}", NULL,
     "preprocessor_config.json: resample: 0: 2 (bilinear) or 3 (bicubic) wanted"},
    {false, "{\"do_normalize\": true}", NULL, "preprocessor_config.json: image_mean: a list of three numbers wanted"},
    {false, "{\"do_normalize\": \"yes\"}", NULL, "preprocessor_config.json: do_normalize: true or false wanted"},
    {false, "{\"image_mean\": [0, 0, 0], \"image_std\": [1, 0, 1]}", NULL,
     "preprocessor_config.json: image_std: numbers from 1e-09 to 1e+09 wanted"},
    {false, "{\"image_mean\": [0, -1e300, 0], \"image_std\": [1, 1, 1]}", NULL,
     "preprocessor_config.json: image_mean: numbers from -1e+09 to 1e+09 wanted"},
    {false, "{\"image_mean\": [0, 0, 0], \"image_std\": [1, 1, 1e300]}", NULL,
     "preprocessor_config.json: image_std: numbers from 1e-09 to 1e+09 wanted"},
    {false, "{\"crop_pct\": 500, \"image_processor_type\": \"ConvNextImageProcessor\", \"size\": 224}", NULL,
     "preprocessor_config.json: crop_pct: 500: 0.1 to 1 wanted"},
    {false, "{\"do_resize\": true}", NULL,
     "preprocessor_config.json: size: a mapping with height and width, or with shortest_edge alone, wanted"},
    {false, "[]", NULL, "preprocessor_config.json: a JSON object wanted"},
    {false, "{", NULL, "preprocessor_config.json:1:1: string or '}' expected near end of file"},
    /* timm */
    {true,
     TIMM("\"input_size\": [3, 224, 224], \"interpolation\": \"bicubic\", \"crop_pct\": 0.95, \"crop_mode\": "
          "\"center\""),
     "resize 235 bicubic, crop 224, " IMAGENET, NULL},
    {true, TIMM("\"input_size\": [3, 224, 224], \"interpolation\": \"bilinear\""),
     "resize 256 bilinear, crop 224, " IMAGENET, NULL},
    {true,
     TIMM(
         "\"input_size\": [3, 384, 384], \"interpolation\": \"bicubic\", \"crop_pct\": 1.0, \"crop_mode\": \"squash\""),
     "resize 384 both sides bicubic, crop 384, " IMAGENET, NULL},
    {true, TIMM("\"input_size\": [3, 224, 224], \"interpolation\": \"bicubic\", \"crop_mode\": \"border\""), NULL,
     "config.json: crop_mode: 'border': center or squash wanted"},
    {true, TIMM("\"input_size\": [3, 224, 192], \"interpolation\": \"bicubic\""), NULL,
     "config.json: input_size: [3, side, side] wanted"},
    {true, TIMM("\"input_size\": [3, 224, 224], \"interpolation\": \"random\""), NULL,
     "config.json: interpolation: bilinear or bicubic wanted"},
    {true, TIMM("\"input_size\": [3, 224, 224], \"interpolation\": \"bicubic\", \"crop_pct\": 225"), NULL,
     "config.json: crop_pct: 225: 0.1 to 1 wanted"},
    {true, "{\"model_type\": \"vit\"}", NULL, "config.json: pretrained_cfg, as timm writes it, wanted"},
};

Test(preprocess_auto, files) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cases[i].timm ? "config.json" : "preprocessor_config.json";
        struct preprocess p;
        struct error e = {""};
        struct text words = {0};
        char *file = NULL;
        scratch_put(name, cases[i].text, strlen(cases[i].text));
        bool ok = preprocess_auto("model.onnx", &p, &file, &e);
        if (ok) preprocess_text(&p, &words);
        cr_expect_eq(ok, cases[i].words != NULL, "case %zu: %s", i, ok ? words.data : e.text);
        if (ok && cases[i].words) cr_expect_str_eq(words.data, cases[i].words, "case %zu: %s", i, words.data);
        /* jansson says what it read differently from version to version; "./" is the folder */
        if (cases[i].message)
            cr_expect_str_eq(e.text + (strncmp(e.text, "./", 2) == 0 ? 2 : 0), cases[i].message, "case %zu: %s", i,
                             e.text);
        text_finish(&words);
        free(file);
        cr_assert_eq(remove(name), 0);
    }
}

/* Beside the model; above a folder `onnx`; the image processor before timm's. */
Test(preprocess_auto, places) {
    static const char vit[] = "{" HALVES "}";
    static const char timm[] = TIMM("\"input_size\": [3, 8, 8], \"interpolation\": \"bilinear\"");
    struct preprocess p;
    struct error e = {""};
    char *file = NULL;

    cr_assert_eq(system("mkdir -p m/onnx m/other"), 0);
    cr_expect_not(preprocess_auto("m/model.onnx", &p, &file, &e));
    cr_expect_str_eq(e.text, "preprocess: auto: neither preprocessor_config.json nor timm's config.json beside "
                             "m/model.onnx: one of them wanted, or the preprocessing written out");
    scratch_put("m/config.json", timm, sizeof timm - 1);
    cr_assert(preprocess_auto("m/model.onnx", &p, &file, &e), "%s", e.text);
    cr_expect_eq(p.crop, 8);
    cr_expect_str_eq(file, "m/config.json");
    free(file);
    scratch_put("m/preprocessor_config.json", vit, sizeof vit - 1);
    cr_assert(preprocess_auto("m/onnx/model.onnx", &p, &file, &e), "%s", e.text);
    cr_expect_eq(p.crop, 0);
    cr_expect_str_eq(file, "m/preprocessor_config.json");
    free(file);
    cr_expect_not(preprocess_auto("m/other/model.onnx", &p, &file, &e));
    cr_assert_eq(chdir("m"), 0);
    cr_assert(preprocess_auto("onnx/model.onnx", &p, &file, &e), "%s", e.text);
    free(file);
    cr_assert_eq(chdir(".."), 0);
}

/* Both sides, whatever their ratio. */
Test(preprocess_auto, stretch) {
    struct preprocess p = presets[0].preprocess;
    struct image image = {3, 30, 10, calloc(3, 300)};
    struct error e = {""};

    p.resize = 20;
    p.stretch = true;
    cr_assert(image.data && preprocess_image(&p, &image, &e), "%s", e.text);
    cr_expect(image.width == 20 && image.height == 20);
    image_finish(&image);
}

/* What nobody asked for is pointed out: not what says nothing of pictures. */
Test(preprocess_auto, what_lies_unread) {
    static const struct {
        const char *name, *text;
        bool found;
    } files[] = {
        {"preprocessor_config.json", "{\"do_resize\": 3}", true},
        {"config.json", TIMM("\"input_size\": [3, 8, 8], \"interpolation\": \"bilinear\""), true},
        {"config.json", "{\"architectures\": [\"BertModel\"]}", false},
        {"config.json", "no JSON", false},
    };
    cr_expect_null(preprocess_auto_file("model.onnx"));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        scratch_put(files[i].name, files[i].text, strlen(files[i].text));
        char *file = preprocess_auto_file("model.onnx");
        cr_expect_eq(file != NULL, files[i].found, "case %zu", i);
        if (file) cr_expect(strstr(file, files[i].name), "%s", file);
        free(file);
        unlink(files[i].name);
    }
}
