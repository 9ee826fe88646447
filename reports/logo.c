/* logo.c: the letters of a sequence logo (Schneider & Stephens 1990, doi:10.1093/nar/18.20.6097), as polygons: gnuplot
 * scales text in one direction only. Colours are those usual for nucleic acids. */
#include "reports/logo.h"

#include <math.h>
#include <string.h>

#define ARC 12

const char logo_letters[LOGO_LETTERS + 1] = "ACGT";
const char *const logo_colours[LOGO_LETTERS] = {"#109648", "#255c99", "#f7b32b", "#d62839"};

/* The hole of the A hangs on the crossbar by a slit. */
static const double a_shape[][2] = {{0, 0},    {.4, 1},    {.6, 1},    {1, 0},    {.8, 0},    {.72, .26},
                                    {.5, .26}, {.5, .42},  {.67, .42}, {.5, .85}, {.33, .42}, {.5, .42},
                                    {.5, .26}, {.28, .26}, {.2, 0},    {0, 0}},
                    t_shape[][2] = {{0, 1}, {1, 1}, {1, .82}, {.6, .82}, {.6, 0}, {.4, 0}, {.4, .82}, {0, .82}, {0, 1}};

/* A ring, open to the right from -40 to 40 degrees; the G has a bar in it. */
static size_t ring(bool bar, double points[LOGO_POINTS][2]) {
    const double pi = acos(-1), open = 40 * pi / 180, step = (2 * pi - 2 * open) / ARC;
    size_t n = 0;

    for (int k = 0; k <= ARC; k++, n++) {
        points[n][0] = .52 + .52 * cos(open + k * step);
        points[n][1] = .5 + .5 * sin(open + k * step);
    }
    if (bar) {
        static const double end[][2] = {{.95, .1}, {.95, .5}, {.55, .5}, {.55, .36}, {.78, .36}};
        memcpy(points[n], end, sizeof end);
        n += sizeof end / sizeof *end;
    }
    for (int k = ARC; k >= 0; k--, n++) {
        points[n][0] = .52 + .33 * cos(open + k * step);
        points[n][1] = .5 + .33 * sin(open + k * step);
    }
    memcpy(points[n], points[0], sizeof points[0]);
    return n + 1;
}

size_t logo_outline(size_t letter, double points[LOGO_POINTS][2]) {
    switch (logo_letters[letter]) {
    case 'A': memcpy(points, a_shape, sizeof a_shape); return sizeof a_shape / sizeof *a_shape;
    case 'T': memcpy(points, t_shape, sizeof t_shape); return sizeof t_shape / sizeof *t_shape;
    default: return ring(logo_letters[letter] == 'G', points);
    }
}
