/* Tables of verdicts for papers and pull requests: report.tex and report.md of a battery of many controls. */
#include "many_controls.h"
#include "reports/report.h"

#include <string.h>

TestSuite(report_tables);

static char *written(const char *report, const char *file, unsigned rows, unsigned controls, const char *long_name) {
    const struct report *r = reports;
    char folder[64];
    struct error e = {""};
    struct store *s = many_controls_run(rows, controls, long_name, folder);

    while (r->id && strcmp(r->id, report) != 0) r++;
    cr_assert(r->id && r->write(s, folder, &e), "%s", e.text);
    char *text = fake_read(folder, file);
    store_close(s);
    fake_folder_remove(folder);
    return text;
}

static size_t count(const char *from, const char *end, const char *what) {
    size_t n = 0;
    for (const char *at = from; (at = strstr(at, what)) && at < end; at++) n++;
    return n;
}

static size_t count_in(const char *text, const char *what) {
    return count(text, text + strlen(text), what);
}

/* Unescaped ones alone: "\%" and "\_" are letters. */
static int depth_of(const char *from, const char *end) {
    int depth = 0;
    for (const char *c = from; c < end; c++) {
        if (*c == '\\') c++;
        else depth += (*c == '{') - (*c == '}');
        cr_assert_geq(depth, 0);
    }
    return depth;
}

/* Columns of a specification like "@{}p{110pt}lll@{}". */
static size_t columns_of(const char *spec) {
    size_t n = 0;
    int depth = 1;
    for (; depth; spec++) {
        n += depth == 1 && (*spec == 'l' || *spec == 'p');
        depth += (*spec == '{') - (*spec == '}');
    }
    return n;
}

/* Every line of a tabular has as many cells as it has columns. Returns the columns beside the names. */
static size_t expect_tabular(const char *from, const char *end) {
    const size_t columns = columns_of(strchr(from + strlen("\\begin{tabular}"), '{') + 1);
    size_t lines = 0;

    for (const char *line = strstr(from, "\\toprule\n") + 9, *next; line < end; line = next + 1) {
        next = strchr(line, '\n');
        if (*line == '\\' && strncmp(line, "\\raggedright", 12) != 0) continue;
        cr_expect_eq(count(line, next, " & ") + 1, columns, "%.*s", (int)(next - line), line);
        cr_expect_eq(strncmp(next - 3, " \\\\", 3), 0, "%.*s", (int)(next - line), line);
        cr_expect_eq(depth_of(line, next), 0, "%.*s", (int)(next - line), line);
        lines++;
    }
    cr_expect_gt(lines, 1);
    return columns - 1;
}

/* Returns how many tabulars there are. */
static size_t expect_latex(const char *text, size_t columns) {
    size_t n = 0, sum = 0;
    for (const char *at = text; (at = strstr(at, "\\begin{tabular}")); at++, n++) {
        const char *end = strstr(at, "\\bottomrule\n\\end{tabular}\n");
        cr_assert_not_null(end);
        sum += expect_tabular(at, end);
    }
    cr_expect_eq(sum, columns, "%zu columns", sum);
    cr_expect_eq(count_in(text, "\\end{"), n);
    cr_expect_eq(depth_of(text, text + strlen(text)), 0);
    cr_expect_eq(count_in(text, "$") % 2, 0);
    return n;
}

/* All but the one that is SKIP as expected for every row. */
Test(report_tables, latex_of_many_controls_is_several_tabulars) {
    char *text = written("latex", "report.tex", 30, MANY_CONTROLS, "integrated-gradients");

    size_t tabulars = expect_latex(text, MANY_CONTROLS - 1);
    cr_expect(tabulars > 1 && tabulars <= 3, "%zu", tabulars);
    cr_expect_null(strstr(text, "\\rotatebox{90}{completeness}"));
    cr_expect_not_null(strstr(text, " SKIP for every row: completeness."));
    cr_expect_not_null(strstr(text, "\\rotatebox{90}{twins}"), "a SKIP that was not expected stays");
    cr_expect_not_null(strstr(text, "--!"));
    cr_expect_not_null(strstr(text, "P: PASS, F: FAIL, I: INCONCLUSIVE, U: UNINFORMATIVE, --: SKIP, E: ERROR."));
    cr_expect_not_null(strstr(text, "1-m\\_\\&\\% & "));
    free(text);
}

Test(report_tables, latex_of_few_controls_has_words) {
    char *text = written("latex", "report.tex", 5, 3, "gradient");

    cr_expect_eq(expect_latex(text, 3), 1);
    cr_expect_null(strstr(text, "rotatebox{"));
    cr_expect_not_null(strstr(text, "\\textbf{FAIL}"));
    cr_expect_null(strstr(text, "for every row"));
    free(text);
}

Test(report_tables, latex_breaks_long_names) {
    char *text = written("latex", "report.tex", 5, 9, "a method whose name is longer than any column is wide");

    expect_latex(text, 8);
    cr_expect_not_null(strstr(text, "{@{}p{110pt}l"));
    free(text);
}

Test(report_tables, markdown_of_many_controls_is_several_tables) {
    char *text = written("markdown", "report.md", 30, MANY_CONTROLS, "integrated-gradients");
    size_t columns = 0, tables = 0;

    for (const char *at = text; (at = strstr(at, "\n| explainer |")); at++, tables++) {
        const char *head = strchr(at + 1, '\n');
        columns += count(at + 1, head, " |") - 1;
        cr_expect_eq(count(at + 1, head, "|"), count(head, strchr(head + 1, '\n'), "|"));
    }
    cr_expect_eq(tables, 2);
    cr_expect_eq(columns, MANY_CONTROLS - 1);
    cr_expect_not_null(strstr(text, "\nSKIP for every row: completeness\n"));
    free(text);
}
