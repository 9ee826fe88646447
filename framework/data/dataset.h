/* dataset.h: labelled samples from a named source, preprocessed on the way out. */
#ifndef ASSAY_DATA_DATASET_H
#define ASSAY_DATA_DATASET_H

#include "base/error.h"
#include "base/file.h"
#include "base/shape.h"
#include "base/token_table.h"
#include "base/text.h"
#include "data/class_names.h"
#include "data/preprocess.h"

/* Sources, as written in a battery or on the command line (README: data sources):
 *   idx:IMAGES,LABELS            IDX files, plain or gzipped
 *   csv:FILE[,label=A][,ignore=B] numeric columns and one label column (default: the one named label, target or class,
 *                                else the last); text labels become classes in sorted order. Of real targets and of
 *                                several labels there may be more: csv:FILE,label=A,label=B
 *   folder:DIR                   JPEG and PNG files, named with their classes by DIR/labels.csv (columns file and
 *                                label, target or class), or in a folder for each class, or without labels
 *   sequence:FILE                CSV with the columns sequence (letters A C G T, or U; N: any) and label, target or
 *                                class: one-hot samples of 4 x length, all of one length
 *   npy:INPUTS[,LABELS]          NumPy arrays: inputs N x F, N x H x W or N x C x H x W (or N x H x W x C of 1 or 3
 *                                channels), labels N or N x 1; of real targets and several labels N x T
 *   npz:FILE                     the same in one file, named inputs and labels, or x and y
 *   cifar10:FILE[,FILE...]       the binary version of CIFAR-10
 * Pictures of a folder are decoded, resized and cropped when a sample is asked for. The rows of a CSV file of more than
 * 64 MiB are looked at once and read again when they are asked for. Of other sources, what stays in memory is bytes of
 * the samples. Presets of preprocessing: preprocess.h. */

struct dataset_file {
    char *path;
    size_t line;   /* of the list */
    uint64_t mark; /* of the file as it was found: another one later is an error */
};

/* The label of samples that have none. */
#define DATASET_NO_LABEL UINT32_MAX

/* What labels are read as: classes; real targets of a regression; or of each label whether it is there, 0 or 1. */
enum label_kind { LABELS_CLASSES, LABELS_VALUES, LABELS_FLAGS };

struct dataset {
    uint32_t count;
    struct shape sample;           /* C x H x W, C x L, or F (base/layout.h) */
    uint32_t classes;              /* largest label + 1, the number of words, or of names; 0 without labels */
    uint8_t *bytes;                /* [count][sample] as stored, or NULL */
    float *values;                 /* [count][sample] where the source is not bytes, or NULL */
    struct dataset_file *files;    /* [count] pictures that are decoded when asked for; then neither bytes nor values */
    char *list;                    /* the file that names them */
    struct csv_rows *rows;         /* of a large CSV file, which is read when a sample is asked for; then no values */
    char digest[FILE_DIGEST_SIZE]; /* of a CSV file, as it was read; "" of others */
    uint32_t *labels;              /* [count] */
    bool unlabelled;               /* every label is DATASET_NO_LABEL: there are none, or `targets` in their place */
    enum label_kind labels_as;     /* as they were asked for */
    const char *ignore;            /* while it is loaded: columns of a CSV file to be left out, or NULL */
    float *targets;                /* [count][target_count] of LABELS_VALUES and LABELS_FLAGS, or NULL */
    uint32_t target_count;
    char **target_names; /* [target_count] of their columns, or NULL */
    char **class_names;  /* [classes] words without names, in sorted order; else NULL */
    uint32_t named;      /* classes of the names it was loaded with; 0: none */
    char **columns;      /* [elements of a sample] names of features, or NULL */
    size_t column_count;
    struct preprocess preprocess;
    struct text notes; /* what was decided without being asked, a line each: to be shown once */

    /* Tokens: values are numbers of rows, [count][token_count]; a sample is dimensions x length of the table. */
    const float *table; /* borrowed; NULL: no tokens */
    size_t token_count;

    /* While it is loaded; borrowed. */
    const struct class_names *names; /* or NULL */
    const char *labels_for;          /* see the request */
};

/* What data are loaded for. */
struct dataset_request {
    const struct preprocess *preprocess;
    const struct class_names *names; /* words of labels are looked up in these; NULL or without a name: none */
    const char *labels_for; /* what labels are needed for, in words; NULL: for nothing, and pictures may have none */
    uint32_t channels;      /* of the network's input; 1: photographs become grey; 0: not known */
    enum label_kind labels_as;
    const char *ignore; /* columns of a CSV file to be left out, as in csv_options.h; NULL: none */
};

bool dataset_load_for(const char *source, const struct dataset_request *, struct dataset **out, struct error *);
/* Without names; labels are needed. */
bool dataset_load(const char *source, const char *preset, struct dataset **out, struct error *);
bool dataset_load_with(const char *source, const struct preprocess *, struct dataset **out, struct error *);
void dataset_destroy(struct dataset *);

/* out[sample]: sample `index` (< count), preprocessed. Fails only where a file has to be read. */
bool dataset_sample(const struct dataset *, uint32_t index, float *out, struct error *);

/* Sample i becomes what sample indices[i] (< count) is, for n of them, and the memory of the rest is free again: every
 * process that is started would have to take it along. Pictures of a folder cannot be cut so. Out of memory it stays as
 * it was. */
bool dataset_keep(struct dataset *, const uint32_t *indices, uint32_t n, struct error *);

/* Flat samples become samples of that shape, which has as many elements; others stay what they are. True. */
bool dataset_take_shape(struct dataset *, const struct shape *);

/* Samples of numbers of tokens become the rows of these, dimensions x length, borrowed as long as the data lives;
 * behind the last number comes token 0 up to the length. False, naming sample and place, where a value is no number of
 * a row, or where there are too many. */
bool dataset_embed(struct dataset *, const struct token_table *, const char *source, struct error *);
/* Of such data: the number at a position below the length. */
size_t dataset_token(const struct dataset *, uint32_t index, size_t position);

/* Adds a line to the notes. Out of memory it is left out. */
void dataset_note(struct dataset *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False, naming the first sample, when a label is not below `outputs`, the classes of a model, or when words without
 * names are not as many. */
bool dataset_check_labels(const struct dataset *, const char *source, uint32_t outputs, struct error *);

/* The same of real targets and several labels: one for each of `outputs`. `index` is the output that was picked of
 * several, or UINT32_MAX: where there are targets of more outputs, the one of that number is kept, which is noted. */
bool dataset_check_targets(struct dataset *, const char *source, uint32_t outputs, uint32_t index, struct error *);

/* False, naming a word, when the labels of two sources are words that are not the same classes. */
bool dataset_same_words(const struct dataset *, const char *source, const struct dataset *other,
                        const char *other_source, struct error *);

#endif
