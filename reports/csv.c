/* results.csv, one row per comparison, and verdicts.csv, one row per verdict. */
#include "reports/format.h"
#include "reports/output.h"
#include "reports/writers.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

struct table {
    FILE *out;
    struct error *error;
};

/* Text is cleaned and goes through libcsv's writer (always quoted), numbers stand bare, and a value that does not exist
 * is an empty field: readers of tables take it for "missing". */
static bool put_texts(struct table *t, const char *const *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *clean = text_clean(texts[i]);
        if (!clean) return error_memory(t->error);
        csv_fwrite(t->out, clean, strlen(clean));
        fputc(',', t->out);
        free(clean);
    }
    return true;
}

#define PUT_TEXTS(table, ...)                                                                                          \
    put_texts(table, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void put_number(FILE *out, double value) {
    char digits[NUMBER_SIZE];
    fprintf(out, "%s,", number_text(value, digits));
}

/* UINT32_MAX: belongs to no draw. */
static void put_draw(FILE *out, uint32_t draw) {
    if (draw == UINT32_MAX) fputc(',', out);
    else fprintf(out, "%u,", (unsigned)draw);
}

static bool put_result(void *context, const struct result_row *row) {
    struct table *t = context;
    char digits[NUMBER_SIZE];

    if (!PUT_TEXTS(t, row->explainer, row->control, row->stage)) return false;
    fprintf(t->out, "%u,", (unsigned)row->stage_index);
    put_draw(t->out, row->draw);
    if (!PUT_TEXTS(t, row->pairing)) return false;
    fprintf(t->out, "%u,%u,", (unsigned)row->input, (unsigned)row->other);
    if (!PUT_TEXTS(t, row->measure, row->view)) return false;
    fprintf(t->out, "%s\n", number_text(row->value, digits));
    return true;
}

static bool put_verdict(void *context, const struct verdict_row *row) {
    struct table *t = context;
    const double numbers[] = {row->score, row->lower, row->upper, row->floor, row->ceiling};

    if (!PUT_TEXTS(t, row->explainer, row->control, row->verdict, row->annotation, row->expected)) return false;
    fprintf(t->out, "%s,", row->as_expected ? "true" : "false");
    if (!PUT_TEXTS(t, row->reason, row->first_stage)) return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) put_number(t->out, numbers[i]);
    fprintf(t->out, "%u,%u\n", (unsigned)row->inputs, (unsigned)row->draws);
    return true;
}

static bool write_results(struct store *s, const char *folder, struct error *e) {
    struct output o;

    if (!output_open(&o, folder, "results.csv", e)) return false;
    fputs("explainer,control,stage,stage_index,draw,pairing,input,other,measure,view,value\n", o.file);
    return output_close(&o, store_each_result(s, put_result, &(struct table){o.file, e}, e), e);
}

static bool write_verdicts(struct store *s, const char *folder, struct error *e) {
    struct output o;

    if (!output_open(&o, folder, "verdicts.csv", e)) return false;
    fputs("explainer,control,verdict,annotation,expected,as_expected,reason,first_failing_stage,score,lower,upper,"
          "floor,ceiling,"
          "n,draws\n",
          o.file);
    return output_close(&o, store_each_verdict(s, put_verdict, &(struct table){o.file, e}, e), e);
}

bool report_csv(struct store *s, const char *folder, struct error *e) {
    return write_results(s, folder, e) && write_verdicts(s, folder, e);
}
