/* scratch_folder.c: folders that are locked while somebody owns them. */
#define _GNU_SOURCE /* renameat2() */
#include "workers/scratch_folder.h"

#include "base/file.h"
#include "base/remove_folder.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNED "assay-locked-" /* nobody makes one without a lock: without one its owner is gone */
#define FRESH "assay-fresh-"  /* not locked yet: never swept */

/* -1: not a folder, or somebody else's, or locked. */
static int lock_folder(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    close(fd);
    return -1;
}

/* Under its name only once it is locked, or a sweep could take it for one that was left. */
static void own(struct scratch_folder *s) {
    char *path = text_format("%s/" OWNED "%s", file_temporary_folder(), s->path + strlen(s->path) - 6);
    s->lock = path ? lock_folder(s->path) : -1;
    if (s->lock >= 0 && renameat2(AT_FDCWD, s->path, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        free(s->path);
        s->path = path;
        return;
    }
    free(path);
}

struct scratch_folder scratch_folder_create(void) {
    struct scratch_folder s = {text_format("%s/" FRESH "XXXXXX", file_temporary_folder()), -1};
    if (s.path && mkdtemp(s.path)) {
        own(&s);
        return s;
    }
    free(s.path);
    return (struct scratch_folder){NULL, -1};
}

void scratch_folder_remove(struct scratch_folder *s) {
    if (s->path) remove_folder(s->path);
    if (s->lock >= 0) close(s->lock);
    free(s->path);
    *s = (struct scratch_folder){NULL, -1};
}

void scratch_folder_sweep(void) {
    const char *folder = file_temporary_folder();
    DIR *all = opendir(folder);
    for (struct dirent *entry; all && (entry = readdir(all));) {
        if (strncmp(entry->d_name, OWNED, strlen(OWNED)) != 0) continue;
        struct scratch_folder left = {text_format("%s/%s", folder, entry->d_name), -1};
        left.lock = left.path ? lock_folder(left.path) : -1;
        if (left.lock >= 0) scratch_folder_remove(&left);
        else free(left.path);
    }
    if (all) closedir(all);
}
