/* remove_folder.h: a folder and all that is in it, however deep. */
#ifndef ASSAY_BASE_REMOVE_FOLDER_H
#define ASSAY_BASE_REMOVE_FOLDER_H

/* Removes what it can; whether all of it is gone is for access() to say. Symbolic links are removed, not followed.
 * Whoever else writes into the folder must have ended. */
void remove_folder(const char *path);

#endif
