/* common.c: what several commands ask of paths and words. */
#include "cli/cli.h"
#include "base/terminal.h"
#include "base/text.h"
#include "reports/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_has_extension(const char *path, const char *extension) {
    size_t n = strlen(path), m = strlen(extension);
    return n > m && strcmp(path + n - m, extension) == 0;
}

const char *const cli_colour_names[] = {"auto", "always", "never", NULL};

bool cli_colour(const struct cli_value *when) {
    const char *plain = getenv("NO_COLOR"); /* https://no-color.org */
    if (strcmp(when->text, "auto") != 0) return strcmp(when->text, "always") == 0;
    return isatty(STDOUT_FILENO) && !(plain && *plain);
}

#define LEAST_WIDTH 60u
#define MOST_WIDTH 140u

size_t cli_width(void) {
    unsigned columns = terminal_columns(STDOUT_FILENO);
    return !columns ? REPORT_WIDTH : columns < LEAST_WIDTH ? LEAST_WIDTH : columns > MOST_WIDTH ? MOST_WIDTH : columns;
}

bool cli_writable(const char *path, struct error *e) {
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(e, "%s: not a regular file: the name of a file to write wanted", path);
    char *folder = text_copy(path);
    if (!folder) return error_memory(e);
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    const char *shown = slash ? folder : ".";
    bool ok = true;
    if (stat(shown, &status) != 0) ok = error_set(e, "%s: cannot be written: %s: %s", path, shown, strerror(errno));
    else if (!S_ISDIR(status.st_mode)) ok = error_set(e, "%s: cannot be written: %s is not a folder", path, shown);
    else if (access(shown, W_OK | X_OK) != 0)
        ok = error_set(e, "%s: cannot be written: %s: %s", path, shown, strerror(errno));
    free(folder);
    return ok;
}

void cli_message(const char *format, ...) {
    struct error message;
    va_list list;
    va_start(list, format);
    error_set_list(&message, format, list);
    va_end(list);
    char *clean = text_clean(message.text);
    fprintf(stderr, "assay: %s\n", clean ? clean : "out of memory");
    free(clean);
}

bool cli_unknown(const char *option, const char *asked, const char *const *names, size_t n, const char *also,
                 struct error *e) {
    const char *near = text_nearest(asked, names, n);
    struct text list = {0};
    for (size_t i = 0; i < n; i++) text_add(&list, "%s%s", i ? ", " : "", names[i]);
    error_set(e, "--%s: '%s' is none%s%s%s: %s wanted%s", option, asked, near ? ": did you mean '" : "",
              near ? near : "", near ? "'?" : "", list.data ? list.data : "another", also);
    text_finish(&list);
    return false;
}
