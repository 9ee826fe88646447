/* Names as strings of gnuplot: what figure_quote writes, and what gnuplot reads of it. */
#include "reports/figure.h"

#include "base/file.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_quote);

#define THIN "\xe2\x80\x8b"

static const struct {
    const char *name, *text, *tic; /* tic NULL: as text */
    const char *svg;               /* as a label and a tic in SVG; NULL: the name */
} cases[] = {
    {"fc1", "'fc1'", NULL, NULL},
    {"'fc1'", "'" THIN "''fc1'''", NULL, THIN "'fc1'"},
    {"'", "'" THIN "'''", NULL, THIN "'"},
    {"''", "'" THIN "''" THIN "'''", NULL, THIN "'" THIN "'"},
    {"a'''b", "'a''" THIN "''" THIN "''b'", NULL, "a'" THIN "'" THIN "'b"},
    {"it's", "'it''s'", NULL, NULL},
    {"\"fc\" \"", "'\"fc\" \"'", NULL, NULL},
    {"a\\nb\\", "'a\\nb\\'", NULL, NULL},
    {"@path _x^2{y} ~a&b", "'@path _x^2{y} ~a&b'", NULL, "@path _x^2{y} ~a&amp;b"},
    {"`id` $(id) $0", "'`id` $(id) $0'", NULL, NULL},
    {"# a; quit", "'# a; quit'", NULL, NULL},
    {"100 %s %", "'100 %s %'", "'100 %%s %%'", NULL},
    {"two\nlines\ttab", "'two lines tab'", NULL, "two lines tab"},
    {"\x1b[2J\xff", "'\xef\xbf\xbd[2J\xef\xbf\xbd'", NULL, "\xef\xbf\xbd[2J\xef\xbf\xbd"},
    {"<]]>", "'<]]" THIN ">'", NULL, "&lt;]]" THIN ">"},
    {"'); system('touch harm') #", "'" THIN "''); system(''touch harm'') #'", NULL, THIN "'); system('touch harm') #"},
    {"0123456789012345678901234567890123456789", "'01234567890123456789012345678\xe2\x80\xa6'", NULL,
     "01234567890123456789012345678\xe2\x80\xa6"},
};
#define CASES (sizeof cases / sizeof *cases)
#define LONGEST 30

Test(report_quote, leaves_nothing_to_interpret) {
    for (size_t i = 0; i < CASES; i++) {
        struct text text = {0}, tic = {0};
        figure_quote(&text, cases[i].name, LONGEST, QUOTED_TEXT);
        figure_quote(&tic, cases[i].name, LONGEST, QUOTED_TIC);
        cr_expect_str_eq(text.data, cases[i].text);
        cr_expect_str_eq(tic.data, cases[i].tic ? cases[i].tic : cases[i].text);
        text_finish(&text);
        text_finish(&tic);
    }
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) n++;
    return n;
}

/* Each name as a label, a tic and a title of one picture, drawn by gnuplot itself. */
Test(report_quote, gnuplot_shows_names_as_they_are, .timeout = 60) {
    char folder[64];
    struct gnuplot_jobs jobs = {0};
    struct error e = {""};

    fake_folder(folder);
    for (size_t i = 0; i < CASES; i++) {
        struct text script = {0};
        text_add(&script, "set terminal svg noenhanced\nset encoding utf8\nset output 'case%zu.'.format\nset label ",
                 i);
        figure_quote(&script, cases[i].name, LONGEST, QUOTED_TEXT);
        text_add(&script, " at 1,1\nset xrange [0:3]\nset xtics (");
        figure_quote(&script, cases[i].name, LONGEST, QUOTED_TIC);
        text_add(&script, " 1, 'z' 2)\nplot x notitle\n");
        char *name = text_format("case%zu", i), *path = text_format("%s/%s.gp", folder, name);
        cr_assert(file_write(path, script.data, script.length, &e), "%s", e.text);
        cr_assert(gnuplot_jobs_add(&jobs, name, FIGURE_PNG | FIGURE_SVG, &e), "%s", e.text);
        text_finish(&script);
        free(name);
        free(path);
    }
    cr_expect(gnuplot_jobs_run(&jobs, folder, 2, 60, &e), "%s", e.text);
    gnuplot_jobs_finish(&jobs);
    for (size_t i = 0; i < CASES; i++) {
        char *name = text_format("case%zu.svg", i), *svg = fake_read(folder, name);
        char *shown = text_format(">%s<", cases[i].svg ? cases[i].svg : cases[i].name);
        for (char *c; (c = strstr(svg, "<![CDATA[")); memmove(c, c + 9, strlen(c + 9) + 1)) continue;
        for (char *c; (c = strstr(svg, "]]></text")); memmove(c, c + 3, strlen(c + 3) + 1)) continue;
        cr_expect_geq(count(svg, shown), 2, "%s in %s", shown, name);
        free(shown);
        free(name);
        free(svg);
    }
    char *harm = text_format("%s/harm", folder);
    cr_expect_not(file_exists(harm));
    free(harm);
    fake_folder_remove(folder);
}
