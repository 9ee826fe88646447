/* folder.h: folders of pictures, between folder.c and folder_classes.c. */
#ifndef ASSAY_DATA_FOLDER_H
#define ASSAY_DATA_FOLDER_H

#include "data/dataset.h"

/* What of a picture's or folder's name is passed over: what begins with a dot. */
bool folder_is_hidden(const char *name);

/* A folder without labels.csv: one folder for each class (their pictures at any depth), whose names are the labels, or
 * pictures without labels where none are needed. Fills files, labels, classes and class_names. */
bool folder_find_pictures(const char *path, struct dataset *, struct error *);

#endif
