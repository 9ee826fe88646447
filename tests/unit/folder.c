/* The sources of pictures: folder: and cifar10:. */
#include "data/dataset.h"
#include "data/source.h"
#include "tests/unit/scratch.h"

#include <sys/stat.h>

#define FOLDER "/tests/golden/image"
static char pictures[4096];

/* 32 x 32 pictures: red (254, 0, 0) as JPEG, green (0, 255, 0) as PNG; and one of 21 x 17. */
static void enter(void) {
    cr_assert_not_null(getcwd(pictures, sizeof pictures - sizeof FOLDER));
    strcat(pictures, FOLDER);
    scratch_enter();
    cr_assert_eq(mkdir("p", 0777), 0);
}

TestSuite(folder, .init = enter, .fini = scratch_leave);

static void put_picture(const char *from, const char *to) {
    char command[sizeof pictures + 64];
    snprintf(command, sizeof command, "cp '%s/%s' p/%s", pictures, from, to);
    cr_assert_eq(system(command), 0);
}

static void put_text(const char *name, const char *text) {
    scratch_put(name, text, strlen(text));
}

Test(folder, samples_in_the_order_of_the_list) {
    struct dataset *d;
    struct error e = {""};
    float x[3 * 32 * 32];

    put_picture("folder/green.png", "a.png");
    put_picture("folder/red.jpg", "b.JPG");
    put_text("p/labels.csv", "\xef\xbb\xbfnote,Class,file\r\nx,3,b.JPG\r\n\"y, z\",0,a.png\r\n");
    put_text("p/notes.txt", "no picture");
    cr_assert(dataset_load("folder:p", "unit", &d, &e), "%s", e.text);
    cr_expect_eq(d->count, 2);
    cr_expect_eq(d->classes, 4);
    cr_expect_eq(d->labels[0], 3);
    cr_expect_eq(d->labels[1], 0);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 32, 32}}));
    cr_assert(dataset_sample(d, 0, x, &e), "%s", e.text);
    cr_expect_gt(x[0], .98f);
    cr_expect_lt(x[1024], .02f);
    cr_assert(dataset_sample(d, 1, x, &e), "%s", e.text);
    cr_expect_eq(x[0], 0);
    cr_expect_eq(x[1024], 1);
    dataset_destroy(d);
}

Test(folder, words_are_classes) {
    struct dataset *d;
    struct error e = {""};

    put_picture("folder/green.png", "a.png");
    put_picture("folder/red.jpg", "b.jpg");
    put_text("p/labels.csv", "file,label\na.png,meadow\nb.jpg,fire\n");
    cr_assert(dataset_load("folder:p", "none", &d, &e), "%s", e.text);
    cr_expect_eq(d->classes, 2);
    cr_expect_eq(d->labels[0], 1);
    cr_expect_str_eq(d->class_names[0], "fire");
    dataset_destroy(d);
}

Test(folder, complaints) {
    static const struct {
        const char *labels, *message;
    } cases[] = {
        {"name,label\na.png,0\n", "p/labels.csv:1: no column 'file': one of that name wanted in the header"},
        {"file,kind\na.png,0\n", "p/labels.csv:1: no column 'label': one of that name wanted in the header"},
        {"file,label\n", "p/labels.csv: a header and at least one row wanted"},
        {"", "p/labels.csv: a header and at least one row wanted"},
        {"file,label\na.png,0\nb.jpg,1,2\n", "p/labels.csv:3: 3 fields: 2 wanted, as in the header"},
        {"file,label\na.png,0\n", "p/labels.csv: 'b.jpg' of the folder is missing: a row for every picture wanted"},
        {"file,label\na,0\nb.jpg,1\n",
         "p/labels.csv:2: 'a': names of files as they lie in the folder wanted, with the extension and without a path: "
         "'a.png'"},
        {"file,label\na.png,0\n./b.jpg,1\n",
         "p/labels.csv:3: './b.jpg': names of files as they lie in the folder wanted, with the extension and without a "
         "path: 'b.jpg'"},
        {"file,label\nb.jpg,0\nab,1\n",
         "p/labels.csv: 'a.png' of the folder is missing: a row for every picture wanted"},
        {"file,label\na.png,0\nb.jpg,1\na.png,0\n",
         "p/labels.csv:4: 'a.png' a second time: once wanted (first on line 2)"},
        {"file,label\na.png,0\n\nb.jpg,\n", "p/labels.csv:4: an empty field: the name of a file and a label wanted"},
        {"file,label\na.png,0\nb.jpg,1\nc.png,1\n",
         "p/labels.csv:4: p/c.png: No such file or directory: a readable file was wanted"},
        {"file,label\na.png,0\nb.jpg,65536\n",
         "p/labels.csv:3: column 'label': label 65536: a whole number from 0 to 65535, or text, wanted" SOURCE_REGRESSION_HINT},
        {"file,label\na.png,0\nb.jpg,-1\n",
         "p/labels.csv:3: column 'label': label -1: a whole number from 0 to 65535, or text, wanted (labels "
         "-1 and 1? write 0 and 1)"},
        {"file,label\na.png,0\nb.jpg,\"1\n", "p/labels.csv:3: a quote that is never closed"},
    };

    put_picture("folder/green.png", "a.png");
    put_picture("folder/red.jpg", "b.jpg");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        put_text("p/labels.csv", cases[i].labels);
        cr_expect_not(dataset_load("folder:p", "none", &d, &e), "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
    }
    struct dataset *d = NULL;
    struct error e = {""};
    cr_expect_not(dataset_load("folder:q", "none", &d, &e));
    cr_expect_str_eq(e.text, "q: No such file or directory: a folder of pictures wanted", "%s", e.text);
    cr_assert_eq(remove("p/labels.csv"), 0);
    cr_expect_not(dataset_load("folder:p", "none", &d, &e));
    cr_expect_str_eq(
        e.text,
        "p/labels.csv: No such file or directory: a list of the pictures wanted: a line 'file,label', then "
        "a row for each; or a folder for each class (labels are needed for the labels of samples)",
        "%s", e.text);
}

/* Of thousands of pictures few may be used: a damaged one matters when its sample is asked for. */
Test(folder, decodes_what_is_asked_for) {
    struct preprocess p = *preset_find("none", NULL);
    struct dataset *d = NULL;
    struct error e = {""};
    float x[3 * 32 * 32];

    put_picture("folder/green.png", "a.png");
    put_text("p/b.jpg", "random bytes");
    put_text("p/labels.csv", "file,label\nb.jpg,1\na.png,0\n");
    p.crop = 32;
    cr_assert(dataset_load_with("folder:p", &p, &d, &e), "%s", e.text);
    cr_expect(dataset_sample(d, 1, x, &e) && x[1024] == 255);
    cr_expect_not(dataset_sample(d, 0, x, &e));
    cr_expect_str_eq(e.text, "p/labels.csv:2: p/b.jpg: neither JPEG nor PNG by its first bytes: one of them wanted");
    dataset_destroy(d);
    cr_expect_not(dataset_load("folder:p", "none", &d, &e), "the first says which size all have");
}

/* Pictures of several sizes want resize and crop. */
Test(folder, sizes) {
    float x[3 * 32 * 32];
    struct preprocess p = *preset_find("none", NULL);
    struct dataset *d = NULL;
    struct error e = {""};

    put_picture("folder/green.png", "a.png");
    put_picture("grey.jpg", "b.jpg");
    put_text("p/labels.csv", "file,label\na.png,0\nb.jpg,1\n");
    cr_assert(dataset_load("folder:p", "none", &d, &e), "%s", e.text);
    cr_expect(dataset_sample(d, 0, x, &e));
    cr_expect_not(dataset_sample(d, 1, x, &e));
    cr_expect_str_eq(e.text,
                     "p/labels.csv:3: p/b.jpg: 21 x 17 pixels: 32 x 32 wanted, as the first has (or "
                     "preprocessing with resize and crop)",
                     "%s", e.text);
    dataset_destroy(d);
    p.crop = 18; /* black above and below b.jpg */
    cr_assert(dataset_load_with("folder:p", &p, &d, &e), "%s", e.text);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 18, 18}}));
    cr_assert(dataset_sample(d, 1, x, &e), "%s", e.text);
    cr_expect(x[0] != 0 && x[17 * 18] == 0, "the row that is missing is the last");
    dataset_destroy(d);
}

#define RECORD 3073
static uint8_t records[2 * RECORD];

static void fill_records(void) {
    for (size_t i = 0; i < sizeof records; i++) records[i] = (uint8_t)(i % 251);
    records[0] = 9;
    records[RECORD] = 0;
}

Test(folder, cifar10) {
    struct dataset *d;
    struct error e = {""};
    static float x[3 * 32 * 32];

    fill_records();
    scratch_put("one", records, RECORD);
    scratch_put("two", records, 2 * RECORD);
    cr_assert(dataset_load("cifar10:one,two", "none", &d, &e), "%s", e.text);
    cr_expect_eq(d->count, 3);
    cr_expect_eq(d->classes, 10);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 32, 32}}));
    cr_expect(d->labels[0] == 9 && d->labels[1] == 9 && d->labels[2] == 0);
    cr_assert(dataset_sample(d, 2, x, &e), "%s", e.text);
    cr_expect_eq(x[0], records[RECORD + 1]);
    cr_expect_eq(x[3071], records[RECORD + 3072]);
    dataset_destroy(d);

    struct preprocess p = {.resize = 40, .crop = 36, .scale = 1, .std = {1, 1, 1}};
    cr_assert(dataset_load_with("cifar10:one,two", &p, &d, &e), "%s", e.text);
    cr_expect(shape_equal(&d->sample, &(struct shape){3, {3, 36, 36}}));
    dataset_destroy(d);
}

Test(folder, cifar10_complaints) {
    struct dataset *d = NULL;
    struct error e = {""};

    fill_records();
    scratch_put("cut", records, 2 * RECORD - 1);
    cr_expect_not(dataset_load("cifar10:cut", "none", &d, &e));
    cr_expect_str_eq(e.text, "cut: 6145 bytes: records of 3073 bytes wanted (CIFAR-10, binary version)");
    records[RECORD] = 10;
    scratch_put("wild", records, 2 * RECORD);
    cr_expect_not(dataset_load("cifar10:wild", "none", &d, &e));
    cr_expect_str_eq(e.text, "wild: byte 3073: label 10: 0 to 9 wanted (is this the binary version of CIFAR-10?)");
    scratch_put("empty", "", 0);
    cr_expect_not(dataset_load("cifar10:empty", "none", &d, &e));
}

Test(folder, resize_wants_pictures) {
    struct dataset *d = NULL;
    struct error e = {""};

    put_text("t.csv", "a,b,label\n1,2,0\n3,4,1\n");
    cr_expect_not(dataset_load("csv:t.csv", "torchvision", &d, &e));
    cr_expect_str_eq(e.text,
                     "csv:t.csv: samples of shape 2: pictures of 8 bits wanted by preprocessing with channels, "
                     "resize or crop",
                     "%s", e.text);
    cr_expect_not(dataset_load("csv:t.csv", "imagenet-mean-std", &d, &e));
    cr_expect_str_eq(e.text, "csv:t.csv: samples of shape 2: three channels wanted by the preprocessing");
}

/* ---- Without a list ---- */

static bool load_for(const char *labels_for, const struct class_names *names, struct dataset **d, struct error *e) {
    struct preprocess p = *preset_find("none", NULL);
    const struct dataset_request request = {.preprocess = &p, .names = names, .labels_for = labels_for};
    p.crop = 32;
    return dataset_load_for("folder:p", &request, d, e);
}

Test(folder, pictures_without_labels) {
    struct dataset *d = NULL;
    struct error e = {""};
    float x[3 * 32 * 32];

    put_picture("folder/red.jpg", "b.jpg");
    put_picture("folder/green.png", "a.png");
    put_picture("folder/green.png", ".hidden.png");
    put_text("p/notes.txt", "no picture");
    cr_assert(load_for(NULL, NULL, &d, &e), "%s", e.text);
    cr_expect(d->unlabelled && d->count == 2 && d->classes == 0);
    cr_expect_eq(d->labels[0], DATASET_NO_LABEL);
    cr_expect(dataset_check_labels(d, "p", 2, &e), "%s", e.text);
    cr_assert(dataset_sample(d, 0, x, &e), "%s", e.text);
    cr_expect_eq(x[1024], 255, "a.png is the first");
    dataset_destroy(d);
    cr_expect_not(load_for("this", NULL, &d, &e));
    cr_expect_not_null(strstr(e.text, "(labels are needed for this)"), "%s", e.text);
}

/* What is put where, and which labels come of it; pictures in the order of folders and names. */
Test(folder, a_folder_for_each_class) {
    struct class_names names = {0};
    struct dataset *d = NULL;
    struct error e = {""};

    cr_assert_eq(system("mkdir -p p/meadow/deep p/fire p/.git p/sea"), 0);
    put_picture("folder/green.png", "meadow/b.png");
    put_picture("folder/green.png", "meadow/deep/a.PNG");
    put_picture("folder/red.jpg", "fire/z.jpg");
    put_picture("folder/red.jpg", "fire/._z.jpg");
    put_picture("folder/red.jpg", ".git/x.jpg");
    cr_assert(load_for("this", NULL, &d, &e), "%s", e.text);
    cr_assert_eq(d->count, 3);
    cr_expect_eq(d->classes, 3, "an empty folder is a class");
    cr_expect(d->labels[0] == 0 && d->labels[1] == 1 && d->labels[2] == 1);
    cr_expect_str_eq(d->class_names[2], "sea");
    cr_expect_str_eq(d->files[1].path, "p/meadow/b.png");
    cr_expect_str_eq(d->files[2].path, "p/meadow/deep/a.PNG");
    cr_expect_str_eq(d->notes.data,
                     "p/sea: a class without pictures\nfolder:p: labels in words, taken for classes in sorted "
                     "order: 0 is 'fire', 1 is 'meadow', 2 is 'sea' (class-names says another)\n");
    dataset_destroy(d);

    put_text("n.csv", "name\nsea\nmeadow\nfire\n");
    cr_assert(class_names_load("n.csv", &names, &e), "%s", e.text);
    cr_assert(load_for("this", &names, &d, &e), "%s", e.text);
    cr_expect(d->labels[0] == 2 && d->labels[1] == 1 && !d->class_names);
    dataset_destroy(d);
    cr_assert_eq(rename("p/fire", "p/Fire"), 0);
    cr_expect_not(load_for("this", &names, &d, &e));
    cr_expect_str_eq(e.text, "p: folder 'Fire': no name of a class in n.csv: did you mean 'fire'?", "%s", e.text);
    class_names_finish(&names);
}

Test(folder, class_folders_that_are_refused) {
    static const struct {
        const char *commands, *message;
    } cases[] = {
        {"mkdir p/a p/b", "p: no pictures (.jpg, .jpeg, .png): at least one wanted"},
        {"true", "p: no pictures (.jpg, .jpeg, .png): at least one wanted"},
        {"mkdir p/a; touch p/x.png",
         "p: 'x.png' lies beside the folder 'a': folders of classes alone, pictures alone, or a list labels.csv wanted"},
        {"mkdir p/2 p/10 p/1; touch p/2/x.png",
         "p: folder '1': class 1 by its name, or 0 in the order of names, as ImageFolder has it? give class-names, a CSV "
         "file with a column name, that names the folders"},
        {"mkdir p/cat p/3; touch p/cat/x.png",
         "p: folder 'cat': a word among numbers: words alone or numbers alone wanted"},
        {"mkdir p/cat p/Cat; touch p/cat/x.png", "p: folder 'cat': there is 'Cat', too: one spelling wanted"},
        {"mkdir p/a; ln -s . p/a/b; touch p/a/x.png", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dataset *d = NULL;
        struct error e = {""};
        cr_assert_eq(system(cases[i].commands), 0);
        cr_expect_not(load_for("this", NULL, &d, &e), "case %zu", i);
        if (cases[i].message) cr_expect_str_eq(e.text, cases[i].message, "%s", e.text);
        else cr_expect_not_null(strstr(e.text, "more than 8 folders in each other"), "%s", e.text);
        cr_assert_eq(system("rm -rf p; mkdir p"), 0);
    }
}

/* 0, 1, 2 are classes in either reading. */
Test(folder, class_folders_that_are_numbers) {
    struct dataset *d = NULL;
    struct error e = {""};

    cr_assert_eq(system("mkdir p/0 p/1; touch p/0/x.png p/1/x.png"), 0);
    cr_assert(load_for("this", NULL, &d, &e), "%s", e.text);
    cr_expect(d->labels[0] == 0 && d->labels[1] == 1 && !d->class_names);
    dataset_destroy(d);
    /* Others may be either, whatever the classes are called; where they are called so, it is clear. */
    struct class_names names = {0};
    cr_assert_eq(system("mv p/0 p/2"), 0);
    put_text("n.csv", "name\ncat\ndog\nfox\n");
    cr_assert(class_names_load("n.csv", &names, &e), "%s", e.text);
    cr_expect_not(load_for("this", &names, &d, &e));
    class_names_finish(&names);
    put_text("n.csv", "name\n0\n1\n2\n");
    cr_assert(class_names_load("n.csv", &names, &e), "%s", e.text);
    cr_assert(load_for("this", &names, &d, &e), "%s", e.text);
    cr_expect(d->labels[0] == 1 && d->labels[1] == 2);
    dataset_destroy(d);
    class_names_finish(&names);
}

/* One channel, as the network takes it or as preprocessing says. */
Test(folder, grey) {
    struct preprocess p = *preset_find("none", NULL);
    struct dataset_request request = {.preprocess = &p, .channels = 1};
    struct dataset *d = NULL;
    struct error e = {""};
    float x[32 * 32];

    put_picture("folder/green.png", "a.png");
    for (int declared = 0; declared < 2; declared++) {
        p.channels = (uint32_t)declared;
        request.channels = !declared;
        cr_assert(dataset_load_for("folder:p", &request, &d, &e), "%s", e.text);
        cr_expect(shape_equal(&d->sample, &(struct shape){3, {1, 32, 32}}));
        cr_assert(dataset_sample(d, 0, x, &e), "%s", e.text);
        cr_expect_eq(x[0], 150);
        cr_expect_eq(!d->notes.data, declared, "what was not asked for is said");
        dataset_destroy(d);
    }
}

/* A picture that is another one when it is wanted is not what was listed. */
Test(folder, a_changed_picture_is_refused) {
    struct dataset *d;
    struct error e = {""};
    float x[3 * 32 * 32];

    put_picture("folder/green.png", "a.png");
    put_picture("folder/red.jpg", "b.jpg");
    put_text("p/labels.csv", "file,label\na.png,0\nb.jpg,1\n");
    cr_assert(dataset_load("folder:p", "unit", &d, &e), "%s", e.text);
    put_picture("folder/blue.png", "a.png");
    cr_expect_not(dataset_sample(d, 0, x, &e));
    cr_expect_str_eq(e.text, "p/labels.csv:2: p/a.png: changed since it was read first: a file that stays as it is "
                             "wanted (start again once nothing writes to it)");
    cr_expect(dataset_sample(d, 1, x, &e), "%s", e.text);
    dataset_destroy(d);
}
