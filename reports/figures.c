/* figures/: the style of all figures, and the order in which they are written and drawn. */
#include "base/file.h"
#include "reports/figure.h"
#include "reports/writers.h"
#include "workers/cores.h"

#include <stdlib.h>
#include <string.h>

#define GNUPLOT_SECONDS 240 /* for one script, in both formats; the largest take some seconds */

/* Colours: Wong 2011, doi:10.1038/nmeth.1618, and the diverging RdBu of ColorBrewer: both are told apart with any
 * colour vision. Lines of a PNG are drawn at twice the size, for print. */
static const char style[] =
    "# The look of every figure in this folder: change it, then run gnuplot on their scripts again.\n"
    "# Before: name, width, height (in pixels of a screen); format: png, svg or pdf.\n"
    "if (!exists('format')) format = 'png'\n"
    "font = format eq 'svg' ? 'sans-serif' : 'Sans'\n"
    "if (format eq 'svg') {\n"
    "    set terminal svg size width,height font font.',10' noenhanced background '#ffffff'\n"
    "} else { if (format eq 'pdf') {\n"
    "    set terminal pdfcairo size width/96.,height/96. font font.',7.5' noenhanced background '#ffffff'\n"
    "} else {\n"
    "    set terminal pngcairo size 2*width,2*height fontscale 2 linewidth 2 pointscale 2 font font.',7.5' noenhanced "
    "\\\n"
    "        background '#ffffff'\n"
    "}}\n"
    "set encoding utf8\n"
    "set output name.'.'.format\n"
    "big = sprintf('%s,%g', font, format eq 'svg' ? 12 : 9)\n"
    "small = sprintf('%s,%g', font, format eq 'svg' ? 8.5 : 6.4)\n"
    "signed_all = '#0072b2'; signed_nonzero = '#56b4e9'; absolute_all = '#d55e00'; absolute_nonzero = '#e69f00'\n"
    "frame = '#666666'; faint = '#dddddd'; excluded = '#ececec'; ink = '#222222'; quiet = '#666666'\n"
    "diverging = \"defined (-1 '#2166ac', -.6 '#67a9cf', -.25 '#d1e5f0', 0 '#f7f7f7', .25 '#fddbc7', .6 '#ef8a62', "
    "1 '#b2182b')\"\n"
    "sequential = \"defined (0 '#f7f7f7', .25 '#fddbc7', .6 '#ef8a62', 1 '#b2182b')\"\n"
    "grey = \"defined (0 '#000000', 1 '#ffffff')\"\n"
    "set tics nomirror scale .5 textcolor rgb ink\n"
    "set border lw .6 lc rgb frame\n";

static bool write_style(const struct figures *f, struct error *e) {
    char *path = text_format("%s/style.gp", f->folder);
    bool ok = path ? file_write(path, style, sizeof style - 1, e) : error_memory(e);

    free(path);
    return ok;
}

bool report_figures(struct store *s, const char *folder, struct error *e) {
    struct figures f = {.store = s};

    f.folder = text_format("%s/figures", folder);
    bool ok = f.folder ? file_make_folder(f.folder, e) : error_memory(e);
    ok = ok && write_style(&f, e) && verdict_table_load(s, &f.verdicts, e);
    ok = ok && figure_matrix(&f, e) && figure_curves(&f, e) && figure_maps(&f, e);
    ok = ok && gnuplot_jobs_run(&f.jobs, f.folder, cores_online(), GNUPLOT_SECONDS, e);
    gnuplot_jobs_finish(&f.jobs);
    verdict_table_finish(&f.verdicts);
    free(f.folder);
    return ok;
}
