/* select_read.c: candidates are read in batches, decoded and classified. Samples that are the same bytes are classified
 * once, and pictures among them decoded once. */
#include "experiment/selector.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LEAST 10u /* candidates predicted at once */
#define BATCH_MOST 100u

/* Of candidates that may turn out to be wrong some more are predicted than are wanted. */
uint32_t selector_batch(const struct selector *s) {
    uint32_t least = s->only_correct ? BATCH_LEAST : 1;
    return s->wanted < least ? least : s->wanted > BATCH_MOST ? BATCH_MOST : s->wanted;
}

bool selector_reach(struct selector *s, uint32_t k, struct error *e) {
    if (k < s->candidates) return true;
    uint32_t count = s->run->data->count, wanted = k < count / 2 ? 2 * (k + 1) : count;
    if (wanted < SELECTOR_READ_ALL) wanted = SELECTOR_READ_ALL < count ? SELECTOR_READ_ALL : count;
    struct candidate *more = realloc(s->candidate, wanted * sizeof *more);
    if (!more) return error_memory(e);
    memset(more + s->candidates, 0, (wanted - s->candidates) * sizeof *more);
    s->candidate = more;
    s->candidates = wanted;
    return true;
}

/* A file by its path, anything else by its number. */
static bool not_finite(struct selector *s, uint32_t sample, float logit, struct error *e) {
    const struct dataset *d = s->run->data;
    char number[32] = "";
    s->run->logits_broken = true;
    if (!d->files) snprintf(number, sizeof number, ": sample %u", sample);
    return error_set(e,
                     "%s%s: the network's logits are not finite (%s): nothing can be explained there; check the model "
                     "and the preprocessing",
                     d->files ? d->files[sample].path : s->run->battery->data_source, number,
                     isnan(logit) ? "nan" : "infinite");
}

/* ---- the same bytes ---- */

/* What the candidate is read from: the bytes of its picture, so that a repetition need not be decoded; else its values,
 * which are then in x. */
static bool source_hash(const struct selector *s, uint32_t k, float *x, uint64_t *hash, struct error *e) {
    const struct dataset *d = s->run->data;
    const uint32_t sample = s->order[k];
    uint8_t *bytes;
    size_t size;
    if (!d->files) {
        if (!dataset_sample(d, sample, x, e)) return false;
        *hash = bytes_hash_wide(x, s->size * sizeof *x);
        return true;
    }
    if (!file_read(d->files[sample].path, &bytes, &size, e)) return false;
    *hash = bytes_hash_wide(bytes, size);
    free(bytes);
    return true;
}

static struct source_slot *find_slot(struct source_slot *slots, size_t count, uint64_t hash) {
    size_t at = (size_t)hash & (count - 1);
    while (slots[at].candidate && slots[at].hash != hash) at = (at + 1) & (count - 1);
    return &slots[at];
}

/* At most half of the slots are taken. */
static bool grow_slots(struct selector *s) {
    if (2 * s->slots_taken < s->slots) return true;
    const size_t slots = s->slots ? 2 * s->slots : 2048;
    struct source_slot *bigger = calloc(slots, sizeof *bigger);
    if (!bigger) return false;
    for (size_t i = 0; i < s->slots; i++)
        if (s->slot[i].candidate) *find_slot(bigger, slots, s->slot[i].hash) = s->slot[i];
    free(s->slot);
    s->slot = bigger;
    s->slots = slots;
    return true;
}

/* The first candidate with that hash, which may be this one. */
static bool note_source(struct selector *s, uint32_t k, uint64_t hash, struct error *e) {
    if (!grow_slots(s)) return error_memory(e);
    struct source_slot *slot = find_slot(s->slot, s->slots, hash);
    if (!slot->candidate) {
        *slot = (struct source_slot){hash, k + 1};
        s->slots_taken++;
    }
    s->candidate[k].same = slot->candidate - 1;
    return true;
}

/* ---- batches ---- */

/* The candidates of the next batch. Those of data with targets are kept in their order. */
static bool choose(struct selector *s, uint32_t k, bool (*open)(const struct selector *, uint32_t), uint32_t *n,
                   uint32_t *chosen, struct error *e) {
    const uint32_t most = selector_batch(s), count = s->run->data->count;
    const bool all = k < SELECTOR_READ_ALL || !s->has_classes;
    for (*n = 0; k < count && *n < most; k++) {
        if (!selector_reach(s, k, e)) return false;
        if (!s->candidate[k].read && (all || *n == 0 || open(s, k))) chosen[(*n)++] = k;
    }
    return true;
}

/* Values of the candidates that are not the same as one before them: those are the batch. */
static bool load(struct selector *s, uint32_t n, const uint32_t *chosen, struct error *e) {
    s->count = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t k = chosen[i];
        float *x = s->x + s->count * s->size;
        uint64_t hash = 0;
        if (!source_hash(s, k, x, &hash, e) || !note_source(s, k, hash, e)) return false;
        if (s->candidate[k].same != k) continue;
        if (s->run->data->files && !dataset_sample(s->run->data, s->order[k], x, e)) return false;
        s->batch[s->count++] = k;
    }
    return true;
}

static bool make_room(struct selector *s, uint32_t n, struct error *e) {
    float *x = realloc(s->x, n * s->size * sizeof *x);
    if (x) s->x = x;
    uint32_t *batch = realloc(s->batch, n * sizeof *batch);
    if (batch) s->batch = batch;
    return (x && batch) || error_memory(e);
}

static bool classify(struct selector *s, struct error *e) {
    const uint32_t classes = net_graph(s->net)->classes;
    if (s->count && !net_forward(s->net, s->count, s->x, s->logits, e)) return false;
    for (uint32_t i = 0; i < s->count; i++) {
        const float *logits = s->logits + (size_t)i * classes;
        for (uint32_t c = 0; c < classes; c++)
            if (!isfinite(logits[c])) return not_finite(s, s->order[s->batch[i]], logits[c], e);
        s->candidate[s->batch[i]].predicted = net_class(logits, classes);
    }
    return true;
}

/* What the network says of candidates one behind the other, where the data have numbers for it. */
static bool keep(struct selector *s, uint32_t n, const uint32_t *chosen, struct error *e) {
    const size_t outputs = net_graph(s->net)->classes;
    if (!s->run->data->targets || !n) return true;
    float *kept = realloc(s->kept, (chosen[0] + n) * outputs * sizeof *kept);
    if (!kept) return error_memory(e);
    s->kept = kept;
    for (uint32_t i = 0, at = 0; i < n; i++) {
        const uint32_t k = chosen[i], same = s->candidate[k].same;
        const float *from = same == k ? s->logits + at++ * outputs : kept + same * outputs;
        memcpy(kept + k * outputs, from, outputs * sizeof *kept);
    }
    return true;
}

bool selector_read(struct selector *s, uint32_t k, bool (*open)(const struct selector *, uint32_t), struct error *e) {
    uint32_t n = 0, chosen[BATCH_MOST];
    if (!choose(s, k, open, &n, chosen, e) || !make_room(s, n, e) || !load(s, n, chosen, e) || !classify(s, e) ||
        !keep(s, n, chosen, e))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        struct candidate *c = &s->candidate[chosen[i]];
        c->predicted = s->candidate[c->same].predicted;
        c->read = true;
    }
    while (s->known < s->candidates && s->candidate[s->known].read) s->known++;
    return true;
}

bool selector_sample(const struct selector *s, uint32_t k, float *out, struct error *e) {
    uint32_t at = 0;
    while (at < s->count && s->batch[at] != k) at++;
    if (at == s->count) return dataset_sample(s->run->data, s->order[k], out, e);
    memcpy(out, s->x + at * s->size, s->size * sizeof *out);
    return true;
}
