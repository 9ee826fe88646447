/* list: the tables of libraries of mutants: tests/mutants/list LIBRARY..., one line for each explainer, tabs between:
 * id, family, base (- of an honest method), dose, parameters (- for none), what it equals (-), its claims, its fault.
 */
#include "mutants.h"

#include <dlfcn.h>

static void print_claims(uint32_t claims) {
    static const char *const names[] = {"complete",   "input-multiplier", "non-negative",
                                        "stochastic", "class-blind",      "linear-exact"};
    const char *before = "";
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        if (!(claims >> k & 1)) continue;
        printf("%s%s", before, names[k]);
        before = ",";
    }
    if (!claims) printf("-");
}

static bool print_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct mutant_table *table = library ? (const struct mutant_table *)dlsym(library, MUTANT_TABLE) : NULL;
    if (!table) {
        fprintf(stderr, "list: %s: %s\n", path, dlerror());
        return false;
    }
    for (uint32_t k = 0; k < table->count; k++) {
        const struct mutant *m = table->mutants + k;
        printf("%s\t%s\t%s\t%g\t%s\t%s\t", m->info.id, table->family, m->base ? m->base : "-", m->dose,
               m->given ? m->given : "-", m->equals ? m->equals : "-");
        print_claims(m->info.claims);
        printf("\t%s\n", m->info.summary);
    }
    return true;
}

int main(int argc, char **argv) {
    int status = argc > 1 ? 0 : 2;
    for (int k = 1; k < argc; k++)
        if (!print_library(argv[k])) status = 1;
    return status;
}
