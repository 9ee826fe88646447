/* scaffold.c: `assay new`: the files of a template, with names filled in. */
#include "cli/scaffold.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_NAME "my-method.c" /* the template's source, which becomes NAME.c */

/* The running program where a Makefile can name it as it is, else `assay` from the search path. */
static void program_path(char *out, size_t size) {
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    if (n > 0 && (size_t)n < size - 1) {
        out[n] = 0;
        if (strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-") == (size_t)n) return;
    }
    snprintf(out, size, "assay");
}

/* In every file of the template @NAME@ stands for the plugin's name, @ASSAY@ for the program that writes them. */
static void fill_in(struct text *out, const char *text, size_t size, const char *name, const char *program) {
    const struct mark { const char *mark, *value; } marks[] = {{"@NAME@", name}, {"@ASSAY@", program}};
    size_t begin = 0, at = 0;
    while (at < size) {
        size_t length = 0;
        for (size_t i = 0; i < sizeof marks / sizeof *marks && !length; i++) {
            size_t n = strlen(marks[i].mark);
            if (n > size - at || memcmp(text + at, marks[i].mark, n) != 0) continue;
            text_append(out, text + begin, at - begin);
            text_add(out, "%s", marks[i].value);
            length = n;
        }
        at += length ? length : 1;
        if (length) begin = at;
    }
    text_append(out, text + begin, size - begin);
}

static char *file_path(const char *folder, const struct scaffold_file *file, const char *name) {
    return strcmp(file->name, SOURCE_NAME) == 0 ? text_format("%s/%s.c", folder, name)
                                                : text_format("%s/%s", folder, file->name);
}

static bool write_file(const char *folder, const struct scaffold_file *file, const char *name, const char *program,
                       struct error *e) {
    struct text text = {0};
    char *path = file_path(folder, file, name);
    fill_in(&text, (const char *)file->bytes, file->size, name, program);
    bool ok = path && !text.failed ? file_write(path, text.data, text.length, e) : error_memory(e);
    text_finish(&text);
    free(path);
    return ok;
}

/* Leaves nothing half-written behind. */
static void remove_all(const struct scaffold_file *files, const char *folder, const char *name) {
    for (const struct scaffold_file *file = files; file->name; file++) {
        char *path = file_path(folder, file, name);
        if (path) unlink(path);
        free(path);
    }
    rmdir(folder);
}

static bool check_name(const char *name, struct error *e) {
    size_t n = strlen(name);
    if (n == 0 || n > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n || name[0] == '-' ||
        name[n - 1] == '-') {
        return error_set(e,
                         "%s: wanted up to 64 lower-case letters, digits and hyphens between them, such as my-method",
                         n ? name : "(empty name)");
    }
    return true;
}

bool scaffold_create(const struct scaffold_file *files, const char *folder, const char *name, struct error *e) {
    char program[4096];
    if (!check_name(name, e)) return false;
    char *path = text_format("%s/%s", folder, name);
    if (!path) return error_memory(e);
    if (mkdir(path, 0777) != 0) {
        error_set(e, "%s: %s: wanted a new folder%s", path, strerror(errno),
                  errno == EEXIST ? " (choose another name, or remove the old one)" : " there");
        free(path);
        return false;
    }
    program_path(program, sizeof program);
    bool ok = true;
    for (const struct scaffold_file *file = files; ok && file->name; file++)
        ok = write_file(path, file, name, program, e);
    if (!ok) remove_all(files, path, name);
    free(path);
    return ok;
}
