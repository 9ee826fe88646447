/* preprocess_auto.h: preprocessing as the exporter of a network wrote it down. */
#ifndef ASSAY_DATA_PREPROCESS_AUTO_H
#define ASSAY_DATA_PREPROCESS_AUTO_H

#include "data/preprocess.h"

#define PREPROCESS_AUTO "auto"

/* From preprocessor_config.json (Hugging Face transformers) or config.json with pretrained_cfg (timm) in the folder of
 * the file `model`, or in the one above where that folder is called `onnx`. *file, the caller's, is where it was found.
 * What changes pixels and is not known is an error, as is a picture that would not be square. */
bool preprocess_auto(const char *model, struct preprocess *out, char **file, struct error *);

/* The file that it would read, also where that is an error; NULL: none, or no memory. The caller frees. */
char *preprocess_auto_file(const char *model);

/* What is said where there is one and nobody asked for any preprocessing. */
#define PREPROCESS_AUTO_ADVICE                                                                                         \
    "values are taken as they are, but %s says how to prepare them: `preprocess: auto` reads it"

#endif
