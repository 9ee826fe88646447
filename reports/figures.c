/* Figures: the style of all of them, and the order in which they are written and drawn. */
#include "base/file.h"
#include "reports/figure.h"
#include "reports/map_set.h"
#include "reports/writers.h"
#include "workers/cores.h"

#include <stdlib.h>
#include <string.h>

#define GNUPLOT_SECONDS 240 /* for one script, in both formats; the largest take some seconds */

/* Colours of curves: Wong 2011, doi:10.1038/nmeth.1618, told apart with any colour vision. Lines of a PNG are drawn at
 * twice the size, and at four times for paper, which is 384 pixels to the inch. */
static const char style[] =
    "# The look of every figure in this folder: change it, then run gnuplot on their scripts again.\n"
    "# Before: name, width, height (in pixels of a screen, 96 to the inch); paper: 1 where the width is that on paper;\n"
    "# colours: a palette of maps; format: png, svg or pdf.\n"
    "if (!exists('format')) format = 'png'\n"
    "font = format eq 'svg' ? 'sans-serif' : 'Sans'\n"
    "sharp = paper ? 4 : 2\n"
    "if (format eq 'svg') {\n"
    "    set terminal svg size int(width+.5),height font font.',10' noenhanced background '#ffffff'\n"
    "} else { if (format eq 'pdf') {\n"
    "    set terminal pdfcairo size width/96.,height/96. font font.',7.5' noenhanced background '#ffffff'\n"
    "} else {\n"
    "    set terminal pngcairo size sharp*width,sharp*height fontscale sharp linewidth sharp pointscale sharp \\\n"
    "        font font.',7.5' noenhanced background '#ffffff'\n"
    "}}\n"
    "set encoding utf8\n"
    "set output name.'.'.format\n"
    "big = sprintf('%s,%g', font, format eq 'svg' ? 10.67 : 8)\n"
    "small = sprintf('%s,%g', font, format eq 'svg' ? 8.5 : 6.4)\n"
    "signed_all = '#0072b2'; signed_nonzero = '#56b4e9'; absolute_all = '#d55e00'; absolute_nonzero = '#e69f00'\n"
    "frame = '#666666'; faint = '#dddddd'; excluded = '#ececec'; ink = '#222222'; quiet = '#666666'\n"
    "grey = \"defined (0 '#000000', 1 '#ffffff')\"; pale = \"defined (0 '#808080', 1 '#ffffff')\"\n"
    "set tics nomirror scale .5 textcolor rgb ink\n"
    "set border lw .6 lc rgb frame\n";

static bool write_style(const struct figures *f, struct error *e) {
    struct text all = {0};

    text_append(&all, style, sizeof style - 1);
    for (const struct figure_palette *p = figure_palettes; p->id; p++)
        text_add(
            &all,
            "if (colours eq '%s') {\n    diverging = \"%s\"\n    sequential = \"%s\"\n    against = 0x%06x; strong = "
            "0x%06x\n}\n",
            p->id, p->diverging, p->sequential, p->against, p->strong);
    char *path = text_format("%s/style.gp", f->folder);
    bool ok = path && !all.failed ? file_write(path, all.data, all.length, e) : error_memory(e);
    free(path);
    text_finish(&all);
    return ok;
}

static bool write_scripts(struct figures *f, const struct map_set *maps, struct error *e) {
    const unsigned kinds = f->request->kinds;

    return (!(kinds & FIGURE_VERDICTS) || figure_matrix(f, e)) &&
           (!(kinds & FIGURE_SIMILARITY) || figure_curves(f, e)) &&
           (!(kinds & FIGURE_MAPS) || figure_maps(f, maps, e)) &&
           (!(kinds & FIGURE_ORIGINALS) || figure_originals(f, maps, e));
}

bool figures_draw(struct store *s, const char *folder, const struct figure_request *request, size_t *drawn,
                  struct error *e) {
    struct figures f = {.store = s, .request = request, .folder = folder};
    struct map_set maps = {0};
    const bool any_maps = request->kinds & (FIGURE_MAPS | FIGURE_ORIGINALS);

    bool ok = verdict_table_load(s, &f.verdicts, e) && file_make_folder(folder, e);
    if (ok) figure_select(&f);
    ok = ok && (!any_maps || map_set_write(s, folder, request->view == FIGURE_ABSOLUTE, &maps, e));
    ok = ok && write_style(&f, e) && write_scripts(&f, &maps, e);
    if (ok && !f.jobs.count && request != &figure_request_default)
        ok = error_set(e, "%s: nothing to draw: the run has no figure of what was asked for", folder);
    if (ok) figure_remove_pages(&f);
    ok = ok && gnuplot_jobs_run(&f.jobs, folder, cores_online(), GNUPLOT_SECONDS, e);
    if (drawn) *drawn = f.jobs.count;
    map_set_finish(&maps);
    gnuplot_jobs_finish(&f.jobs);
    verdict_table_finish(&f.verdicts);
    return ok;
}

bool report_figures(struct store *s, const char *folder, struct error *e) {
    char *figures = text_format("%s/figures", folder);
    bool ok = figures ? figures_draw(s, figures, &figure_request_default, NULL, e) : error_memory(e);

    free(figures);
    return ok;
}
