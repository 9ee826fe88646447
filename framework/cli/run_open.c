/* Opening the store of a run that is there. */
#include "cli/run_open.h"

#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>

static bool note_any(void *any, const char *name) {
    (void)name;
    *(bool *)any = true;
    return true;
}

/* Opens what is there, and makes no store where there is none. */
bool cli_run_open(const char *folder, struct store **out, struct error *e) {
    bool any = false;
    char *path = text_format("%s/assay.db", folder);
    if (!path) return error_memory(e);
    bool ok = file_exists(path) || error_set(e, "%s: no run folder: one with an assay.db was wanted", folder);
    ok = ok && store_open(path, out, e);
    free(path);
    if (!ok) return false;
    ok = store_each_explainer(*out, note_any, &any, e);
    if (ok && !any)
        error_set(e, "%s: no verdicts: the run did not come to its end; go on with 'assay run ... --resume'", folder);
    if (ok && any && store_check(*out, e)) return true;
    store_close(*out);
    *out = NULL;
    return false;
}
