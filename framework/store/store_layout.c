/* store_layout.c: comparisons with numbers in place of names. With names each takes some 90 bytes, of which eight are
 * its value. Digests are of the rows that the view gives, so they are the same in both layouts. */
#include "store/store_layout.h"

/* The order of joining is said (CROSS), so that rows of a pair come in the order of the key and nothing is sorted. The
 * triggers have no conflicts to solve: how the statement outside solves them would hold inside, too. */
const char layout_numbered_sql[] =
    "CREATE TABLE pairs (pair INTEGER PRIMARY KEY, explainer TEXT NOT NULL, variant TEXT NOT NULL, "
    "UNIQUE (explainer, variant));\n"
    "CREATE TABLE kinds (kind INTEGER PRIMARY KEY, pairing TEXT NOT NULL, measure TEXT NOT NULL, view TEXT NOT NULL, "
    "UNIQUE (pairing, measure, view));\n"
    "CREATE TABLE similarities (pair INTEGER NOT NULL, kind INTEGER NOT NULL, input INTEGER NOT NULL, "
    "other INTEGER NOT NULL, value REAL, PRIMARY KEY (pair, kind, input, other)) WITHOUT ROWID;\n"
    "CREATE VIEW comparisons AS SELECT p.explainer, p.variant, k.pairing, k.measure, k.view, s.input, s.other, s.value "
    "FROM pairs p CROSS JOIN kinds k CROSS JOIN similarities s WHERE s.pair = p.pair AND s.kind = k.kind;\n"
    "CREATE TRIGGER comparisons_put INSTEAD OF INSERT ON comparisons BEGIN "
    "INSERT INTO pairs (explainer, variant) SELECT new.explainer, new.variant WHERE NOT EXISTS "
    "(SELECT 1 FROM pairs WHERE explainer = new.explainer AND variant = new.variant); "
    "INSERT INTO kinds (pairing, measure, view) SELECT new.pairing, new.measure, new.view WHERE NOT EXISTS "
    "(SELECT 1 FROM kinds WHERE pairing = new.pairing AND measure = new.measure AND view = new.view); "
    "INSERT INTO similarities SELECT pair, kind, new.input, new.other, new.value FROM pairs, kinds WHERE "
    "explainer = new.explainer AND variant = new.variant AND pairing = new.pairing AND measure = new.measure AND "
    "view = new.view; END;\n"
    "CREATE TRIGGER comparisons_delete INSTEAD OF DELETE ON comparisons BEGIN "
    "DELETE FROM similarities WHERE pair = (SELECT pair FROM pairs WHERE explainer = old.explainer AND "
    "variant = old.variant) AND kind = (SELECT kind FROM kinds WHERE pairing = old.pairing AND "
    "measure = old.measure AND view = old.view) AND input = old.input AND other = old.other; END;\n";

/* The pairs of a file without such a table: a search leads from one to the next, and not all comparisons are read. */
static const char named_sql[] =
    "CREATE TEMP VIEW IF NOT EXISTS pairs AS WITH RECURSIVE "
    "x(explainer) AS (SELECT min(explainer) FROM comparisons UNION "
    "SELECT (SELECT min(explainer) FROM comparisons c WHERE c.explainer > x.explainer) FROM x "
    "WHERE explainer IS NOT NULL), "
    "p(explainer, variant) AS (SELECT explainer, (SELECT min(variant) FROM comparisons c WHERE "
    "c.explainer = x.explainer) FROM x UNION "
    "SELECT explainer, (SELECT min(variant) FROM comparisons c WHERE c.explainer = p.explainer AND "
    "c.variant > p.variant) FROM p WHERE variant IS NOT NULL) "
    "SELECT explainer, variant FROM p WHERE variant IS NOT NULL";

bool layout_settle(struct store *s, struct error *e) {
    bool row;
    sqlite3_stmt *statement;

    if (!store_prepare(s, "PRAGMA user_version", &statement, e)) return false;
    bool ok = store_step(s, statement, NULL, 0, &row, e);
    if (ok) s->layout = row ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok && (s->layout != LAYOUT_NAMED || store_execute(s, named_sql, e));
}

const char *layout_clear_sql(const struct store *s) {
    return s->layout == LAYOUT_NAMED ? "DELETE FROM comparisons;"
                                     : "DELETE FROM similarities; DELETE FROM pairs; DELETE FROM kinds;";
}

/* Of pairs that are gone there are none in the view; their numbers may be given again, so they go, too. */
const char *layout_strays_sql(const struct store *s) {
    return s->layout == LAYOUT_NAMED
               ? "DELETE FROM comparisons WHERE NOT EXISTS (SELECT 1 FROM units u WHERE u.explainer = "
                 "comparisons.explainer AND u.variant = comparisons.variant)"
               : "DELETE FROM similarities WHERE pair NOT IN (SELECT pair FROM pairs p WHERE EXISTS "
                 "(SELECT 1 FROM units u WHERE u.explainer = p.explainer AND u.variant = p.variant)) OR "
                 "kind NOT IN (SELECT kind FROM kinds)";
}
