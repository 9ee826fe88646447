/* numpy.c: inputs and labels as NumPy arrays, in files of their own (.npy) or in one (.npz, through libzip). */
#include "base/file.h"
#include "base/npy.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/targets.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* An array, and what it is called in messages. */
struct numpy {
    char *name;
    struct npy_array array;
};

static void numpy_finish(struct numpy *n) {
    free(n->name);
    free(n->array.values);
}

/* ---- Inputs ---- */

static bool is_channels(size_t n) {
    return n == 1 || n == 3;
}

/* Keras and TensorFlow keep pictures as N x H x W x C. */
static bool is_channels_last(const struct shape *all) {
    return all->rank == 4 && is_channels(all->dim[3]) && !is_channels(all->dim[1]);
}

/* n x H x W are pictures of one channel; n x F are features. */
static struct shape sample_of(const struct shape *all) {
    struct shape sample = {0};

    if (is_channels_last(all)) return (struct shape){3, {all->dim[3], all->dim[1], all->dim[2]}};
    if (all->rank == 3) sample.dim[sample.rank++] = 1;
    for (uint32_t i = 1; i < all->rank; i++) sample.dim[sample.rank++] = all->dim[i];
    return sample;
}

/* Where element i of a sample C x H x W lies in H x W x C. */
static size_t source_of(const struct shape *sample, size_t i) {
    size_t plane = sample->dim[1] * sample->dim[2];
    return i % plane * sample->dim[0] + i / plane;
}

static bool put_values(struct dataset *d, const struct npy_array *a, struct error *e) {
    size_t size = shape_count(&d->sample), count = size * d->count;
    bool last = is_channels_last(&a->shape);

    if (a->is_bytes) d->bytes = malloc(count);
    else d->values = malloc(count * sizeof *d->values);
    if (!d->bytes && !d->values) return error_memory(e);
    for (size_t i = 0; i < count; i++) {
        float value = a->values[last ? i / size * size + source_of(&d->sample, i % size) : i];
        if (a->is_bytes) d->bytes[i] = (uint8_t)value;
        else d->values[i] = value;
    }
    return true;
}

static bool take_inputs(const struct numpy *x, struct dataset *d, struct error *e) {
    const struct shape *shape = &x->array.shape;
    size_t count = shape_count(shape);
    char text[128];

    if (shape->rank < 2 || shape->rank > 5 || count == 0 || count == SIZE_MAX || shape->dim[0] >= UINT32_MAX)
        return error_set(e,
                         "%s: shape %s: samples x features, samples x height x width, samples x channels x height x "
                         "width or samples x channels x depth x height x width wanted",
                         x->name, shape_text(shape, text, sizeof text));
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x->array.values[i]))
            return error_set(e, "%s: sample %zu, element %zu is %g: a finite number wanted", x->name,
                             i / (count / shape->dim[0]), i % (count / shape->dim[0]), (double)x->array.values[i]);
    d->count = (uint32_t)shape->dim[0];
    d->sample = sample_of(shape);
    if (is_channels_last(shape))
        dataset_note(d, "%s: shape %s: channels are taken to be the last and are put first", x->name,
                     shape_text(shape, text, sizeof text));
    return put_values(d, &x->array, e);
}

/* ---- Labels ---- */

static bool take_labels(const struct numpy *y, struct dataset *d, struct error *e) {
    const struct shape *shape = &y->array.shape;
    char text[128];
    bool column = shape->rank == 2 && shape->dim[1] == 1;

    if (d->labels_as != LABELS_CLASSES) return targets_from_array(y->name, shape, y->array.values, d, e);
    if (shape->rank == 2 && !column)
        return error_set(
            e,
            "%s: shape %s: one label for each sample wanted (one-hot rows: numpy.argmax(a, 1); several labels or real "
            "targets: task multi-label or regression)",
            y->name, shape_text(shape, text, sizeof text));
    if ((shape->rank != 1 && !column) || shape->dim[0] != d->count)
        return error_set(e, "%s: shape %s: %u labels wanted, one for each sample", y->name,
                         shape_text(shape, text, sizeof text), d->count);
    d->labels = malloc(d->count * sizeof *d->labels);
    if (!d->labels) return error_memory(e);
    for (uint32_t i = 0; i < d->count; i++) {
        double value = (double)y->array.values[i];
        if (!source_put_label(d, i, value))
            return error_set(e, "%s: sample %u: label %.9g: a whole number from 0 to %u wanted%s", y->name, i, value,
                             SOURCE_CLASSES_MAX - 1, SOURCE_REGRESSION_HINT);
    }
    return true;
}

static bool leave_unlabelled(const char *path, const char *remedy, struct dataset *d, struct error *e) {
    if (d->labels_for) return error_set(e, "%s: no labels: %s (labels are needed for %s)", path, remedy, d->labels_for);
    return source_leave_unlabelled(d, d->count, e);
}

/* ---- .npy ---- */

static bool read_array(const char *path, struct numpy *out, struct error *e) {
    out->name = text_copy(path);
    return out->name ? npy_load(path, &out->array, e) : error_memory(e);
}

bool npy_source_load(const char *inputs, const char *labels, struct dataset *d, struct error *e) {
    struct numpy x = {0}, y = {0};
    bool ok = read_array(inputs, &x, e) && take_inputs(&x, d, e);

    if (labels) ok = ok && read_array(labels, &y, e) && take_labels(&y, d, e);
    else ok = ok && leave_unlabelled(inputs, "npy:INPUTS,LABELS wanted", d, e);
    numpy_finish(&x);
    numpy_finish(&y);
    return ok;
}

/* ---- .npz ---- */

/* The first that is there; both of a pair. */
static const struct {
    const char *inputs, *labels;
} member_names[] = {
    {"inputs.npy", "labels.npy"}, {"x.npy", "y.npy"},           {"X.npy", "y.npy"},
    {"images.npy", "labels.npy"}, {"x_test.npy", "y_test.npy"},
};
#define MEMBERS_WANTED "arrays inputs and labels, or x and y, wanted (numpy.savez(file, inputs=a, labels=b))"

struct archive {
    zip_t *zip;
    const char *path;
    uint64_t size; /* of the file: what a member says of itself must fit in it */
};

/* A member of the size that it declares; zip files pack at most as deflate does. */
static bool read_member(const struct archive *a, const char *member, struct numpy *out, struct error *e) {
    const char *path = a->path;
    zip_stat_t status;
    zip_file_t *file = zip_fopen(a->zip, member, 0);
    uint8_t *bytes = NULL;
    bool ok = file && zip_stat(a->zip, member, 0, &status) == 0 && status.valid & ZIP_STAT_SIZE;

    if (!ok) error_set(e, "%s: %s: %s", path, member, zip_strerror(a->zip));
    if (ok && status.comp_size > a->size)
        ok = error_set(e, "%s: %s: %llu bytes in a file of %llu: a whole file wanted", path, member,
                       (unsigned long long)status.comp_size, (unsigned long long)a->size);
    if (ok && status.comp_size < status.size / 1032) /* more than deflate can make of them */
        ok = error_set(e, "%s: %s: %llu bytes from %llu: a whole file wanted", path, member,
                       (unsigned long long)status.size, (unsigned long long)status.comp_size);
    if (ok) ok = (bytes = malloc(status.size + 1)) || error_memory(e);
    if (ok && (zip_fread(file, bytes, status.size) != (zip_int64_t)status.size ||
               zip_fread(file, bytes + status.size, 1) != 0)) /* at the end the check sum is looked at */
        ok = error_set(e, "%s: %s: %s: a whole file wanted", path, member, zip_file_strerror(file));
    if (ok) ok = (out->name = text_format("%s: %.*s", path, (int)strlen(member) - 4, member)) || error_memory(e);
    if (ok) ok = npy_decode(out->name, bytes, status.size, &out->array, e);
    free(bytes);
    if (file) zip_fclose(file);
    return ok;
}

static bool no_inputs(zip_t *zip, const char *path, struct error *e) {
    struct text names = {0};
    zip_int64_t count = zip_get_num_entries(zip, 0);

    for (zip_int64_t i = 0; i < count && i < 8; i++) {
        const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
        text_add(&names, "%s%s", i ? ", " : "", excerpt_of(name ? name : "?").text);
    }
    if (names.failed) error_memory(e);
    else error_set(e, "%s: holds %s: " MEMBERS_WANTED, path, names.data ? names.data : "nothing");
    text_finish(&names);
    return false;
}

static bool load_members(const struct archive *a, struct dataset *d, struct error *e) {
    zip_t *zip = a->zip;
    struct numpy x = {0}, y = {0};
    size_t i = 0, n = sizeof member_names / sizeof *member_names;

    while (i < n && zip_name_locate(zip, member_names[i].inputs, 0) < 0) i++;
    if (i == n) return no_inputs(zip, a->path, e);
    bool ok = read_member(a, member_names[i].inputs, &x, e) && take_inputs(&x, d, e);
    if (zip_name_locate(zip, member_names[i].labels, 0) < 0) ok = ok && leave_unlabelled(a->path, MEMBERS_WANTED, d, e);
    else ok = ok && read_member(a, member_names[i].labels, &y, e) && take_labels(&y, d, e);
    numpy_finish(&x);
    numpy_finish(&y);
    return ok;
}

bool npz_load(const char *path, struct dataset *d, struct error *e) {
    int code = 0, file = file_open(path, e);
    struct stat status;

    if (file < 0) return false;
    if (fstat(file, &status) != 0) {
        close(file);
        return error_set(e, "%s: %s", path, strerror(errno));
    }
    zip_t *zip = zip_fdopen(file, 0, &code);
    if (!zip) {
        close(file);
        zip_error_t why;
        zip_error_init_with_code(&why, code);
        error_set(e, "%s: %s: a file of numpy.savez wanted", path, zip_error_strerror(&why));
        zip_error_fini(&why);
        return false;
    }
    bool ok = load_members(&(struct archive){zip, path, (uint64_t)status.st_size}, d, e);
    zip_discard(zip);
    return ok;
}
