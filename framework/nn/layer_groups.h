/* layer_groups.h: which layers of a deep network belong together: the modules that their names tell. */
#ifndef ASSAY_NN_LAYER_GROUPS_H
#define ASSAY_NN_LAYER_GROUPS_H

#include "base/text.h"
#include "nn/graph.h"

/* Groups of layers by the prefixes of their names, from the output down. A name's parts end at '.', at '/', and at '_'
 * behind a number. A group is the outermost module that is counted (layer4, stages.3, blocks.11, block2a), that is, one
 * beside which there is another of the same name but for its numbers; of layers outside of those the outermost module
 * that holds none of them (head, embeddings). A module that holds nearly everything is looked into. Where names tell
 * nothing, so that every layer would be a group, groups are what stands side by side (layer_blocks.h). */
struct layer_groups {
    struct layer_group {
        char *name;          /* fit for a list of groups: without blanks, ',' and '=' */
        char *patterns;      /* as of fnmatch(3), one blank between two: they match its layers and no others */
        uint32_t size, last; /* how many layers; which of them is nearest to the output */
    } * list;
    uint32_t count;
    uint32_t *of; /* [layer_count] the group of each layer */
};

bool layer_groups_create(const struct graph *, struct layer_groups *out, struct error *);
void layer_groups_finish(struct layer_groups *); /* also of a zeroed one */

/* As the option `groups` of a control reads them, "NAME=PATTERN PATTERN", with that text between two. */
void layer_groups_add_text(const struct layer_groups *, const char *between, struct text *);

/* A layer outside of the set that lies between two of its layers: some value of the one depends on it, and it on
 * the other. GRAPH_NONE: there is none, so that the set is a block of the network. layers[layer_count]. */
bool layers_find_between(const struct graph *, const bool *layers, uint32_t *between, struct error *);

#endif
