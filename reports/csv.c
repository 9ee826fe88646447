#include "reports/format.h"
#include "reports/output.h"
#include "reports/writers.h"

#include <csv.h>
#include <string.h>

/* Text goes through libcsv's writer (always quoted), numbers stand bare, and a value that does not exist is an empty
 * field: readers of tables take it for "missing". */
static void put_text(FILE *out, const char *text) {
    csv_fwrite(out, text, strlen(text));
    fputc(',', out);
}

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
    FILE *out = context;
    char digits[NUMBER_SIZE];

    put_text(out, row->explainer);
    put_text(out, row->control);
    put_text(out, row->stage);
    fprintf(out, "%u,", (unsigned)row->stage_index);
    put_draw(out, row->draw);
    put_text(out, row->pairing);
    fprintf(out, "%u,%u,", (unsigned)row->input, (unsigned)row->other);
    put_text(out, row->measure);
    put_text(out, row->view);
    fprintf(out, "%s\n", number_text(row->value, digits));
    return true;
}

static bool put_verdict(void *context, const struct verdict_row *row) {
    FILE *out = context;

    put_text(out, row->explainer);
    put_text(out, row->control);
    put_text(out, row->verdict);
    put_text(out, row->annotation);
    put_text(out, row->expected);
    fprintf(out, "%s,", row->as_expected ? "true" : "false");
    put_text(out, row->reason);
    put_text(out, row->first_stage);
    put_number(out, row->score);
    put_number(out, row->lower);
    put_number(out, row->upper);
    put_number(out, row->floor);
    put_number(out, row->ceiling);
    fprintf(out, "%u,%u\n", (unsigned)row->inputs, (unsigned)row->draws);
    return true;
}

static bool write_results(struct store *s, const char *folder, struct error *e) {
    struct output o;

    if (!output_open(&o, folder, "results.csv", e)) return false;
    fputs("explainer,control,stage,stage_index,draw,pairing,input,other,measure,view,value\n", o.file);
    return output_close(&o, store_each_result(s, put_result, o.file, e), e);
}

static bool write_verdicts(struct store *s, const char *folder, struct error *e) {
    struct output o;

    if (!output_open(&o, folder, "verdicts.csv", e)) return false;
    fputs("explainer,control,verdict,annotation,expected,as_expected,reason,first_failing_stage,score,lower,upper,"
          "floor,ceiling,"
          "n,draws\n",
          o.file);
    return output_close(&o, store_each_verdict(s, put_verdict, o.file, e), e);
}

bool report_csv(struct store *s, const char *folder, struct error *e) {
    return write_results(s, folder, e) && write_verdicts(s, folder, e);
}
