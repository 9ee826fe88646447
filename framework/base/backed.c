/* backed.c: files of at most 128 MiB, as workers have a limit on files, side by side in one mapping. */
#define _GNU_SOURCE /* madvise, MAP_ANONYMOUS, MAP_NORESERVE */
#include "base/backed.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LEAST ((size_t)4 << 20) /* below this a file is not worth its faults */
#define PART ((size_t)128 << 20)

static bool in_memory(const struct statfs *fs) {
    return fs->f_type == TMPFS_MAGIC || fs->f_type == RAMFS_MAGIC;
}

static size_t parts_of(size_t size) {
    return (size + PART - 1) / PART;
}

static size_t part_size(size_t size, size_t part) {
    return size - part * PART < PART ? size - part * PART : PART;
}

/* -1: there is none. Room is taken at once: later a full disk would be a signal. */
static int open_part(size_t size) {
    struct statfs fs;
    char *path = text_format("%s/assay-array-XXXXXX", file_temporary_folder());
    int file = path && file_may_have(size) ? mkstemp(path) : -1;
    if (file >= 0) {
        unlink(path);
        fcntl(file, F_SETFD, FD_CLOEXEC);
        if (fstatfs(file, &fs) != 0 || in_memory(&fs) || posix_fallocate(file, 0, (off_t)size) != 0) {
            close(file);
            file = -1;
        }
    }
    free(path);
    return file;
}

static void close_files(struct backed *b) {
    for (size_t i = 0; i < b->file_count; i++) close(b->files[i]);
    free(b->files);
    b->files = NULL;
    b->file_count = 0;
}

static bool open_files(struct backed *b) {
    const size_t parts = parts_of(b->size);
    b->files = malloc(parts * sizeof *b->files);
    while (b->files && b->file_count < parts) {
        int file = open_part(part_size(b->size, b->file_count));
        if (file < 0) break;
        b->files[b->file_count++] = file;
    }
    if (b->file_count == parts) return true;
    close_files(b);
    return false;
}

/* In place of what is mapped there. */
static bool map_files(const struct backed *b, int protection, int flags) {
    for (size_t i = 0; i < b->file_count; i++)
        if (mmap((char *)b->data + i * PART, part_size(b->size, i), protection, flags | MAP_FIXED, b->files[i], 0) ==
            MAP_FAILED)
            return false;
    return true;
}

static bool create_paged(struct backed *b) {
    if (!open_files(b)) return false;
    b->data = mmap(NULL, b->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b->data != MAP_FAILED && map_files(b, PROT_READ | PROT_WRITE, MAP_SHARED)) return true;
    if (b->data != MAP_FAILED) munmap(b->data, b->size);
    b->data = NULL;
    close_files(b);
    return false;
}

bool backed_create(size_t size, struct backed *b, struct error *e) {
    *b = (struct backed){.size = size};
    b->paged = size >= LEAST && create_paged(b);
    if (!b->paged) b->data = malloc(size + 1);
    return b->data || error_memory(e);
}

bool backed_seal(struct backed *b, struct error *e) {
    bool ok = !b->paged || map_files(b, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE);
    close_files(b);
    return ok || error_set(e, "cannot map %zu bytes of a file again", b->size);
}

/* Linux maps what lies around a page that is wanted, too: 64 KiB (fault_around_bytes), or what it reads as one. */
#define AROUND ((uintptr_t)262144)

void backed_release(const struct backed *b, const void *from, size_t bytes) {
    if (!b->paged || !bytes) return;
    const uintptr_t first = (uintptr_t)b->data, last = first + b->size, wanted = (uintptr_t)from;
    const uintptr_t start = wanted / AROUND * AROUND, end = (wanted + bytes + AROUND - 1) / AROUND * AROUND;
    char *at = (char *)b->data + (start > first ? start - first : 0);
    madvise(at, (end < last ? end : last) - (uintptr_t)at, MADV_DONTNEED);
}

void backed_destroy(struct backed *b) {
    if (b->paged) munmap(b->data, b->size);
    else free(b->data);
    close_files(b);
    *b = (struct backed){.data = NULL};
}

size_t backed_resident(size_t size) {
    struct statfs fs;
    return size >= LEAST && statfs(file_temporary_folder(), &fs) == 0 && !in_memory(&fs) ? 0 : size;
}
