/* remove_folder.c: removes folders whose paths may be longer than any call takes, which nftw() and fts leave. Folders
 * in the folder are moved up into it before they are emptied, so that nothing is deeper than two levels. */
#include "base/remove_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gives the owner all rights on a folder; false for anything else, symbolic links included. */
static bool make_ours(int at, const char *name) {
    struct stat status;
    if (fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) return false;
    fchmodat(at, name, 0700, AT_SYMLINK_NOFOLLOW); /* even if somebody put a link there just now */
    return true;
}

static DIR *open_folder(int at, const char *name) {
    if (!make_ours(at, name)) return NULL;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder && fd >= 0) close(fd);
    return folder;
}

static bool is_itself(const char *name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Into `top`, under a name that is free there. */
static bool move_up(int from, const char *name, int top, unsigned long *number) {
    char fresh[32];
    struct stat status;
    do snprintf(fresh, sizeof fresh, "%lu", (*number)++);
    while (fstatat(top, fresh, &status, AT_SYMLINK_NOFOLLOW) == 0);
    /* Who moves a folder writes into it: its entry `..`. */
    return make_ours(from, name) && renameat(from, name, top, fresh) == 0;
}

/* Removes the files of a folder in `top`, moves up its folders, and removes it. Whether anything changed. */
static bool remove_one(int top, const char *name, unsigned long *number) {
    bool changed = false;
    DIR *folder = open_folder(top, name);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (is_itself(entry->d_name)) continue;
        changed |= unlinkat(dirfd(folder), entry->d_name, 0) == 0 ||
                   unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR) == 0 ||
                   move_up(dirfd(folder), entry->d_name, top, number);
    }
    if (folder) closedir(folder);
    return unlinkat(top, name, AT_REMOVEDIR) == 0 || changed;
}

void remove_folder(const char *path) {
    unsigned long number = 0;
    bool changed = true;
    while (changed) {
        DIR *top = open_folder(AT_FDCWD, path);
        changed = false;
        for (struct dirent *entry; top && (entry = readdir(top));)
            if (!is_itself(entry->d_name))
                changed |=
                    unlinkat(dirfd(top), entry->d_name, 0) == 0 || remove_one(dirfd(top), entry->d_name, &number);
        if (top) closedir(top);
    }
    rmdir(path);
}
