/* Data sources by their names, samples in order, labels against the number of classes. */
#include "base/text.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/source_kind.h"
#include "tests/unit/scratch.h"

TestSuite(dataset, .init = scratch_enter, .fini = scratch_leave);

/* Every byte, under every preset for one channel. "unit" is the correctly rounded quotient, as torchvision's ToTensor
 * computes it. */
Test(dataset, presets) {
    static const uint8_t label[] = {0, 0, 8, 1, 0, 0, 0, 1, 2};
    uint8_t image[16 + 256] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 16};
    float out[256];

    for (unsigned i = 0; i < 256; i++) image[16 + i] = (uint8_t)i;
    scratch_put("x", image, sizeof image);
    scratch_put("y", label, sizeof label);
    static const char *const plain[] = {"none", "raw255", "unit"};
    for (size_t k = 0; k < sizeof plain / sizeof *plain; k++) {
        struct dataset *d;
        struct error e;
        bool unit = strcmp(plain[k], "unit") == 0;
        cr_assert(dataset_load("idx:x,y", plain[k], &d, &e), "%s", e.text);
        cr_assert(dataset_sample(d, 0, out, &e), "%s", e.text);
        for (unsigned i = 0; i < 256; i++)
            cr_expect_eq(out[i], unit ? (float)i / 255.f : (float)i, "%s %u", plain[k], i);
        dataset_destroy(d);
    }
}

Test(dataset, samples_in_order) {
    static const char text[] = "a,b,label\n1,2,0\n3,4,1\n255,51,0\n";
    struct dataset *d;
    struct error e;
    float out[2];

    scratch_put("t,1.csv", text, sizeof text - 1);
    cr_assert(dataset_load("csv:t,1.csv", "unit", &d, &e), "%s", e.text);
    cr_assert(dataset_sample(d, 2, out, &e), "%s", e.text);
    cr_expect_eq(out[0], 1);
    cr_expect_eq(out[1], .2f);
    dataset_destroy(d);
    cr_assert(dataset_load("csv:t,1.csv,label=b", "none", &d, &e), "%s", e.text);
    cr_expect_eq(d->classes, 52);
    cr_assert(dataset_sample(d, 1, out, &e), "%s", e.text);
    cr_expect_eq(out[0], 3);
    cr_expect_eq(out[1], 1);
    dataset_destroy(d);
}

/* Of values, bytes and targets: what is kept is as it was, in the order asked for, and may come twice. */
Test(dataset, keeps_some) {
    static const char text[] = "a,b,c,d\n1,2,0,.5\n3,4,1,1.5\n5,6,2,2.5\n7,8,3,3.5\n";
    static const uint8_t images[] = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 10, 11, 20, 21, 30, 31},
                         label[] = {0, 0, 8, 1, 0, 0, 0, 3, 4, 5, 6};
    struct dataset_request request = {.preprocess = preset_find("none", NULL), .labels_for = "a test"};
    struct dataset *d;
    struct error e;
    float out[2];

    scratch_put("t.csv", text, sizeof text - 1);
    scratch_put("x", images, sizeof images);
    scratch_put("y", label, sizeof label);
    cr_assert(dataset_load("idx:x,y", "none", &d, &e), "%s", e.text);
    cr_assert(dataset_keep(d, (const uint32_t[]){2, 0, 2}, 3, &e), "%s", e.text);
    cr_assert(d->count == 3 && d->labels[0] == 6 && d->labels[1] == 4 && d->labels[2] == 6);
    cr_assert(dataset_sample(d, 1, out, &e) && out[0] == 10 && out[1] == 11);
    cr_assert(dataset_sample(d, 2, out, &e) && out[0] == 30 && out[1] == 31);
    dataset_destroy(d);
    request.labels_as = LABELS_VALUES;
    cr_assert(dataset_load_for("csv:t.csv,label=c,label=d", &request, &d, &e), "%s", e.text);
    cr_assert(dataset_keep(d, (const uint32_t[]){3, 1}, 2, &e), "%s", e.text);
    cr_assert(dataset_sample(d, 0, out, &e) && out[0] == 7 && out[1] == 8);
    cr_assert(d->count == 2 && d->targets[0] == 3 && d->targets[1] == 3.5f && d->targets[3] == 1.5f);
    dataset_destroy(d);
}

Test(dataset, bad_sources) {
    static const struct {
        const char *source, *preset, *message;
    } cases[] = {
        {"data.csv", "none", "data source 'data.csv': " SOURCE_FORMS " wanted"},
        {"", "none", "data source '': " SOURCE_FORMS " wanted"},
        {"idx", "none", "data source 'idx': " SOURCE_FORMS " wanted"},
        {"cvs:a", "none", "data source 'cvs:a': unknown kind 'cvs': did you mean 'csv'?"},
        {"parquet:a", "none", "data source 'parquet:a': unknown kind 'parquet': " SOURCE_FORMS " wanted"},
        {"idx:a", "none", "data source 'idx:a': two paths with one comma between them wanted: idx:IMAGES,LABELS"},
        {"idx:a,", "none", "data source 'idx:a,': two paths with one comma between them wanted: idx:IMAGES,LABELS"},
        {"idx:,a", "none", "data source 'idx:,a': two paths with one comma between them wanted: idx:IMAGES,LABELS"},
        {"idx:a,b,c", "none",
         "data source 'idx:a,b,c': two paths with one comma between them wanted: idx:IMAGES,LABELS"},
        {"csv:", "none", "data source 'csv:': csv:FILE[,label=COLUMN][,ignore=COLUMN] wanted"},
        {"csv:a,label=", "none", "data source 'csv:a,label=': csv:FILE[,label=COLUMN][,ignore=COLUMN] wanted"},
        {"csv:a,lable=b", "none",
         "data source 'csv:a,lable=b': unknown option 'lable=b': label=COLUMN or ignore=COLUMN wanted"},
        {"folder:", "none", "data source 'folder:': folder:DIR wanted"},
        {"cifar10:", "none",
         "data source 'cifar10:': up to 16 paths with commas between them wanted: cifar10:FILE[,FILE...]"},
        {"cifar10:a,,b", "none",
         "data source 'cifar10:a,,b': up to 16 paths with commas between them wanted: cifar10:FILE[,FILE...]"},
        {"cifar:a", "none", "data source 'cifar:a': unknown kind 'cifar': did you mean 'cifar10'?"},
        {"idx:a,b", "units", "unknown preprocessing 'units': did you mean 'unit'?"},
        {"idx:a,b", "imagenet", "unknown preprocessing 'imagenet': did you mean 'imagenet-mean-std'?"},
        {"idx:a,b", "imaginary",
         "unknown preprocessing 'imaginary': none, raw255, unit, imagenet-mean-std, torchvision, resnet34-dlib or caffe "
         "wanted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        cr_expect_not(dataset_load(cases[i].source, cases[i].preset, &d, &e), "%s", cases[i].source);
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
        cr_expect_null(d);
    }
}

Test(dataset, resolve) {
    static const struct {
        const char *source, *folder, *resolved;
    } cases[] = {
        {"idx:a,b", "f", "idx:f/a,f/b"},     {"idx:/a,../b", "f/g", "idx:/a,f/g/../b"},
        {"idx:a,b", ".", "idx:a,b"},         {"idx:a,b", "/", "idx:/a,/b"},
        {"folder:a,b", "f", "folder:f/a,b"}, {"cifar10:a,/b,c", "f", "cifar10:f/a,/b,f/c"},
        {"csv:t.csv", "f", "csv:f/t.csv"},   {"csv:x,y.csv,label=a,b", "f", "csv:f/x,y.csv,label=a,b"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = NULL;
        struct error e;
        cr_assert(source_resolve(cases[i].source, cases[i].folder, &out, &e), "%s", e.text);
        cr_expect_str_eq(out, cases[i].resolved, "%s", out);
        free(out);
    }
    char *out = NULL;
    struct error e;
    cr_expect_not(source_resolve("idx:a", "f", &out, &e));
    cr_expect_not(source_resolve("none:a", "f", &out, &e));
    cr_expect_null(out);
}

Test(dataset, labels_against_a_model) {
    static const char text[] = "a,label\n1,0\n3,4\n255,3\n";
    struct dataset *d;
    struct error e = {""};

    scratch_put("t.csv", text, sizeof text - 1);
    cr_assert(dataset_load("csv:t.csv", "none", &d, &e), "%s", e.text);
    cr_expect(dataset_check_labels(d, "csv:t.csv", 5, &e));
    cr_expect_not(dataset_check_labels(d, "csv:t.csv", 4, &e));
    cr_expect_str_eq(e.text, "csv:t.csv: sample 1 has label 4: a label below the model's 4 outputs wanted");
    dataset_destroy(d);
}
