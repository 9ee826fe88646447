/* results.csv, one row per comparison, verdicts.csv, one row per verdict, and network.csv, how well the network does.
 */
#include "reports/format.h"
#include "reports/report_file.h"
#include "reports/verdict_table.h"
#include "reports/writers.h"
#include "reports/run_record.h"

#include <csv.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct table {
    FILE *out;
    struct error *error;
};

/* Text is cleaned and goes through libcsv's writer (always quoted), numbers stand bare, and a value that does not exist
 * is an empty field: readers of tables take it for "missing". */
static bool put_text(struct table *t, const char *text) {
    size_t plain = 0; /* most names are of characters that stay as they are, and are written faster without libcsv */
    while (text[plain] >= ' ' && text[plain] <= '~' && text[plain] != '"') plain++;
    if (!text[plain]) {
        putc_unlocked('"', t->out);
        fwrite(text, 1, plain, t->out);
        putc_unlocked('"', t->out);
        return true;
    }
    char *clean = text_clean(text);
    if (!clean) return error_memory(t->error);
    csv_fwrite(t->out, clean, strlen(clean));
    free(clean);
    return true;
}

static bool put_texts(struct table *t, const char *const *texts, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!put_text(t, texts[i])) return false;
        putc_unlocked(',', t->out);
    }
    return true;
}

#define PUT_TEXTS(table, ...)                                                                                          \
    put_texts(table, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void put_number(FILE *out, double value) {
    char digits[NUMBER_SIZE];
    fprintf(out, "%s,", number_text(value, digits));
}

/* And a comma. There are millions in a large run: no printf. */
static void put_whole(FILE *out, uint32_t number) {
    char digits[12], *at = digits + sizeof digits;

    *--at = ',';
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    fwrite(at, 1, (size_t)(digits + sizeof digits - at), out);
}

/* UINT32_MAX: belongs to no draw. */
static void put_draw(FILE *out, uint32_t draw) {
    if (draw == UINT32_MAX) fputc(',', out);
    else put_whole(out, draw);
}

static bool put_result(void *context, const struct result_row *r) {
    struct table *t = context;
    char digits[NUMBER_SIZE];

    if (strncmp(r->explainer, CANARY_ROW, strlen(CANARY_ROW)) == 0) return true; /* they are in report.json */
    bool gate = strcmp(r->control, CONTROL_GATES) == 0; /* of no stage: the map of an unmodified network */
    if (!PUT_TEXTS(t, r->explainer, r->control, gate ? "" : r->stage)) return false;
    if (gate) fputc(',', t->out);
    else put_whole(t->out, r->stage_index);
    if (!PUT_TEXTS(t, gate ? r->stage : "")) return false;
    put_draw(t->out, r->draw);
    if (!PUT_TEXTS(t, r->pairing)) return false;
    put_whole(t->out, r->input);
    put_whole(t->out, r->other);
    if (!PUT_TEXTS(t, r->measure, r->view)) return false;
    fputs(number_text(r->value, digits), t->out);
    putc_unlocked('\n', t->out);
    return true;
}

/* The method's own id, whatever the row is called; "" where it could not be loaded. */
static const char *id_of(const json_t *explainers, const char *name) {
    for (size_t i = 0; i < json_array_size(explainers); i++) {
        const json_t *one = json_array_get(explainers, i), *id = json_object_get(one, "id");
        const char *known = json_string_value(json_object_get(one, "name"));
        if (known && strcmp(known, name) == 0) return json_is_string(id) ? json_string_value(id) : "";
    }
    return "";
}

/* Of a summary that is whether all that it sums up is as expected. */
static bool is_expected(const struct verdict_table *t, size_t explainer, const struct verdict_row *v) {
    bool all = v->as_expected;
    for (size_t c = 0; verdict_is_summary(v) && c < t->control_count; c++) {
        const struct verdict_row *one = verdict_table_cell(t, explainer, c);
        all = all && (!one || one->as_expected);
    }
    return all;
}

static bool put_verdict(struct table *t, const struct verdict_table *all, size_t explainer, const struct verdict_row *v,
                        const json_t *explainers) {
    const double numbers[] = {v->score, v->lower, v->upper, v->floor, v->ceiling};
    const char *expected = verdict_is_summary(v) && !*v->expected ? "as each control" : v->expected;

    if (!PUT_TEXTS(t, v->explainer, v->control, v->verdict, v->annotation, expected)) return false;
    fprintf(t->out, "%s,", is_expected(all, explainer, v) ? "true" : "false");
    if (!PUT_TEXTS(t, v->reason, v->first_stage)) return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) put_number(t->out, numbers[i]);
    fprintf(t->out, "%u,%u,", (unsigned)v->inputs, (unsigned)v->draws);
    if (!put_text(t, id_of(explainers, v->explainer))) return false;
    fputc('\n', t->out);
    return true;
}

static bool write_results(struct store *s, const char *folder, struct error *e) {
    struct report_file o;

    if (!report_file_open(&o, folder, "results.csv", e)) return false;
    fputs("explainer,control,stage,stage_index,gate,draw,pairing,input,other,measure,view,value\n", o.file);
    return report_file_close(&o, store_each_result(s, put_result, &(struct table){o.file, e}, e), e);
}

static bool put_verdicts(struct table *t, struct store *s, const struct verdict_table *all) {
    json_t *run;
    bool ok = run_record_load(s, "run", &run, t->error);

    for (size_t i = 0; ok && i < all->explainer_count * all->control_count; i++) {
        const size_t explainer = i / all->control_count;
        const struct verdict_row *v = verdict_table_cell(all, explainer, i % all->control_count);
        ok = !v || put_verdict(t, all, explainer, v, json_object_get(run, "explainers"));
    }
    json_decref(run);
    return ok;
}

static bool write_verdicts(struct store *s, const char *folder, struct error *e) {
    struct verdict_table all;
    struct report_file o;

    if (!verdict_table_load(s, &all, e)) return false;
    bool ok = report_file_open(&o, folder, "verdicts.csv", e);
    if (ok) {
        fputs("explainer,control,verdict,annotation,expected,as_expected,reason,first_failing_stage,score,lower,"
              "upper,floor,ceiling,n,draws,id\n",
              o.file);
        ok = report_file_close(&o, put_verdicts(&(struct table){o.file, e}, s, &all), e);
    }
    verdict_table_finish(&all);
    return ok;
}

/* The entry "accuracy" of the store, a number or text a row; of a store without it there is the header alone. */
static bool put_network(struct store *s, struct table *t, struct error *e) {
    char digits[NUMBER_SIZE];
    const char *key;
    json_t *all, *value;
    bool ok = true;

    if (!run_record_load(s, "accuracy", &all, e)) return false;
    json_object_foreach(all, key, value) {
        double number = json_is_number(value) ? json_number_value(value) : (double)NAN;
        ok = ok && PUT_TEXTS(t, key);
        if (ok && json_is_string(value)) ok = put_text(t, json_string_value(value));
        else if (ok) fputs(number_text(number, digits), t->out);
        if (ok) fputc('\n', t->out);
    }
    json_decref(all);
    return ok;
}

static bool write_network(struct store *s, const char *folder, struct error *e) {
    struct report_file o;

    if (!report_file_open(&o, folder, "network.csv", e)) return false;
    fputs("quantity,value\n", o.file);
    return report_file_close(&o, put_network(s, &(struct table){o.file, e}, e), e);
}

bool report_csv(struct store *s, const char *folder, struct error *e) {
    return write_results(s, folder, e) && write_verdicts(s, folder, e) && write_network(s, folder, e);
}
