/* layer_groups.c: a tree of the parts of names, and the modules in it that are counted. */
#include "nn/layer_groups.h"

#include "base/array.h"
#include "base/name_table.h"
#include "nn/layer_blocks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MOST_COUNTED 0.85  /* of all layers: a counted module with more is looked into */
#define MOST_UNCOUNTED 0.5 /* the same of one that is not counted */
#define ROOT 0u

/* A part of a name with all before it. */
struct prefix {
    char *name;
    uint32_t parent;
    uint32_t layers;            /* below it, and its own */
    uint32_t children;          /* parts that follow */
    uint32_t group;             /* 1 + its number; 0: none yet */
    bool counted, over_counted; /* another of its parent differs in its numbers only; so for some part below it */
};

struct tree {
    struct prefix *all; /* the root first */
    uint32_t count;
    uint32_t *leaf; /* [layer_count] the whole name */
    uint32_t layer_count;
};

static void tree_finish(struct tree *t) {
    for (uint32_t i = 0; i < t->count; i++) free(t->all[i].name);
    free(t->all);
    free(t->leaf);
}

/* The bytes of a number at that place, with one letter behind it that ends the word, as in "5b"; 0: none. */
static size_t number_length(const char *at) {
    size_t n = strspn(at, "0123456789");
    if (n && isalpha((unsigned char)at[n]) && !isalnum((unsigned char)at[n + 1])) n++;
    return n;
}

/* Where the part that begins at `from` ends. */
static size_t part_end(const char *name, size_t from) {
    size_t at = from;
    while (name[at] && name[at] != '.' && name[at] != '/') {
        size_t number = number_length(name + at);
        at += number ? number : 1;
        if (number && name[at] == '_') break;
    }
    return at;
}

/* "PARENT layer#" of layer4: numbers make no difference. The caller frees. */
static char *form_of(uint32_t parent, const char *part) {
    struct text form = {0};
    text_add(&form, "%u ", parent);
    while (*part) {
        size_t number = number_length(part);
        text_append(&form, number ? "#" : part, 1);
        part += number ? number : 1;
    }
    if (!form.failed) return form.data;
    text_finish(&form);
    return NULL;
}

/* The prefix of that length, new or known. */
static bool take_prefix(struct tree *t, struct name_table *known, const char *name, size_t length, uint32_t parent,
                        uint32_t *out, struct error *e) {
    char *text = malloc(length + 1);
    if (!text) return error_memory(e);
    memcpy(text, name, length);
    text[length] = 0;
    const uint32_t *found = name_table_find(known, text);
    if (found) {
        *out = *found;
        free(text);
        return true;
    }
    struct prefix *all = array_grow(t->all, t->count, sizeof *all);
    if (all) t->all = all;
    uint32_t *number = all ? name_table_at(known, text) : NULL;
    if (!number) {
        free(text);
        return error_memory(e);
    }
    *out = *number = t->count;
    all[t->count++] = (struct prefix){.name = text, .parent = parent};
    all[parent].children++;
    return true;
}

static bool add_name(struct tree *t, struct name_table *known, const char *name, uint32_t layer, struct error *e) {
    uint32_t at = ROOT;
    for (size_t from = 0; name[from];) {
        size_t end = part_end(name, from);
        if (end > from && !take_prefix(t, known, name, end, at, &at, e)) return false;
        from = end + (name[end] != 0);
    }
    if (at == ROOT && !take_prefix(t, known, name, strlen(name), ROOT, &at, e)) return false; /* of separators alone */
    t->leaf[layer] = at;
    for (; at != ROOT; at = t->all[at].parent) t->all[at].layers++;
    return true;
}

/* The first of the same parent and form. A form is kept by the table that borrows it, or freed. */
static bool find_twin(struct tree *t, struct name_table *seen, char **form, uint32_t i, struct error *e) {
    struct prefix *p = &t->all[i];
    size_t before = strlen(t->all[p->parent].name);
    *form = form_of(p->parent, p->name + before + (before > 0));
    if (!*form) return error_memory(e);
    if (!strchr(*form, '#')) return true;
    uint32_t *first = name_table_at(seen, *form);
    if (!first) return error_memory(e);
    if (*first) p->counted = t->all[*first].counted = true;
    else *first = i;
    return true;
}

static bool find_counted(struct tree *t, struct error *e) {
    struct name_table seen = {0};
    char **forms = calloc((size_t)t->count + 1, sizeof *forms);
    bool ok = forms || error_memory(e);
    for (uint32_t i = 1; ok && i < t->count; i++) ok = find_twin(t, &seen, &forms[i], i, e);
    for (uint32_t i = 1; ok && i < t->count; i++)
        for (uint32_t up = t->all[i].parent; t->all[i].counted && up != ROOT; up = t->all[up].parent)
            t->all[up].over_counted = true;
    name_table_finish(&seen);
    for (uint32_t i = 0; forms && i < t->count; i++) free(forms[i]);
    free(forms);
    return ok;
}

static bool tree_create(struct tree *t, const struct graph *g, struct error *e) {
    struct name_table known = {0};
    *t = (struct tree){.all = calloc(1, sizeof *t->all),
                       .count = 1,
                       .leaf = calloc(g->layer_count + 1u, sizeof *t->leaf),
                       .layer_count = g->layer_count};
    bool ok = t->all && t->leaf && (t->all[ROOT].name = text_copy(""));
    if (!t->all) t->count = 0;
    if (!ok) error_memory(e);
    for (uint32_t l = 0; ok && l < g->layer_count; l++) ok = add_name(t, &known, g->layers[l].name, l, e);
    ok = ok && find_counted(t, e);
    name_table_finish(&known);
    if (!ok) tree_finish(t);
    return ok;
}

/* Whether that part of a name is a group with all below it. */
static bool is_whole(const struct tree *t, const struct prefix *p) {
    double share = (double)p->layers / t->layer_count;
    if (!p->children) return true;
    if (p->counted) return share <= MOST_COUNTED || !p->over_counted;
    return !p->over_counted && (share <= MOST_UNCOUNTED || p->children < 2);
}

/* The outermost module that is a group, else the name itself. */
static uint32_t find_group(const struct tree *t, uint32_t leaf) {
    uint32_t found = leaf;
    for (uint32_t at = leaf; at != ROOT; at = t->all[at].parent)
        if (is_whole(t, &t->all[at])) found = at;
    return found;
}

/* fnmatch's characters are quoted; what would end a pattern in the list becomes any character. */
static void add_pattern(struct text *out, const char *name, char separator) {
    text_add(out, "%s", out->length ? " " : "");
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (strchr("*?[]\\", c)) text_add(out, "\\%c", c);
        else text_add(out, "%c", c <= ' ' || c == 0x7f || c == ',' ? '?' : c);
    }
    if (separator) text_add(out, "%c*", separator);
}

static char *patterns_of(const struct tree *t, const struct graph *g, const uint32_t *of, uint32_t group,
                         const char *name) {
    static const char separators[] = {0, '.', '/', '_'};
    size_t length = strlen(name);
    struct text out = {0};
    for (size_t s = 0; s < sizeof separators; s++) {
        bool seen = false;
        for (uint32_t l = 0; l < t->layer_count && !seen; l++)
            seen = of[l] == group && g->layers[l].name[length] == separators[s];
        if (seen) add_pattern(&out, name, separators[s]);
    }
    if (!out.failed) return out.data;
    text_finish(&out);
    return NULL;
}

/* The bytes that all names begin with, of whole parts. */
static size_t common_length(const struct graph *g) {
    size_t length = strlen(g->layers[0].name);
    for (uint32_t l = 1; l < g->layer_count; l++) {
        size_t same = 0;
        while (same < length && g->layers[l].name[same] == g->layers[0].name[same]) same++;
        length = same;
    }
    while (length && g->layers[0].name[length - 1] != '.' && g->layers[0].name[length - 1] != '/') length--;
    return length;
}

/* Without what all layers begin with: net.encoder.stages.3 is encoder.stages.3. */
static char *stage_name(const char *prefix, size_t common) {
    char *name = text_copy(strlen(prefix) > common ? prefix + common : prefix);
    for (char *c = name; c && *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ',' || *c == '=') *c = '_';
    return name;
}

/* Groups in the order in which they are met from the output down. */
static bool list_groups(struct tree *t, const struct graph *g, struct layer_groups *out, struct error *e) {
    size_t common = g->layer_count ? common_length(g) : 0;
    for (uint32_t l = g->layer_count; l-- > 0;) {
        struct prefix *p = &t->all[find_group(t, t->leaf[l])];
        if (!p->group) {
            struct layer_group *group = &out->list[out->count];
            *group = (struct layer_group){.name = stage_name(p->name, common), .last = l};
            p->group = ++out->count;
            if (!group->name) return error_memory(e);
        }
        out->of[l] = p->group - 1;
        out->list[p->group - 1].size++;
    }
    for (uint32_t i = 0; i < out->count; i++) {
        struct layer_group *group = &out->list[i];
        const struct prefix *p = &t->all[find_group(t, t->leaf[group->last])];
        group->patterns = patterns_of(t, g, out->of, i, p->name);
        if (!group->patterns) return error_memory(e);
    }
    return true;
}

/* ---- groups that names do not tell ---- */

/* Names without modules (MXNet's conv0, conv1, ...): what stands side by side is a group, called by its first layer. */
static bool list_blocks(const struct graph *g, const uint32_t *first, struct layer_groups *out, struct error *e) {
    size_t common = common_length(g);
    layer_groups_finish(out);
    out->list = calloc(g->layer_count + 1u, sizeof *out->list);
    out->of = calloc(g->layer_count + 1u, sizeof *out->of);
    if (!out->list || !out->of) return error_memory(e);
    for (uint32_t l = g->layer_count; l-- > 0;) {
        uint32_t known = 0;
        while (known < out->count && first[out->list[known].last] != first[l]) known++;
        out->of[l] = known;
        out->list[known].size++;
        if (known < out->count) continue;
        struct layer_group *group = &out->list[out->count++];
        struct text patterns = {0};
        group->last = l;
        group->name = stage_name(g->layers[first[l]].name, common);
        for (uint32_t k = 0; k < g->layer_count; k++)
            if (first[k] == first[l]) add_pattern(&patterns, g->layers[k].name, 0);
        group->patterns = patterns.failed ? NULL : patterns.data;
        if (patterns.failed) text_finish(&patterns);
        if (!group->name || !group->patterns) return error_memory(e);
    }
    return true;
}

static bool find_blocks(const struct graph *g, struct layer_groups *out, struct error *e) {
    uint32_t *first = malloc((g->layer_count + 1u) * sizeof *first), alone = 0;
    bool ok = first ? layers_find_blocks(g, first, e) : error_memory(e);
    for (uint32_t l = 0; ok && l < g->layer_count; l++) alone += first[l] == l;
    ok = ok && (alone == g->layer_count || list_blocks(g, first, out, e));
    free(first);
    return ok;
}

bool layer_groups_create(const struct graph *g, struct layer_groups *out, struct error *e) {
    struct tree tree;
    *out = (struct layer_groups){0};
    if (!tree_create(&tree, g, e)) return false;
    out->list = calloc(g->layer_count + 1u, sizeof *out->list);
    out->of = calloc(g->layer_count + 1u, sizeof *out->of);
    bool ok = (out->list && out->of) || error_memory(e);
    ok = ok && list_groups(&tree, g, out, e);
    if (ok && g->node_count && out->count == g->layer_count) ok = find_blocks(g, out, e);
    tree_finish(&tree);
    if (!ok) layer_groups_finish(out);
    return ok;
}

void layer_groups_finish(struct layer_groups *groups) {
    for (uint32_t i = 0; i < groups->count; i++) {
        free(groups->list[i].name);
        free(groups->list[i].patterns);
    }
    free(groups->list);
    free(groups->of);
    *groups = (struct layer_groups){0};
}

void layer_groups_add_text(const struct layer_groups *groups, const char *between, struct text *out) {
    for (uint32_t i = 0; i < groups->count; i++)
        text_add(out, "%s%s=%s", i ? between : "", groups->list[i].name, groups->list[i].patterns);
}

/* ---- blocks ---- */

/* What a node reads, forward, or who reads it, backward, is marked as the node is, or as its layer begins a mark. */
static void spread(const struct graph *g, const bool *own, bool *below, bool *above) {
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        for (uint32_t k = 0; k < node->input_count; k++) {
            uint32_t v = node->inputs[k], from = v == GRAPH_NONE ? GRAPH_NONE : g->values[v].node;
            if (from != GRAPH_NONE) below[i] = below[i] || own[from] || below[from];
        }
    }
    for (uint32_t i = g->node_count; i-- > 0;)
        for (uint32_t k = 0; k < g->nodes[i].input_count; k++) {
            uint32_t v = g->nodes[i].inputs[k], from = v == GRAPH_NONE ? GRAPH_NONE : g->values[v].node;
            if (from != GRAPH_NONE) above[from] = above[from] || own[i] || above[i];
        }
}

bool layers_find_between(const struct graph *g, const bool *layers, uint32_t *between, struct error *e) {
    bool *own = calloc(3 * ((size_t)g->node_count + 1), sizeof *own);
    *between = GRAPH_NONE;
    if (!own) return error_memory(e);
    bool *below = own + g->node_count + 1, *above = below + g->node_count + 1;
    for (uint32_t l = 0; l < g->layer_count; l++)
        if (layers[l]) own[g->layers[l].node] = true;
    spread(g, own, below, above);
    for (uint32_t l = 0; l < g->layer_count && *between == GRAPH_NONE; l++)
        if (!layers[l] && below[g->layers[l].node] && above[g->layers[l].node]) *between = l;
    free(own);
    return true;
}
