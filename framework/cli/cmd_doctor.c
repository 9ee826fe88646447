/* cmd_doctor.c: `assay doctor`: what of this machine a run rests on, what is wrong with it and how to mend it. */
#include "cli/cli.h"
#include "base/cpu.h"
#include "base/file.h"
#include "host/plugin_find.h"
#include "host/plugin_list.h"
#include "reports/figure_request.h"
#include "reports/gnuplot.h"
#include "workers/cores.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"
#include "workers/scratch_folder.h"

#include <cblas.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum finding { FINE, NOTED, WRONG };
static const char *const finding_names[] = {[FINE] = "ok", [NOTED] = "note", [WRONG] = "WRONG"};

/* What is looked at: the finding, what was found, and how to mend it (empty: nothing to mend). */
struct check {
    const char *name;
    enum finding (*examine)(struct text *found, struct text *remedy);
};

/* ---- processor ---- */

static enum finding look_processor(struct text *found, struct text *remedy) {
    const char *forced = getenv("ASSAY_ISA");
    text_add(found, "%u core%s, kernels for %s", cores_online(), cores_online() == 1 ? "" : "s", cpu_route_name());
    bool wider = cpu_route() < CPU_AVX512 && cpu_has((enum cpu_route)(cpu_route() + 1));
    if (forced && *forced && wider) {
        text_add(found, ", as ASSAY_ISA says; the processor has more");
        text_add(remedy, "unset ASSAY_ISA");
        return NOTED;
    }
    if (cpu_route() != CPU_PORTABLE || cpu_route_last() == CPU_PORTABLE) return FINE;
    text_add(remedy, "a processor with AVX2 is several times as fast");
    return NOTED;
}

/* Kernels of OpenBLAS that use AVX2 or more, by cpuid_x86.c of its sources. */
static const char *const wide_kernels[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids"};

static bool is_wide(const char *kernel) {
    bool found = false;
    for (size_t i = 0; i < sizeof wide_kernels / sizeof *wide_kernels && !found; i++)
        found = strcasecmp(kernel, wide_kernels[i]) == 0;
    return found;
}

static enum finding look_blas(struct text *found, struct text *remedy) {
    const char *kernel = openblas_get_corename(), *forced = getenv("OPENBLAS_CORETYPE");
    text_add(found, "kernel %s of %s", kernel, openblas_get_config());
    if (openblas_get_parallel() != 0) {
        text_add(found, ", with threads of its own, which a run's processes do not expect");
        text_add(remedy, "apt-get install libopenblas0-serial, or update-alternatives --config libopenblas.so.0");
        return WRONG;
    }
    if (cpu_has(CPU_AVX2) && !is_wide(kernel)) {
        text_add(found, ": not for this processor, and slow");
        if (forced && *forced) text_add(remedy, "unset OPENBLAS_CORETYPE");
        else text_add(remedy, "OPENBLAS_CORETYPE=Haswell, or a newer OpenBLAS, which knows this processor");
        return NOTED;
    }
    if (forced && *forced) text_add(found, ", as OPENBLAS_CORETYPE says");
    return FINE;
}

/* ---- plugins ---- */

static enum finding look_plugins(struct text *found, struct text *remedy) {
    struct plugin_listing *list = NULL;
    struct found_plugins files = {0};
    struct error e = {{0}};
    size_t count = 0, bad = 0;
    if (!plugin_list(&list, &count, &e) || !plugin_find_all(&files, &e)) {
        text_add(found, "%s", e.text);
        plugin_list_destroy(list, count);
        return WRONG;
    }
    text_add(found, "%zu explainers", count);
    for (size_t i = 0; i < files.count; i++) { /* each folder once */
        size_t length = (size_t)(strrchr(files.items[i].path, '/') - files.items[i].path);
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = strncmp(files.items[k].path, files.items[i].path, length + 1) == 0 &&
                    !strchr(files.items[k].path + length + 1, '/');
        if (!again) text_add(found, "%s%.*s", i ? ", " : " in ", (int)length, files.items[i].path);
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].problem)
            text_add(found, "%s%s: %s", bad++ ? "; " : "; cannot be used: ", list[i].id, list[i].problem);
    if (!count) text_add(remedy, "build them (make), or install the program with its plugins (make install)");
    else if (bad) text_add(remedy, "build them again, or take them out of the folder");
    found_plugins_finish(&files);
    plugin_list_destroy(list, count);
    return count && !bad ? FINE : WRONG;
}

static enum finding look_sandbox(struct text *found, struct text *remedy) {
    const struct sandbox_state s = sandbox_state();
    text_add(found, "%s", s.text);
    if (s.off) {
        text_add(found, ": plugins may write, connect and signal as you may");
        text_add(remedy, "unset ASSAY_SANDBOX");
        return WRONG;
    }
    if (!s.seccomp) {
        text_add(found, ": no seccomp: plugins may connect and signal as you may");
        text_add(remedy,
                 "a kernel with CONFIG_SECCOMP_FILTER, or a container that allows it; else run trusted plugins only");
        return WRONG;
    }
    if (s.landlock) return FINE;
    text_add(found, ": no Landlock: plugins may write to files as you may");
    text_add(remedy, "Linux 5.13 or newer with landlock among its security modules (/sys/kernel/security/lsm)");
    return NOTED;
}

static enum finding look_scratch(struct text *found, struct text *remedy) {
    struct scratch_folder scratch = scratch_folder_create();
    bool there = scratch.path != NULL;
    text_add(found, "%s%s", file_temporary_folder(), there ? "" : ": no folder can be made there");
    if (!there) text_add(remedy, "TMPDIR=FOLDER, where files can be made");
    scratch_folder_remove(&scratch);
    return there ? FINE : WRONG;
}

/* ---- figures ---- */

/* One picture, as a report draws it. */
static bool draw(const char *folder, struct error *e) {
    static const char script[] =
        "if (format eq 'svg') { set terminal svg } else { set terminal pngcairo font 'Sans,7' }\n"
        "set output 'test.'.format\nplot [0:1] x title 'test'\n";
    struct gnuplot_jobs jobs = {0};
    char *path = text_format("%s/test.gp", folder);
    bool ok = path ? file_write(path, script, sizeof script - 1, e) &&
                         gnuplot_jobs_add(&jobs, "test", FIGURE_PNG | FIGURE_SVG, e) &&
                         gnuplot_jobs_run(&jobs, folder, 1, 30, e)
                   : error_memory(e);
    gnuplot_jobs_finish(&jobs);
    free(path);
    return ok;
}

static enum finding look_gnuplot(struct text *found, struct text *remedy) {
    struct scratch_folder scratch = scratch_folder_create();
    struct error e = {{0}};
    bool ok = scratch.path ? draw(scratch.path, &e) : error_set(&e, "no folder to draw in");
    const char *started = strstr(e.text, "cannot be started");
    text_add(found, "%s", ok ? "draws PNG and SVG" : started ? "cannot be started" : e.text);
    if (!ok && !scratch.path) text_add(remedy, "a scratch folder (TMPDIR)");
    else if (!ok) text_add(remedy, "apt-get install gnuplot-nox, or leave figures out (--no-figures)");
    scratch_folder_remove(&scratch);
    return ok ? FINE : WRONG;
}

#define FONT_DEPTH 6

static bool is_font(const char *name) {
    return cli_has_extension(name, ".ttf") || cli_has_extension(name, ".otf") || cli_has_extension(name, ".ttc") ||
           cli_has_extension(name, ".pfb");
}

static bool has_fonts(const char *path, unsigned depth) {
    DIR *folder = depth ? opendir(path) : NULL;
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char *below = is_font(entry->d_name) ? NULL : text_format("%s/%s", path, entry->d_name);
        found = is_font(entry->d_name) || (below && has_fonts(below, depth - 1));
        free(below);
    }
    if (folder) closedir(folder);
    return found;
}

static enum finding look_fonts(struct text *found, struct text *remedy) {
    static const char *const folders[] = {"/usr/share/fonts", "/usr/local/share/fonts"};
    const char *home = getenv("HOME");
    char *own = text_format("%s/.local/share/fonts", home ? home : ""),
         *old = text_format("%s/.fonts", home ? home : "");
    const char *const all[] = {folders[0], folders[1], own, old};
    const char *there = NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all && !there; i++)
        if (all[i] && has_fonts(all[i], FONT_DEPTH)) there = all[i];
    text_add(found, "%s%s", there ? "in " : "none: figures have no letters", there ? there : "");
    if (!there) text_add(remedy, "apt-get install fonts-dejavu-core");
    free(own);
    free(old);
    return there ? FINE : WRONG;
}

static const struct check checks[] = {
    {"processor", look_processor}, {"BLAS", look_blas},       {"explainers", look_plugins}, {"sandbox", look_sandbox},
    {"scratch", look_scratch},     {"gnuplot", look_gnuplot}, {"fonts", look_fonts},
};

static int doctor(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    size_t wrong = 0;
    (void)context, (void)values;
    interrupt_watch();
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct text found = {0}, remedy = {0};
        enum finding finding = checks[i].examine(&found, &remedy);
        char *clean = text_clean(found.data ? found.data : "");
        if (found.failed || remedy.failed || !clean) {
            error_memory(e);
            finding = WRONG;
        }
        printf("%-5s  %-10s  %s\n", finding_names[finding], checks[i].name, clean ? clean : "");
        if (remedy.data) printf("%-5s  %-10s  to mend it: %s\n", "", "", remedy.data);
        wrong += finding == WRONG;
        free(clean);
        text_finish(&found);
        text_finish(&remedy);
        if (interrupt_signal()) return CLI_SIGNAL + interrupt_signal();
    }
    if (wrong) printf("%zu of %zu wrong\n", wrong, sizeof checks / sizeof *checks);
    else printf("nothing is wrong\n");
    return wrong ? CLI_UNEXPECTED : CLI_EXPECTED;
}

const struct cli_command cli_doctor = {
    .name = "doctor",
    .summary = "look at what a run rests on here: what is wrong, and how to mend it",
    .details =
        "The processor, OpenBLAS, the explainers, the sandbox, the scratch folder, gnuplot and fonts. A note is\n"
        "slower or less safe, and no error. Exit status 1: something is wrong.\n",
    .run = doctor,
};
