/* Includes run downward only, as the table in DESIGN.md says (Rooms), and between files never in a circle. */
#include "base/name_table.h"
#include "base/text.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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
     {"judge/", "experiment/view.h", "experiment/reduce.h", "plan/", "store/", "battery/", "measure/", "base/",
      "explainers/explainer.h"}},
    {"framework/run/",
     {"run/", "judge/", "experiment/", "host/", "plan/", "store/", "workers/", "battery/", "data/", "nn/", "measure/",
      "base/"}},
    {"controls/",
     {"controls/", "plan/", "judge/rules.h", "battery/", "nn/", "measure/", "base/", "explainers/explainer.h"}},
    {"reports/", {"reports/", "store/", "workers/", "measure/", "base/"}},
    {"explainers/",
     {"explainer.h", "kit.h", "cam.h", "noise.h", "propagation.h", "kit_features.h", "kit_scores.h", "kit_solve.h",
      "kit_attention.h", "kit_background.h"}},
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
        {"framework/judge/judge.c", "experiment/state.h", false},
        {"controls/cascading.c", "judge/judge.h", false},
        {"framework/host/plugin.c", "experiment/state.h", false},
        {"framework/workers/pool_run.c", "host/plugin.h", false},
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

/* Whether what stands before the bar is the rule's folder, and how often a text stands in the row behind it. */
static bool is_row_of(const char *line, const struct rule *rule) {
    char *first = text_format("`%s`", rule->from);
    const char *bar = line[0] == '|' ? strchr(line + 1, '|') : NULL, *found = bar ? strstr(line, first) : NULL;
    free(first);
    return found && found < bar;
}

static unsigned count_quoted(const char *row, const char *text) {
    unsigned count = 0;
    char *quoted = text_format("`%s`", text);
    for (const char *at = row; (at = strstr(at, quoted)); at++) count++;
    free(quoted);
    return count;
}

static void compare_row(const char *line, const struct rule *rule) {
    const char *row = strchr(line + 1, '|'),
               *own = strncmp(rule->from, "framework/", 10) == 0 ? rule->from + 10 : rule->from;
    unsigned quotes = 0, wanted = 0;
    if (!rule->may[0][0]) {
        cr_expect(strstr(row, "everything"), "%s", line);
        return;
    }
    for (size_t k = 0; rule->may[k]; k++) {
        if (strcmp(rule->may[k], own) == 0) continue;
        wanted++;
        cr_expect_eq(count_quoted(row, rule->may[k]), 1, "DESIGN.md: %s may include %s", rule->from, rule->may[k]);
    }
    for (const char *at = row; *at; at++) quotes += *at == '`';
    cr_expect_eq(quotes, 2 * wanted, "DESIGN.md: %s: %u names, wanted %u", rule->from, quotes / 2, wanted);
}

Test(include_rules, are_those_of_the_design) {
    char line[1024];
    unsigned rows[RULES] = {0};
    FILE *in = fopen("DESIGN.md", "r");
    cr_assert_not_null(in, "DESIGN.md is missing: run tests from the project root");
    while (fgets(line, sizeof line, in))
        for (size_t i = 0; i < RULES; i++) {
            if (!is_row_of(line, &rules[i])) continue;
            rows[i]++;
            compare_row(line, &rules[i]);
        }
    fclose(in);
    for (size_t i = 0; i < RULES; i++) cr_expect_eq(rows[i], 1, "DESIGN.md: %u rows for %s", rows[i], rules[i].from);
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

/* ---- Circles: x.c and x.h are one file here ---- */

#define MOST_FILES 1024u
#define MOST_INCLUDES 64u

struct file {
    char *name; /* without .c or .h */
    uint32_t includes[MOST_INCLUDES], count;
    uint32_t back; /* in a walk: the file it came from, + 1 */
    int colour;    /* 0: not seen, 1: on the way, 2: left */
};

struct files {
    struct name_table index; /* + 1 */
    struct file *all;
    uint32_t count;
};

static void collect(struct files *f, const char *folder) {
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir, "%s", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat info;
        char *path = entry->d_name[0] == '.' ? NULL : text_format("%s/%s", folder, entry->d_name);
        if (path && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) collect(f, path);
        else if (path && is_source(path)) {
            path[strlen(path) - 2] = '\0';
            uint32_t *index = name_table_at(&f->index, path);
            cr_assert_not_null(index);
            cr_assert_lt(f->count, MOST_FILES);
            if (*index == 0) {
                f->all[f->count++].name = path;
                *index = f->count;
                path = NULL;
            }
        }
        free(path);
    }
    closedir(dir);
}

/* The file that `include` in `from` names: from the roots of -I, or beside it. */
static uint32_t *find_include(const struct files *f, const char *from, const char *include) {
    const int folder = (int)(strrchr(from, '/') - from);
    char *paths[] = {text_format("framework/%s", include), text_copy(include),
                     text_format("%.*s/%s", folder, from, include)};
    uint32_t *found = NULL;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (!found && is_source(paths[i])) {
            paths[i][strlen(paths[i]) - 2] = '\0';
            found = name_table_find(&f->index, paths[i]);
        }
        free(paths[i]);
    }
    return found;
}

static void read_includes(const struct files *f, uint32_t at, const char *ending) {
    char line[512], include[256], *path = text_format("%s%s", f->all[at].name, ending);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in)) {
        if (sscanf(line, " # include \"%255[^\"]\"", include) != 1) continue;
        const uint32_t *index = find_include(f, f->all[at].name, include);
        if (!index || *index - 1 == at) continue;
        cr_assert_lt(f->all[at].count, MOST_INCLUDES);
        f->all[at].includes[f->all[at].count++] = *index - 1;
    }
    if (in) fclose(in);
    free(path);
}

/* `at` includes `first`, from which the walk came to it. */
static void complain(const struct files *f, uint32_t at, uint32_t first) {
    struct text circle = {0};
    for (uint32_t i = at; i != first; i = f->all[i].back - 1) text_add(&circle, "%s, included by ", f->all[i].name);
    cr_expect(false, "includes in a circle: %s%s, included by %s", circle.data, f->all[first].name, f->all[at].name);
    text_finish(&circle);
}

static void walk(const struct files *f, uint32_t at) {
    f->all[at].colour = 1;
    for (uint32_t i = 0; i < f->all[at].count; i++) {
        uint32_t next = f->all[at].includes[i];
        if (f->all[next].colour == 1) complain(f, at, next);
        if (f->all[next].colour != 0) continue;
        f->all[next].back = at + 1;
        walk(f, next);
    }
    f->all[at].colour = 2;
}

Test(include_rules, no_files_include_each_other) {
    static const char *const folders[] = {"framework", "controls", "reports", "explainers"};
    static struct file all[MOST_FILES];
    struct files f = {.all = all};
    uint32_t arrows = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) collect(&f, folders[i]);
    for (uint32_t i = 0; i < f.count; i++) {
        read_includes(&f, i, ".c");
        read_includes(&f, i, ".h");
        arrows += all[i].count;
    }
    cr_expect_gt(arrows, f.count, "%u includes in %u files", arrows, f.count);
    for (uint32_t i = 0; i < f.count; i++)
        if (all[i].colour == 0) walk(&f, i);
    for (uint32_t i = 0; i < f.count; i++) free(all[i].name);
    name_table_finish(&f.index);
}
