/* logo.c: the outlines of letters. */
#include "reports/logo.h"

#include <criterion/criterion.h>

/* Twice the area by the shoelace formula: the slit to the hole of the A takes nothing away. */
static double area(double points[LOGO_POINTS][2], size_t n) {
    double sum = 0;
    for (size_t k = 0; k + 1 < n; k++) sum += points[k][0] * points[k + 1][1] - points[k + 1][0] * points[k][1];
    return sum < 0 ? -sum / 2 : sum / 2;
}

Test(logo, outlines_are_closed_and_fill_their_square) {
    double points[LOGO_POINTS][2];
    for (size_t letter = 0; letter < LOGO_LETTERS; letter++) {
        double low = 1, high = 0, left = 1, right = 0;
        size_t n = logo_outline(letter, points);
        cr_assert(n > 3 && n <= LOGO_POINTS, "%c: %zu points", logo_letters[letter], n);
        cr_expect(points[0][0] == points[n - 1][0] && points[0][1] == points[n - 1][1], "%c", logo_letters[letter]);
        for (size_t k = 0; k < n; k++) {
            left = points[k][0] < left ? points[k][0] : left;
            right = points[k][0] > right ? points[k][0] : right;
            low = points[k][1] < low ? points[k][1] : low;
            high = points[k][1] > high ? points[k][1] : high;
        }
        cr_expect(left >= -.01 && left < .05 && right > .9 && right <= 1.01, "%c: %g to %g", logo_letters[letter], left,
                  right);
        cr_expect(low >= -.01 && low < .05 && high > .95 && high <= 1.01, "%c: %g to %g", logo_letters[letter], low,
                  high);
        cr_expect(area(points, n) > .2 && area(points, n) < .6, "%c: area %g", logo_letters[letter], area(points, n));
    }
}
