/* scratch_folder.h: the one folder that foreign code may write to, in $TMPDIR or /tmp. It goes with its child. Where
 * the whole program was killed, the next one that starts removes it: who owns a folder holds a lock on it, which the
 * kernel lets go with the process. Only folders of a name that none has who does not lock are removed. */
#ifndef ASSAY_WORKERS_SCRATCH_FOLDER_H
#define ASSAY_WORKERS_SCRATCH_FOLDER_H

struct scratch_folder {
    char *path; /* NULL: there is none */
    int lock;   /* of the folder, closed on exec; -1 where the file system has no locks: then nobody else removes it */
};

/* Without a folder when none can be made. scratch_folder_remove() in any case. */
struct scratch_folder scratch_folder_create(void);
/* Removes it and all that is in it; its processes must have ended. */
void scratch_folder_remove(struct scratch_folder *);
/* Removes folders of this user's programs that were killed. */
void scratch_folder_sweep(void);

#endif
