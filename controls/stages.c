/* What the two weight randomisations share: stages of layers or of groups of them, and the variants they ask for. */
#include "controls/stages.h"

#include "base/array.h"
#include "base/text.h"
#include "nn/layer_groups.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS "groups"
#define AUTO "auto"

enum classifier { AS_GROUPED, FIRST, KEEP };

const char *stages_classifier_choice(size_t k) {
    static const char *const names[] = {"as-grouped", "first", "keep", NULL};
    return names[k];
}

enum antithetic { PAIRS_AUTO, PAIRS_ALWAYS, PAIRS_NEVER };

/* Outputs up to which pairs decide more than draws (docs/verdict.md, caveat 2). */
#define FEW_OUTPUTS 5u

const char *stages_antithetic_choice(size_t k) {
    static const char *const names[] = {"auto", "always", "never", NULL};
    return names[k];
}

struct parser {
    const struct graph *graph;
    const struct control *control;
    const struct battery *battery;
    struct location location;
    struct stages *out;
    bool *taken;       /* [layer_count] */
    const char *apart; /* the layer that `classifier` keeps or takes first; or NULL */
};

static bool complain(const struct parser *p, struct error *e, const char *what, const char *text) {
    const struct graph *g = p->graph;
    const char **names = malloc((g->layer_count + 1u) * sizeof *names);
    for (uint32_t l = 0; names && l < g->layer_count; l++) names[l] = g->layers[l].name;
    const char *near = names ? text_nearest(text, names, g->layer_count) : NULL;
    if (near && strcmp(near, text) == 0) near = NULL; /* it was taken, or stands in the wrong place */
    battery_fail(p->battery, p->location, e, "groups of control %s: '%s' %s%s%s%s (see 'assay list layers --model %s')",
                 p->control->id, text, what, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "",
                 p->battery->model);
    free(names);
    return false;
}

static bool grow(struct stages *s, const char *name) {
    char **names = array_grow(s->names, s->count, sizeof *names);
    if (names) s->names = names;
    bool *layers = array_grow(s->layers, s->count, (s->layer_count + 1u) * sizeof *layers);
    if (layers) s->layers = layers;
    char *copy = names && layers ? text_copy(name) : NULL;
    if (!copy) return false;
    memset(layers + (size_t)s->count * s->layer_count, 0, s->layer_count * sizeof *layers);
    names[s->count++] = copy;
    return true;
}

static uint32_t take_matches(struct parser *p, const char *pattern, bool *own) {
    uint32_t found = 0;
    for (uint32_t l = 0; l < p->out->layer_count; l++) {
        if (p->taken[l] || fnmatch(pattern, p->graph->layers[l].name, 0) != 0) continue;
        own[l] = p->taken[l] = true;
        found++;
    }
    return found;
}

/* "NAME=PATTERN PATTERN", or patterns alone, which are then the name. */
static bool add_group(struct parser *p, char *text, struct error *e) {
    char *equals = strchr(text, '='), *patterns = equals ? equals + 1 : text, *rest = NULL;
    struct stages *s = p->out;
    if (equals) {
        *equals = 0;
        text[strcspn(text, " \t\n")] = 0;
    }
    if (!*text) return complain(p, e, "names no stage: wanted NAME=PATTERN", equals ? patterns : text);
    if (!grow(s, text)) return error_memory(e);
    bool *own = s->layers + (size_t)(s->count - 1) * s->layer_count;
    uint32_t size = 0;
    for (char *pattern = strtok_r(patterns, " \t\n", &rest); pattern; pattern = strtok_r(NULL, " \t\n", &rest)) {
        uint32_t found = take_matches(p, pattern, own);
        size += found;
        if (!found && (!p->apart || fnmatch(pattern, p->apart, 0) != 0))
            return complain(p, e, "matches no layer that is left", pattern);
    }
    if (!size) free(s->names[--s->count]);
    return true;
}

static bool add_groups(struct parser *p, const char *text, struct error *e) {
    char *copy = text_copy(text), *at = copy;
    bool ok = copy || error_memory(e);
    while (ok && at) {
        char *comma = strchr(at, ',');
        if (comma) *comma = 0;
        ok = add_group(p, at + strspn(at, " \t\n"), e);
        at = comma ? comma + 1 : NULL;
    }
    free(copy);
    return ok;
}

/* A stage of its own. */
static bool add_layer(struct parser *p, uint32_t l, struct error *e) {
    struct stages *s = p->out;
    if (!grow(s, p->graph->layers[l].name)) return error_memory(e);
    s->layers[(size_t)(s->count - 1) * s->layer_count + l] = p->taken[l] = true;
    return true;
}

static bool add_layers(struct parser *p, struct error *e) {
    for (uint32_t l = p->out->layer_count; l-- > 0;)
        if (!p->taken[l] && !add_layer(p, l, e)) return false;
    return true;
}

static bool add_stages(struct parser *p, const char *groups, enum classifier classifier, struct error *e) {
    uint32_t count = p->out->layer_count;
    bool keep = classifier == KEEP && count > 0;
    if (classifier != AS_GROUPED && count > 0) p->apart = p->graph->layers[count - 1].name;
    if (keep) p->taken[count - 1] = true; /* so that no stage can have it */
    if (classifier == FIRST && count > 0 && !add_layer(p, count - 1, e)) return false;
    if (!(groups ? add_groups(p, groups, e) : add_layers(p, e))) return false;
    if (keep) p->taken[count - 1] = false;
    return true;
}

static bool say_nothing_left(const struct parser *p, struct error *e) {
    const char *path = p->battery->path, *id = p->control->id;
    if (!p->apart) return error_set(e, "%s: control %s: the network has no layer to draw anew", path, id);
    return error_set(e,
                     "%s: control %s: no layer is left to draw anew: `classifier: keep` leaves %s'%s' as trained: "
                     "`classifier: as-grouped` or a network of more layers wanted",
                     path, id, p->out->layer_count == 1 ? "the only one, " : "", excerpt_of(p->apart).text);
}

bool stages_create(const struct graph *g, const struct control *control, const struct control_values *values,
                   const struct battery *b, struct stages *out, struct error *e) {
    const char *groups = control_text(control, values, GROUPS);
    enum classifier classifier = (enum classifier)control_value(control, values, "classifier");
    struct parser p = {g, control, b, control_location(control, values, GROUPS), out, NULL, NULL};
    *out = (struct stages){.layer_count = g->layer_count, .complete = true, .floor = b->inputs > 1};
    enum antithetic antithetic = (enum antithetic)control_value(control, values, "antithetic");
    out->pairs = antithetic == PAIRS_ALWAYS || (antithetic == PAIRS_AUTO && g->classes <= FEW_OUTPUTS);
    p.taken = calloc(g->layer_count + 1u, sizeof *p.taken);
    bool ok = p.taken ? add_stages(&p, groups, classifier, e) : error_memory(e);
    ok = ok && (out->count || say_nothing_left(&p, e));
    for (uint32_t l = 0; ok && l < g->layer_count; l++) out->complete = out->complete && p.taken[l];
    free(p.taken);
    if (!ok) stages_finish(out);
    return ok;
}

void stages_finish(struct stages *s) {
    for (uint32_t i = 0; i < s->count; i++) free(s->names[i]);
    free(s->names);
    free(s->layers);
    *s = (struct stages){0};
}

#define MANY_STAGES 20u

/* Stages are taken from the output down, so each is thought of as a part of the network. */
static bool warn_of_gaps(const struct graph *g, const struct control *control, const struct stages *s,
                         struct text *said, struct error *e) {
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t between;
        if (!layers_find_between(g, s->layers + (size_t)i * s->layer_count, &between, e)) return false;
        if (between == GRAPH_NONE) continue;
        text_add(said, "warning: control %s: layer '%s' lies between two layers of group '%s' and is not of it\n",
                 control->id, excerpt_of(g->layers[between].name).text, excerpt_of(s->names[i]).text);
    }
    return true;
}

static void advise_groups(const struct control *control, uint32_t stages, uint32_t groups, struct text *said) {
    if (stages <= MANY_STAGES || groups > stages / 2) return;
    text_add(said,
             "note: control %s: %u stages, a layer each: `groups: auto` makes %u of them (see 'assay list layers "
             "--groups')\n",
             control->id, stages, groups);
}

bool stages_settle(const struct graph *g, const struct control *control, const struct battery *b,
                   struct control_values *values, struct text *said, struct error *e) {
    const char *given = control_text(control, values, GROUPS);
    struct layer_groups groups;
    struct stages stages = {0};
    if (!layer_groups_create(g, &groups, e)) return false;
    struct text text = {0};
    bool automatic = given && strcmp(given, AUTO) == 0;
    if (automatic) layer_groups_add_text(&groups, ", ", &text);
    if (automatic && !text.failed) control_settle_text(control, values, GROUPS, text.data);
    bool ok = !text.failed || error_memory(e);
    ok = ok && stages_create(g, control, values, b, &stages, e);
    if (ok && given) ok = warn_of_gaps(g, control, &stages, said, e);
    else if (ok) advise_groups(control, stages.count, groups.count, said);
    stages_finish(&stages);
    layer_groups_finish(&groups);
    return ok;
}

bool stages_draw(struct plan *p, uint32_t control, const struct stages *s, uint32_t stage, const char *name,
                 const bool *layers, const struct init_options *draw, unsigned wants, struct error *e) {
    bool pairs = s->pairs && layers[p->graph->layer_count - 1];
    for (int sign = 0; sign <= (int)pairs; sign++) {
        struct init_options init = *draw;
        uint32_t a;
        init.negate = sign == 1;
        if (!plan_redrawn(p, layers, &init, &a, e) || !plan_use(p, control, stage, name, draw->draw, a, wants, e))
            return false;
    }
    return true;
}

bool stages_floor(struct plan *p, uint32_t control, const struct stages *s, const struct init_options *draw,
                  struct error *e) {
    if (!s->floor) return true;
    bool *all = malloc((p->graph->layer_count + 1u) * sizeof *all);
    if (!all) return error_memory(e);
    for (uint32_t l = 0; l < p->graph->layer_count; l++) all[l] = true;
    bool ok = stages_draw(p, control, s, s->count, "all (floor)", all, draw,
                          WANT_MATCHED | WANT_MISMATCHED | WANT_FLOOR_ONLY, e);
    free(all);
    return ok;
}

/* `layers`: [layer_count], scratch. */
static bool draw_stages(struct plan *p, uint32_t control, const struct stages *s, const struct init_options *init,
                        bool *layers, struct error *e) {
    for (uint32_t stage = 0; stage < s->count; stage++) {
        char *name = text_format("%s%s", stage ? "+" : "", s->names[stage]);
        if (!name) return error_memory(e);
        for (uint32_t l = 0; l < s->layer_count; l++)
            layers[l] = layers[l] || s->layers[(size_t)stage * s->layer_count + l];
        bool full = s->complete && stage + 1 == s->count;
        bool ok = stages_draw(p, control, s, stage, name, layers, init,
                              full ? WANT_MATCHED | WANT_MISMATCHED : WANT_MATCHED, e);
        free(name);
        if (!ok) return false;
    }
    return s->complete || stages_floor(p, control, s, init, e);
}

static bool cascade(struct plan *p, uint32_t control, const struct stages *s, const struct init_options *init,
                    struct error *e) {
    bool *layers = calloc(s->layer_count + 1u, sizeof *layers);
    bool ok = layers ? draw_stages(p, control, s, init, layers, e) : error_memory(e);
    free(layers);
    return ok;
}

static void reverse(struct stages *s) {
    for (uint32_t a = 0, b = s->count; a + 1 < b--; a++) {
        char *name = s->names[a];
        s->names[a] = s->names[b];
        s->names[b] = name;
        for (uint32_t l = 0; l < s->layer_count; l++) {
            bool *x = &s->layers[(size_t)a * s->layer_count + l], *y = &s->layers[(size_t)b * s->layer_count + l],
                 kept = *x;
            *x = *y;
            *y = kept;
        }
    }
}

bool stages_cascade(struct plan *p, uint32_t index, const struct control *control, const struct control_values *values,
                    const struct battery *b, bool upward, uint32_t from, uint32_t to, struct error *e) {
    struct stages stages;
    if (!stages_create(p->graph, control, values, b, &stages, e)) return false;
    bool ok = true;
    if (upward) reverse(&stages);
    for (uint32_t draw = from; ok && draw < to; draw++) {
        const struct init_options init = control_init(values, b->seed, draw);
        ok = cascade(p, index, &stages, &init, e);
    }
    stages_finish(&stages);
    return ok;
}
