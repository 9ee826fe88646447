/* Includes run downward only, as DESIGN.md draws them (Rooms). */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What the files below `from` may include, as beginnings of the text between the quotes; an empty one allows all. */
struct rule {
    const char *from;
    const char *may[16];
};

static const struct rule rules[] = {
    {"framework/base/", {"base/"}},
    {"framework/measure/", {"measure/", "base/"}},
    {"framework/nn/", {"nn/", "base/", "onnx.pb-c.h"}},
    {"framework/data/", {"data/", "base/"}},
    {"framework/workers/", {"workers/", "nn/", "base/"}},
    {"framework/store/", {"store/", "base/"}},
    {"framework/battery/", {"battery/", "data/", "nn/", "base/"}},
    {"framework/plan/", {"plan/", "battery/", "nn/", "base/"}},
    {"framework/host/", {"host/", "battery/", "workers/", "nn/", "base/", "explainers/explainer.h"}},
    {"framework/experiment/",
     {"experiment/", "plan/", "host/", "store/", "workers/", "battery/", "data/", "nn/", "measure/", "base/"}},
    {"framework/judge/",
     {"judge/", "experiment/", "plan/", "store/", "battery/", "measure/", "base/", "explainers/explainer.h"}},
    {"framework/run/",
     {"run/", "judge/", "experiment/", "host/", "plan/", "store/", "workers/", "battery/", "data/", "nn/", "measure/",
      "base/"}},
    {"controls/", {"controls/", "plan/", "battery/", "nn/", "base/", "explainers/explainer.h"}},
    {"reports/", {"reports/", "store/", "workers/", "measure/", "base/"}},
    {"explainers/", {"explainer.h", "kit.h"}},
    {"framework/cli/", {""}},
    {"framework/main.c", {""}},
};
#define RULES (sizeof rules / sizeof *rules)

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool may_include(const char *file, const char *include) {
    for (size_t i = 0; i < RULES; i++)
        if (starts_with(file, rules[i].from))
            for (size_t k = 0; rules[i].may[k]; k++)
                if (starts_with(include, rules[i].may[k]) && !strstr(include, "..")) return true;
    return false;
}

Test(include_rules, the_rules_themselves) {
    static const struct {
        const char *file, *include;
        bool may;
    } cases[] = {
        {"framework/base/npy.c", "base/file.h", true},
        {"framework/base/npy.c", "nn/graph.h", false},
        {"framework/data/idx.c", "nn/graph.h", false},
        {"framework/nn/ops/conv.c", "nn/op.h", true},
        {"framework/run/run.c", "reports/report.h", false},
        {"framework/run/run.c", "controls/controls.h", false},
        {"framework/experiment/state.c", "run/run.h", false},
        {"framework/judge/judge.c", "run/schedule.h", false},
        {"framework/host/plugin.c", "experiment/state.h", false},
        {"framework/workers/pool.c", "host/plugin.h", false},
        {"controls/cascading.c", "experiment/state.h", false},
        {"reports/html.c", "nn/graph.h", false},
        {"reports/html.c", "store/store.h", true},
        {"reports/html.c", "explainers/explainer.h", false},
        {"explainers/ig.c", "explainer.h", true},
        {"explainers/ig.c", "kit.h", true},
        {"explainers/ig.c", "base/rng.h", false},
        {"framework/cli/cmd_run.c", "reports/report.h", true},
        {"controls/cascading.c", "../reports/report.h", false},
        {"framework/elsewhere/x.c", "base/error.h", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(may_include(cases[i].file, cases[i].include), cases[i].may, "%s includes %s", cases[i].file,
                     cases[i].include);
}

static unsigned check_file(const char *path) {
    char line[512], include[256];
    unsigned number = 0, found = 0;
    FILE *in = fopen(path, "r");

    cr_assert_not_null(in, "%s", path);
    while (fgets(line, sizeof line, in)) {
        number++;
        if (sscanf(line, " # include \"%255[^\"]\"", include) != 1) continue;
        found++;
        cr_expect(may_include(path, include), "%s:%u: includes \"%s\", which its room may not", path, number, include);
    }
    fclose(in);
    return found;
}

static bool is_source(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".c") == 0 || strcmp(dot, ".h") == 0);
}

static unsigned check_folder(const char *folder) {
    unsigned found = 0;
    DIR *dir = opendir(folder);

    cr_assert_not_null(dir, "%s is missing: run tests from the project root", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[1024];
        struct stat info;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) != 0) continue;
        if (S_ISDIR(info.st_mode)) found += check_folder(path);
        else if (is_source(path)) found += check_file(path);
    }
    closedir(dir);
    return found;
}

Test(include_rules, every_room_keeps_to_them) {
    static const char *const folders[] = {"framework", "controls", "reports", "explainers"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        unsigned found = check_folder(folders[i]);
        cr_expect_gt(found, 0, "nothing was looked at in %s", folders[i]);
    }
}
