/* The tables of the store, field by field. */
#include "store/store_table.h"

#include <stddef.h>

#define FIELD(type, name, kind)                                                                                        \
    { #name, kind, offsetof(struct type, name), 0, 0 }
#define NAMED(type, name, column, kind)                                                                                \
    { column, kind, offsetof(struct type, name), 0, 0 }
#define COUNTED(type, name, kind, count)                                                                               \
    { #name, kind, offsetof(struct type, name), offsetof(struct type, count), 0 }
#define COUNTED_SINCE(type, name, kind, count, layout)                                                                 \
    { #name, kind, offsetof(struct type, name), offsetof(struct type, count), layout }
#define FIELDS(list, keys) list, (int)(sizeof list / sizeof *list), keys

static const struct field network_fields[] = {
    FIELD(network_row, key, FIELD_TEXT),
    FIELD(network_row, role, FIELD_TEXT),
    FIELD(network_row, draw, FIELD_U32),
    FIELD(network_row, epochs, FIELD_U32),
    FIELD(network_row, train_accuracy, FIELD_REAL),
    FIELD(network_row, test_accuracy, FIELD_REAL),
    COUNTED(network_row, flat, FIELD_FLOATS, flat_count),
};

static const struct field input_fields[] = {
    NAMED(input_row, index, "input", FIELD_U32),  FIELD(input_row, sample, FIELD_U32),
    FIELD(input_row, label, FIELD_U32),           FIELD(input_row, predicted, FIELD_U32),
    FIELD(input_row, target, FIELD_U32),          FIELD(input_row, shape, FIELD_SHAPE),
    COUNTED(input_row, data, FIELD_ARRAY, shape), FIELD(input_row, target_name, FIELD_TEXT),
    FIELD(input_row, value, FIELD_REAL),          FIELD(input_row, output, FIELD_REAL),
};

static const struct field unit_fields[] = {
    FIELD(unit_row, explainer, FIELD_TEXT), FIELD(unit_row, variant, FIELD_TEXT), FIELD(unit_row, status, FIELD_STATUS),
    FIELD(unit_row, why, FIELD_TEXT),       FIELD(unit_row, seconds, FIELD_REAL),
};

static const struct field comparison_fields[] = {
    FIELD(comparison_row, explainer, FIELD_TEXT), FIELD(comparison_row, variant, FIELD_TEXT),
    FIELD(comparison_row, pairing, FIELD_TEXT),   FIELD(comparison_row, measure, FIELD_TEXT),
    FIELD(comparison_row, view, FIELD_TEXT),      FIELD(comparison_row, input, FIELD_U32),
    FIELD(comparison_row, other, FIELD_U32),      FIELD(comparison_row, value, FIELD_REAL),
};

static const struct field use_fields[] = {
    FIELD(use_row, control, FIELD_TEXT), FIELD(use_row, stage_index, FIELD_U32), FIELD(use_row, draw, FIELD_U32),
    FIELD(use_row, variant, FIELD_TEXT), FIELD(use_row, stage, FIELD_TEXT),
};

static const struct field audit_fields[] = {
    FIELD(audit_row, variant, FIELD_TEXT),
    FIELD(audit_row, changed, FIELD_U32),
    FIELD(audit_row, expected, FIELD_U32),
    FIELD(audit_row, digest, FIELD_TEXT),
    FIELD(audit_row, logit_r, FIELD_REAL),
    FIELD(audit_row, agreement, FIELD_REAL),
    FIELD(audit_row, finite, FIELD_BOOL),
    COUNTED_SINCE(audit_row, activation_r, FIELD_FLOATS, layer_count, LAYOUT_ACTIVATIONS),
};

static const struct field check_fields[] = {
    FIELD(check_row, explainer, FIELD_TEXT), FIELD(check_row, variant, FIELD_TEXT),
    FIELD(check_row, control, FIELD_TEXT),   FIELD(check_row, id, FIELD_TEXT),
    FIELD(check_row, input, FIELD_U32),      FIELD(check_row, what, FIELD_TEXT),
    FIELD(check_row, worst, FIELD_REAL),     FIELD(check_row, tolerance, FIELD_REAL),
    FIELD(check_row, holds, FIELD_BOOL),
};

static const struct field map_fields[] = {
    FIELD(map_row, explainer, FIELD_TEXT), FIELD(map_row, variant, FIELD_TEXT),        FIELD(map_row, input, FIELD_U32),
    FIELD(map_row, shape, FIELD_SHAPE),    COUNTED(map_row, data, FIELD_ARRAY, shape),
};

static const struct field curve_fields[] = {
    FIELD(curve_row, explainer, FIELD_TEXT),
    FIELD(curve_row, control, FIELD_TEXT),
    FIELD(curve_row, stage_index, FIELD_U32),
    FIELD(curve_row, measure, FIELD_TEXT),
    FIELD(curve_row, view, FIELD_TEXT),
    FIELD(curve_row, stage, FIELD_TEXT),
    FIELD(curve_row, stage_count, FIELD_U32),
    FIELD(curve_row, similarity, FIELD_REAL),
    FIELD(curve_row, similarity_lower, FIELD_REAL),
    FIELD(curve_row, similarity_upper, FIELD_REAL),
    FIELD(curve_row, floor, FIELD_REAL),
    FIELD(curve_row, ceiling, FIELD_REAL),
    FIELD(curve_row, share, FIELD_REAL),
    FIELD(curve_row, share_lower, FIELD_REAL),
    FIELD(curve_row, share_upper, FIELD_REAL),
    FIELD(curve_row, inputs, FIELD_U32),
    FIELD(curve_row, draws, FIELD_U32),
    FIELD(curve_row, vanished, FIELD_REAL),
    FIELD(curve_row, logit_r, FIELD_REAL),
    FIELD(curve_row, decision, FIELD_TEXT),
};

static const struct field verdict_fields[] = {
    FIELD(verdict_row, explainer, FIELD_TEXT), FIELD(verdict_row, control, FIELD_TEXT),
    FIELD(verdict_row, verdict, FIELD_TEXT),   FIELD(verdict_row, annotation, FIELD_TEXT),
    FIELD(verdict_row, expected, FIELD_TEXT),  FIELD(verdict_row, as_expected, FIELD_BOOL),
    FIELD(verdict_row, reason, FIELD_TEXT),    FIELD(verdict_row, first_stage, FIELD_TEXT),
    FIELD(verdict_row, score, FIELD_REAL),     FIELD(verdict_row, lower, FIELD_REAL),
    FIELD(verdict_row, upper, FIELD_REAL),     FIELD(verdict_row, floor, FIELD_REAL),
    FIELD(verdict_row, ceiling, FIELD_REAL),   FIELD(verdict_row, inputs, FIELD_U32),
    FIELD(verdict_row, draws, FIELD_U32),
};

static const struct field result_fields[] = {
    FIELD(result_row, explainer, FIELD_TEXT), FIELD(result_row, control, FIELD_TEXT),
    FIELD(result_row, stage, FIELD_TEXT),     FIELD(result_row, stage_index, FIELD_U32),
    FIELD(result_row, draw, FIELD_U32),       FIELD(result_row, pairing, FIELD_TEXT),
    FIELD(result_row, measure, FIELD_TEXT),   FIELD(result_row, view, FIELD_TEXT),
    FIELD(result_row, input, FIELD_U32),      FIELD(result_row, other, FIELD_U32),
    FIELD(result_row, value, FIELD_REAL),
};

/* The order of the battery, whatever the order of insertion: by the places of store_set_order, then by key. A variant
 * stands where the first control that uses it has it; one that no control uses (the original) comes first. */
#define OF_EXPLAINER " LEFT JOIN places e ON e.kind = 'explainer' AND e.name = t.explainer"
#define OF_CONTROL " LEFT JOIN places c ON c.kind = 'control' AND c.name = t.control"
#define OF_VARIANT " LEFT JOIN variant_places v ON v.variant = t.variant"
#define BY_EXPLAINER "e.place NULLS LAST, t.explainer"
#define BY_CONTROL "c.place NULLS LAST, t.control"
#define BY_VARIANT "v.place, t.variant"

/* There are far too many comparisons to sort. Only their pairs (explainer, variant) are; within a pair the key of the
 * table is the order, and SQLite sees that it need not sort. */
#define IN_PAIRS "pairing, measure, view, input, other"

const struct table store_tables[TABLE_COUNT] = {
    [TABLE_NETWORK] = {"networks", FIELDS(network_fields, 1), true, "", "networks t", "t.role, t.draw, t.key", NULL, 0},
    [TABLE_INPUT] = {"inputs", FIELDS(input_fields, 1), false, "", "inputs t", "t.input", NULL, 0},
    [TABLE_UNIT] = {"units", FIELDS(unit_fields, 2), true, "", "units t" OF_EXPLAINER OF_VARIANT,
                    BY_EXPLAINER ", " BY_VARIANT, NULL, 0},
    [TABLE_COMPARISON] = {"comparisons", FIELDS(comparison_fields, 7), false, "WITHOUT ROWID", NULL, IN_PAIRS,
                          "SELECT t.explainer, t.variant FROM pairs t" OF_EXPLAINER OF_VARIANT " ORDER BY " BY_EXPLAINER
                          ", " BY_VARIANT,
                          2},
    [TABLE_USE] = {"uses", FIELDS(use_fields, 4), false, "", "uses t" OF_CONTROL,
                   BY_CONTROL ", t.stage_index, t.draw, t.variant", NULL, 0},
    [TABLE_AUDIT] = {"audits", FIELDS(audit_fields, 1), true, "", "audits t" OF_VARIANT, BY_VARIANT, NULL, 0},
    [TABLE_CHECK] = {"checks", FIELDS(check_fields, 5), false, "", "checks t" OF_EXPLAINER OF_CONTROL,
                     BY_EXPLAINER ", " BY_CONTROL ", t.id, t.input, t.variant", NULL, 0},
    [TABLE_MAP] = {"maps", FIELDS(map_fields, 3), false, "", "maps t" OF_EXPLAINER OF_VARIANT,
                   BY_EXPLAINER ", " BY_VARIANT ", t.input", NULL, 0},
    [TABLE_CURVE] = {"curves", FIELDS(curve_fields, 5), false, "", "curves t" OF_EXPLAINER OF_CONTROL,
                     BY_EXPLAINER ", " BY_CONTROL ", t.measure, t.view, t.stage_index", NULL, 0},
    [TABLE_VERDICT] = {"verdicts", FIELDS(verdict_fields, 2), false, "", "verdicts t" OF_EXPLAINER OF_CONTROL,
                       BY_EXPLAINER ", " BY_CONTROL, NULL, 0},
    [TABLE_RESULT] = {"results", FIELDS(result_fields, 0), false, "", NULL, IN_PAIRS,
                      "SELECT t.explainer, t.control, t.stage, t.stage_index, t.draw, t.variant FROM "
                      "(SELECT * FROM uses JOIN pairs USING (variant)) t" OF_EXPLAINER OF_CONTROL
                      " ORDER BY " BY_EXPLAINER ", " BY_CONTROL ", t.stage_index, t.draw, t.variant",
                      5},
};

int table_columns(const struct table *t, int layout) {
    int count = 0;
    while (count < t->field_count && t->fields[count].since <= layout) count++;
    return count;
}
