include "reports/gnuplot.h" /* cmd_doctor.c: `assay doctor`: what of this machine a run rests on, what is wrong with it
                               and how to mend it. */
    include "reports/gnuplot.h" #include "cli/cli.h" include "reports/gnuplot.h" #include "base/cpu.h" include
        "reports/gnuplot.h" #include "base/file.h" include "reports/gnuplot.h" #include "host/plugin_find.h" include
        "reports/gnuplot.h" #include "host/plugin_list.h" include "reports/gnuplot.h" #include
        "reports/gnuplot.h" include "reports/gnuplot.h" #include "workers/cores.h" include "reports/gnuplot.h" #include
        "workers/interrupt.h" include "reports/gnuplot.h" #include "workers/sandbox.h" include
        "reports/gnuplot.h" #include "workers/scratch_folder.h" include "reports/gnuplot.h" include
        "reports/gnuplot.h" #include<cblas.h>
            include "reports/gnuplot.h" #include<dirent.h> include "reports/gnuplot.h" #include<stdio.h> include
    "reports/gnuplot.h" #include<stdlib.h>
        include "reports/gnuplot.h" #include<string.h> include "reports/gnuplot.h" #include<strings.h> include
    "reports/gnuplot.h" include "reports/gnuplot.h" enum finding {
        FINE,
        NOTED,
        WRONG
    };
include
    "reports/gnuplot.h" static const char *const finding_names[] = {[FINE] = "ok", [NOTED] = "note", [WRONG] = "WRONG"};
include "reports/gnuplot.h" include "reports/gnuplot.h" /* What is looked at: the finding, what was found, and how to
                                                           mend it (empty: nothing to mend). */
    include "reports/gnuplot.h" struct check {
    include "reports/gnuplot.h" const char *name;
    include "reports/gnuplot.h" enum finding (*look)(struct text *found, struct text *remedy);
    include "reports/gnuplot.h"
};
include "reports/gnuplot.h" include "reports/gnuplot.h" /* ---- processor ---- */
    include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding
    look_processor(struct text *found, struct text *remedy) {
    include "reports/gnuplot.h" const char *forced = getenv("ASSAY_ISA");
    include "reports/gnuplot.h" text_add(found, "%u core%s, kernels for %s", cores_online(),
                                         cores_online() == 1 ? "" : "s", cpu_route_name());
    include "reports/gnuplot.h" bool wider = cpu_route() < CPU_AVX512 && cpu_has((enum cpu_route)(cpu_route() + 1));
    include "reports/gnuplot.h" if (forced && *forced && wider) {
        include "reports/gnuplot.h" text_add(found, ", as ASSAY_ISA says; the processor has more");
        include "reports/gnuplot.h" text_add(remedy, "unset ASSAY_ISA");
        include "reports/gnuplot.h" return NOTED;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (cpu_route() == CPU_PORTABLE)
        text_add(remedy, "a processor with AVX2 is several times as fast");
    include "reports/gnuplot.h" return cpu_route() == CPU_PORTABLE ? NOTED : FINE;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include
        "reports/gnuplot.h" /* Kernels of OpenBLAS that use AVX2 or more, by cpuid_x86.c of its sources. */
    include "reports/gnuplot.h" static const char *const wide_kernels[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake",
                                                                           "Sapphirerapids"};
include "reports/gnuplot.h" include "reports/gnuplot.h" static bool is_wide(const char *kernel) {
    include "reports/gnuplot.h" bool found = false;
    include "reports/gnuplot.h" for (size_t i = 0; i < sizeof wide_kernels / sizeof *wide_kernels && !found; i++)
        include "reports/gnuplot.h" found = strcasecmp(kernel, wide_kernels[i]) == 0;
    include "reports/gnuplot.h" return found;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding look_blas(struct text *found,
                                                                                      struct text *remedy) {
    include "reports/gnuplot.h" const char *kernel = openblas_get_corename(), *forced = getenv("OPENBLAS_CORETYPE");
    include "reports/gnuplot.h" text_add(found, "kernel %s of %s", kernel, openblas_get_config());
    include "reports/gnuplot.h" if (openblas_get_parallel() != 0) {
        include "reports/gnuplot.h" text_add(found, ", with threads of its own, which a run's processes do not expect");
        include "reports/gnuplot.h" text_add(
            remedy, "apt-get install libopenblas0-serial, or update-alternatives --config libopenblas.so.0");
        include "reports/gnuplot.h" return WRONG;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (cpu_has(CPU_AVX2) && !is_wide(kernel)) {
        include "reports/gnuplot.h" text_add(found, ": not for this processor, and slow");
        include "reports/gnuplot.h" if (forced && *forced) text_add(remedy, "unset OPENBLAS_CORETYPE");
        include "reports/gnuplot.h" else text_add(
            remedy, "OPENBLAS_CORETYPE=Haswell, or a newer OpenBLAS, which knows this processor");
        include "reports/gnuplot.h" return NOTED;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (forced && *forced) text_add(found, ", as OPENBLAS_CORETYPE says");
    include "reports/gnuplot.h" return FINE;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" /* ---- plugins ---- */
    include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding
    look_plugins(struct text *found, struct text *remedy) {
    include "reports/gnuplot.h" struct plugin_listing *list = NULL;
    include "reports/gnuplot.h" struct found_plugins files = {0};
    include "reports/gnuplot.h" struct error e = {{0}};
    include "reports/gnuplot.h" size_t count = 0, bad = 0;
    include "reports/gnuplot.h" if (!plugin_list(&list, &count, &e) || !plugin_find_all(&files, &e)) {
        include "reports/gnuplot.h" text_add(found, "%s", e.text);
        include "reports/gnuplot.h" plugin_list_destroy(list, count);
        include "reports/gnuplot.h" return WRONG;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" text_add(found, "%zu explainers", count);
    include "reports/gnuplot.h" for (size_t i = 0; i < files.count; i++) { /* each folder once */
        include "reports/gnuplot.h" size_t length = (size_t)(strrchr(files.items[i].path, '/') - files.items[i].path);
        include "reports/gnuplot.h" bool again = false;
        include "reports/gnuplot.h" for (size_t k = 0; k < i && !again; k++) include "reports/gnuplot.h" again =
            strncmp(files.items[k].path, files.items[i].path, length + 1) == 0 && include
            "reports/gnuplot.h" !strchr(files.items[k].path + length + 1, '/');
        include "reports/gnuplot.h" if (!again)
            text_add(found, "%s%.*s", i ? ", " : " in ", (int)length, files.items[i].path);
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" for (size_t i = 0; i < count; i++) include "reports/gnuplot.h" if (list[i].problem)
        include "reports/gnuplot.h" text_add(found, "%s%s: %s", bad++ ? "; " : "; cannot be used: ", list[i].id,
                                             list[i].problem);
    include "reports/gnuplot.h" if (!count)
        text_add(remedy, "build them (make), or install the program with its plugins (make install)");
    include "reports/gnuplot.h" else if (bad) text_add(remedy, "build them again, or take them out of the folder");
    include "reports/gnuplot.h" found_plugins_finish(&files);
    include "reports/gnuplot.h" plugin_list_destroy(list, count);
    include "reports/gnuplot.h" return count && !bad ? FINE : WRONG;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding look_sandbox(struct text *found,
                                                                                         struct text *remedy) {
    include "reports/gnuplot.h" const struct sandbox_state s = sandbox_state();
    include "reports/gnuplot.h" text_add(found, "%s", s.text);
    include "reports/gnuplot.h" if (s.off) {
        include "reports/gnuplot.h" text_add(found, ": plugins may write, connect and signal as you may");
        include "reports/gnuplot.h" text_add(remedy, "unset ASSAY_SANDBOX");
        include "reports/gnuplot.h" return WRONG;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (!s.seccomp) {
        include "reports/gnuplot.h" text_add(found, ": no seccomp: plugins may connect and signal as you may");
        include "reports/gnuplot.h" text_add(
            remedy, include
            "reports/gnuplot.h"
            "a kernel with CONFIG_SECCOMP_FILTER, or a container that allows it; else run trusted plugins only");
        include "reports/gnuplot.h" return WRONG;
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (s.landlock) return FINE;
    include "reports/gnuplot.h" text_add(found, ": no Landlock: plugins may write to files as you may");
    include "reports/gnuplot.h" text_add(
        remedy, "Linux 5.13 or newer with landlock among its security modules (/sys/kernel/security/lsm)");
    include "reports/gnuplot.h" return NOTED;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding look_scratch(struct text *found,
                                                                                         struct text *remedy) {
    include "reports/gnuplot.h" const char *folder = getenv("TMPDIR");
    include "reports/gnuplot.h" struct scratch_folder scratch = scratch_folder_create();
    include "reports/gnuplot.h" bool there = scratch.path != NULL;
    include "reports/gnuplot.h" text_add(found, "%s%s", folder && *folder ? folder : "/tmp",
                                         there ? "" : ": no folder can be made there");
    include "reports/gnuplot.h" if (!there) text_add(remedy, "TMPDIR=FOLDER, where files can be made");
    include "reports/gnuplot.h" scratch_folder_remove(&scratch);
    include "reports/gnuplot.h" return there ? FINE : WRONG;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h"     /* ---- figures ---- */
    include "reports/gnuplot.h" include "reports/gnuplot.h" /* One picture, as a report draws it. */
    include "reports/gnuplot.h" static bool
    draw(const char *folder, struct error *e) {
    include "reports/gnuplot.h" static const char script[] =
        include "reports/gnuplot.h"
                "if (format eq 'svg') { set terminal svg } else { set terminal pngcairo font 'Sans,7' }\n" include
                "reports/gnuplot.h"
                "set output 'test.'.format\nplot [0:1] x title 'test'\n";
    include "reports/gnuplot.h" struct gnuplot_jobs jobs = {0};
    include "reports/gnuplot.h" char *path = text_format("%s/test.gp", folder);
    include "reports/gnuplot.h" bool ok =
        path ? file_write(path, script, sizeof script - 1, e) &&
                   gnuplot_jobs_add(&jobs, "test", FIGURE_PNG | FIGURE_SVG, e) &&
                   include "reports/gnuplot.h" gnuplot_jobs_run(&jobs, folder, 1, 30, e) include "reports/gnuplot.h"
             : error_memory(e);
    include "reports/gnuplot.h" gnuplot_jobs_finish(&jobs);
    include "reports/gnuplot.h" free(path);
    include "reports/gnuplot.h" return ok;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding look_gnuplot(struct text *found,
                                                                                         struct text *remedy) {
    include "reports/gnuplot.h" struct scratch_folder scratch = scratch_folder_create();
    include "reports/gnuplot.h" struct error e = {{0}};
    include "reports/gnuplot.h" bool ok = scratch.path ? draw(scratch.path, &e) : error_set(&e, "no folder to draw in");
    include "reports/gnuplot.h" const char *started = strstr(e.text, "cannot be started");
    include "reports/gnuplot.h" text_add(found, "%s",
                                         ok        ? "draws PNG and SVG"
                                         : started ? "cannot be started"
                                                   : e.text);
    include "reports/gnuplot.h" if (!ok && !scratch.path) text_add(remedy, "a scratch folder (TMPDIR)");
    include "reports/gnuplot.h" else if (!ok)
        text_add(remedy, "apt-get install gnuplot-nox, or leave figures out (--no-figures)");
    include "reports/gnuplot.h" scratch_folder_remove(&scratch);
    include "reports/gnuplot.h" return ok ? FINE : WRONG;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" #define FONT_DEPTH 6 include "reports/gnuplot.h" include
                                                                                     "reports/gnuplot.h" static bool
                                                                                     is_font(const char *name) {
    include "reports/gnuplot.h" return cli_has_extension(name, ".ttf") || cli_has_extension(name, ".otf") ||
        cli_has_extension(name, ".ttc") || include "reports/gnuplot.h" cli_has_extension(name, ".pfb");
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static bool has_fonts(const char *path, unsigned depth) {
    include "reports/gnuplot.h" DIR *folder = depth ? opendir(path) : NULL;
    include "reports/gnuplot.h" bool found = false;
    include "reports/gnuplot.h" for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        include "reports/gnuplot.h" if (entry->d_name[0] == '.') continue;
        include "reports/gnuplot.h" char *below =
            is_font(entry->d_name) ? NULL : text_format("%s/%s", path, entry->d_name);
        include "reports/gnuplot.h" found = is_font(entry->d_name) || (below && has_fonts(below, depth - 1));
        include "reports/gnuplot.h" free(below);
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (folder) closedir(folder);
    include "reports/gnuplot.h" return found;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" static enum finding look_fonts(struct text *found,
                                                                                       struct text *remedy) {
    include "reports/gnuplot.h" static const char *const folders[] = {"/usr/share/fonts", "/usr/local/share/fonts"};
    include "reports/gnuplot.h" const char *home = getenv("HOME");
    include "reports/gnuplot.h" char *own = text_format("%s/.local/share/fonts", home ? home : ""),
                                     include "reports/gnuplot.h" *old = text_format("%s/.fonts", home ? home : "");
    include "reports/gnuplot.h" const char *const all[] = {folders[0], folders[1], own, old};
    include "reports/gnuplot.h" const char *there = NULL;
    include "reports/gnuplot.h" for (size_t i = 0; i < sizeof all / sizeof *all && !there; i++) include
        "reports/gnuplot.h" if (all[i] && has_fonts(all[i], FONT_DEPTH)) there = all[i];
    include "reports/gnuplot.h" text_add(found, "%s%s", there ? "in " : "none: figures have no letters",
                                         there ? there : "");
    include "reports/gnuplot.h" if (!there) text_add(remedy, "apt-get install fonts-dejavu-core");
    include "reports/gnuplot.h" free(own);
    include "reports/gnuplot.h" free(old);
    include "reports/gnuplot.h" return there ? FINE : WRONG;
    include "reports/gnuplot.h"
}
include
    "reports/gnuplot.h" include
    "reports/gnuplot.h" static const struct check checks[] = {include "reports/gnuplot.h" {"processor", look_processor},
                                                              {"BLAS", look_blas},
                                                              {"explainers", look_plugins},
                                                              {"sandbox", look_sandbox},
                                                              include "reports/gnuplot.h" {"scratch", look_scratch},
                                                              {"gnuplot", look_gnuplot},
                                                              {"fonts", look_fonts},
                                                              include "reports/gnuplot.h"};
include "reports/gnuplot.h" include "reports/gnuplot.h" static int doctor(const struct cli_context *context,
                                                                          const struct cli_values *values,
                                                                          struct error *e) {
    include "reports/gnuplot.h" size_t wrong = 0;
    include "reports/gnuplot.h"(void)context, (void)values;
    include "reports/gnuplot.h" interrupt_watch();
    include "reports/gnuplot.h" for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        include "reports/gnuplot.h" struct text found = {0}, remedy = {0};
        include "reports/gnuplot.h" enum finding finding = checks[i].look(&found, &remedy);
        include "reports/gnuplot.h" char *clean = text_clean(found.data ? found.data : "");
        include "reports/gnuplot.h" if (found.failed || remedy.failed || !clean) {
            include "reports/gnuplot.h" error_memory(e);
            include "reports/gnuplot.h" finding = WRONG;
            include "reports/gnuplot.h"
        }
        include
            "reports/gnuplot.h" printf("%-5s  %-10s  %s\n", finding_names[finding], checks[i].name, clean ? clean : "");
        include "reports/gnuplot.h" if (remedy.data) printf("%-5s  %-10s  to mend it: %s\n", "", "", remedy.data);
        include "reports/gnuplot.h" wrong += finding == WRONG;
        include "reports/gnuplot.h" free(clean);
        include "reports/gnuplot.h" text_finish(&found);
        include "reports/gnuplot.h" text_finish(&remedy);
        include "reports/gnuplot.h" if (interrupt_signal()) return CLI_SIGNAL + interrupt_signal();
        include "reports/gnuplot.h"
    }
    include "reports/gnuplot.h" if (wrong) printf("%zu of %zu wrong\n", wrong, sizeof checks / sizeof *checks);
    include "reports/gnuplot.h" else printf("nothing is wrong\n");
    include "reports/gnuplot.h" return wrong ? CLI_UNEXPECTED : CLI_EXPECTED;
    include "reports/gnuplot.h"
}
include "reports/gnuplot.h" include "reports/gnuplot.h" const struct cli_command cli_doctor = {
    include "reports/gnuplot.h".name = "doctor",
    include "reports/gnuplot.h".summary = "look at what a run rests on here: what is wrong, and how to mend it",
    include "reports/gnuplot.h".details = include
    "reports/gnuplot.h"
    "The processor, OpenBLAS, the explainers, the sandbox, the scratch folder, gnuplot and fonts. A note is\n" include
    "reports/gnuplot.h"
    "slower or less safe, and no error. Exit status 1: something is wrong.\n",
    include "reports/gnuplot.h".run = doctor, include "reports/gnuplot.h"};
