/* shared.c: shared mappings without a file, and of files in memory. */
#define _GNU_SOURCE /* memfd_create; MAP_ANONYMOUS: in POSIX since 2024, in every system long before */
#include "base/shared.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *shared_create(size_t size, struct error *e) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    error_set(e, "cannot share %zu bytes of memory between processes: %s", size, strerror(errno));
    return NULL;
}

void shared_destroy(void *memory, size_t size) {
    if (memory) munmap(memory, size);
}

size_t shared_page(void) {
    long page = sysconf(_SC_PAGESIZE);
    return page > 0 ? (size_t)page : 4096;
}

bool shared_file_create(size_t size, struct shared_file *out, struct error *e) {
    char path[64];
    *out = (struct shared_file){-1, -1};
    if (!file_may_have(size)) return error_set(e, "cannot share %zu bytes: the limit on file size is lower", size);
    out->write = memfd_create("assay", MFD_CLOEXEC);
    if (out->write >= 0 && ftruncate(out->write, (off_t)size) == 0) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", out->write);
        out->read = open(path, O_RDONLY | O_CLOEXEC);
        if (out->read >= 0) return true;
    }
    error_set(e, "cannot share %zu bytes between processes: %s", size, strerror(errno));
    shared_file_close(out);
    return false;
}

void shared_file_close(struct shared_file *file) {
    if (file->write >= 0) close(file->write);
    if (file->read >= 0) close(file->read);
    *file = (struct shared_file){-1, -1};
}

size_t shared_file_used(const struct shared_file *file) {
    struct stat there;
    return fstat(file->read, &there) == 0 ? (size_t)there.st_blocks * 512 : 0;
}

void *shared_file_map(const struct shared_file *file, size_t offset, size_t size, bool writable, struct error *e) {
    void *memory = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                        writable ? file->write : file->read, (off_t)offset);
    if (memory != MAP_FAILED) return memory;
    error_set(e, "cannot map %zu bytes of shared memory: %s", size, strerror(errno));
    return NULL;
}
