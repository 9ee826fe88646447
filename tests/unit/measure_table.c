/* A measure is added by the table alone: build/tests/assay-concordance is the program with a third one
 * (tests/measures/concordance.c), of which nothing else knows. */
#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void run(const char *program, const char *folder) {
    const char *build = getenv("ASSAY_BUILD");
    char *command = text_format("%s/%s run fixtures/batteries/first.yaml -o %s/run --set data.inputs=4 "
                                "--set rule.draws=2 --only cascading >%s/said 2>&1",
                                build ? build : "build", program, folder, folder);
    int status = system(command);
    char *said = fake_read(folder, "said");
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s: %s", command, said);
    cr_expect_null(strstr(said, "warning"), "%s", said);
    free(said);
    free(command);
}

/* Takes the lines with that word out of the text; returns how many there were. */
static size_t take_out(char *text, const char *word) {
    size_t taken = 0;
    char *to = text;

    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n") + 1;
        char *found = strstr(line, word);
        if (found && found < line + length) taken++;
        else {
            memmove(to, line, length);
            to += length;
        }
        line += length;
    }
    *to = '\0';
    return taken;
}

/* The value is the last field of a line. */
static void expect_values(const char *results, const char *explainer, double low, double high) {
    size_t lines = 0;

    for (const char *line = results; (line = strchr(line, '\n')) && *++line;) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, explainer, strlen(explainer)) != 0) continue;
        const char *end = line + length, *at = end;
        while (at[-1] != ',') at--;
        char *last;
        double value = strtod(at, &last);
        cr_assert(last == end && at < end && value >= low && value <= high, "%.*s", (int)length, line);
        lines++;
    }
    cr_expect_gt(lines, 20);
}

Test(measure_table, takes_a_third_measure, .timeout = 120) {
    char two[64], three[64];

    fake_folder(two);
    fake_folder(three);
    run("assay", two);
    run("tests/assay-concordance", three);

    /* Its comparisons are there, and those of the others are what they were. */
    char *less = fake_read(two, "run/results.csv"), *more = fake_read(three, "run/results.csv");
    char *its = text_copy(more);
    take_out(its, "\"spearman\"");
    take_out(its, "\"ssim\"");
    take_out(its, "\"gates\""); /* jittered inputs */
    expect_values(its, "\"edge-detector\"", 1 - 1e-12, 1);
    expect_values(its, "\"gradient\"", -.99, .99);
    cr_expect_gt(take_out(more, "\"concordance\""), 100);
    cr_expect_str_eq(less, more);
    free(its);
    free(less);
    free(more);
    less = fake_read(two, "run/verdicts.csv");
    more = fake_read(three, "run/verdicts.csv");
    cr_expect_str_eq(less, more, "verdicts rest on the first measure");
    free(less);
    free(more);

    /* Its figure has its title, its unit and its axis, and is drawn. */
    char *script = fake_read(three, "run/figures/similarity-cascading-concordance.gp");
    cr_expect_not_null(
        strstr(script, "'cascading: Concordance correlation [of values] with the original map (4 inputs, "));
    cr_expect_not_null(strstr(script, "set ytics -0.75,0.25,1 nomirror"));
    free(script);
    char *svg = fake_read(three, "run/figures/similarity-cascading-concordance.svg");
    cr_expect_not_null(strstr(svg, "Concordance correlation"));
    free(svg);
    fake_folder_remove(two);
    fake_folder_remove(three);
}
