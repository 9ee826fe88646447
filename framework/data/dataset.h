/* dataset.h: labelled samples from a named source, preprocessed on the way out. */
#ifndef ASSAY_DATA_DATASET_H
#define ASSAY_DATA_DATASET_H

#include "base/error.h"
#include "base/shape.h"
#include "base/token_table.h"
#include "data/preprocess.h"

/* Sources, as written in a battery or on the command line (README: data sources):
 *   idx:IMAGES,LABELS            IDX files, plain or gzipped
 *   csv:FILE[,label=COLUMN]      numeric columns and one label column (default: the one named label, target or
 *                                class, else the last); text labels become classes in sorted order
 *   folder:DIR                   JPEG and PNG files, named with their classes by DIR/labels.csv (columns file and
 *                                label, target or class)
 *   sequence:FILE                CSV with the columns sequence (letters A C G T, or U; N: any) and label, target or
 *                                class: one-hot samples of 4 x length, all of one length
 *   cifar10:FILE[,FILE...]       the binary version of CIFAR-10
 * Pictures of a folder are decoded, resized and cropped when a sample is asked for; of other sources, what stays in
 * memory is bytes of the samples. Presets of preprocessing: preprocess.h. */

struct dataset_file {
    char *path;
    size_t line; /* of the list */
};

struct dataset {
    uint32_t count;
    struct shape sample;        /* C x H x W, C x L, or F (base/layout.h) */
    uint32_t classes;           /* largest label + 1 */
    uint8_t *bytes;             /* [count][sample] as stored, or NULL */
    float *values;              /* [count][sample] where the source is not bytes, or NULL */
    struct dataset_file *files; /* [count] pictures that are decoded when asked for; then neither bytes nor values */
    char *list;                 /* the file that names them */
    uint32_t *labels;           /* [count] */
    char **class_names;         /* [classes], or NULL when labels are numbers */
    char **columns;             /* [elements of a sample] names of features, or NULL */
    size_t column_count;
    struct preprocess preprocess;
    /* Tokens: values are numbers of rows, [count][token_count]; a sample is dimensions x length of the table. */
    const float *table; /* borrowed; NULL: no tokens */
    size_t token_count;
};

bool dataset_load(const char *source, const char *preset, struct dataset **out, struct error *);
bool dataset_load_with(const char *source, const struct preprocess *, struct dataset **out, struct error *);
void dataset_destroy(struct dataset *);

/* out[sample]: sample `index` (< count), preprocessed. Fails only where a file has to be read. */
bool dataset_sample(const struct dataset *, uint32_t index, float *out, struct error *);

/* Flat samples become samples of that shape, which has as many elements; others stay what they are. True. */
bool dataset_take_shape(struct dataset *, const struct shape *);

/* Samples of numbers of tokens become the rows of these, dimensions x length, borrowed as long as the data lives;
 * behind the last number comes token 0 up to the length. False, naming sample and place, where a value is no number of
 * a row, or where there are too many. */
bool dataset_embed(struct dataset *, const struct token_table *, const char *source, struct error *);

/* False, naming the first sample, when a label is not below `outputs`, the classes of a model. */
bool dataset_check_labels(const struct dataset *, const char *source, uint32_t outputs, struct error *);

#endif
