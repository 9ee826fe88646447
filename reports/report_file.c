/* A file that appears under its name only when it is whole. */
#include "reports/report_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void forget(struct report_file *o) {
    free(o->path);
    free(o->temporary);
    *o = (struct report_file){0};
}

bool report_file_open(struct report_file *o, const char *folder, const char *name, struct error *e) {
    *o = (struct report_file){.path = text_format("%s/%s", folder, name),
                              .temporary = text_format("%s/.%s.part", folder, name)};
    if (!o->path || !o->temporary) {
        forget(o);
        return error_memory(e);
    }
    o->file = fopen(o->temporary, "we");
    if (!o->file) {
        error_set(e, "%s: %s: a folder that takes new files was wanted", o->temporary, strerror(errno));
        forget(o);
        return false;
    }
    return true;
}

bool report_file_close(struct report_file *o, bool ok, struct error *e) {
    bool written = !ferror(o->file);

    errno = 0;
    if (fclose(o->file) != 0) written = false;
    if (ok && !written)
        ok = error_set(e, "%s: %s: room to write the report was wanted", o->path,
                       errno ? strerror(errno) : "cannot be written");
    if (ok && rename(o->temporary, o->path) != 0)
        ok = error_set(e, "%s: %s: a file that can be replaced was wanted", o->path, strerror(errno));
    if (!ok) unlink(o->temporary);
    forget(o);
    return ok;
}

bool report_file_write(const struct text *t, const char *folder, const char *name, struct error *e) {
    struct report_file o;

    if (t->failed) return error_memory(e);
    if (!report_file_open(&o, folder, name, e)) return false;
    fwrite(t->data ? t->data : "", 1, t->length, o.file);
    return report_file_close(&o, true, e);
}
