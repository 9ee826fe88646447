/* inject.c: loaded before a program (LD_PRELOAD), makes one call to the C library fail.
 *
 *   FAULT_KIND   what is counted: alloc, write, open or process (the table below)
 *   FAULT_AT     the number of the call that fails, from 1; 0: none, they are counted
 *   FAULT_TIMES  how often a call from the same place is counted, from 1; 0: always. A place is a stack of calls:
 *                where memory is asked for a hundred times in a loop, the first times say what the others would
 *   FAULT_LOG    the file that takes one line at the end ("calls N"), and where the failure came from
 *
 * Calls are counted over all processes of a run, from the moment that all libraries are loaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum kind { NONE, ALLOC, WRITE, OPEN, PROCESS };

static const char *const kinds[] = {"none", "alloc", "write", "open", "process"};
static enum kind chosen;
static long fault_at, fault_times;
static int log_fd = -1;
static pid_t first_process;
enum { PLACES = 1 << 18, FRAMES = 24, NAMED = 10 }; /* NAMED: frames that name a place */

/* Shared by all processes. */
struct shared {
    atomic_long calls;
    atomic_long failed; /* the process it failed in, whose log may be closed */
    struct {
        _Atomic uint64_t name; /* 0: free */
        atomic_long times;
    } places[PLACES]; /* by open addressing */
};
static struct shared *shared; /* NULL: not counting yet */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

/* Without a word from stdio, which allocates. */
static void say(const char *text, long number) {
    char line[64];
    int n = snprintf(line, sizeof line, "%s %ld\n", text, number);
    syscall(SYS_write, log_fd, line, (size_t)n);
}

/* The same in every process, wherever a library lies there: FNV-1a over places in their libraries. */
static uint64_t stack_name(void *const *frames, int count) {
    uint64_t name = 14695981039346656037u;
    for (int k = 0; k < count; k++) {
        struct dl_find_object found;
        uint64_t at = (uint64_t)(uintptr_t)frames[k];
        if (_dl_find_object(frames[k], &found) == 0) at -= (uint64_t)(uintptr_t)found.dlfo_map_start;
        name = (name ^ at) * 1099511628211u;
    }
    return name ? name : 1;
}

/* How often there was a call from there, this one included. */
static long times_of(uint64_t name) {
    for (size_t tried = 0, k = name % PLACES; tried < PLACES; tried++, k = (k + 1) % PLACES) {
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&shared->places[k].name, &there, name) || there == name)
            return atomic_fetch_add(&shared->places[k].times, 1) + 1;
    }
    return 1; /* more places than there is room for: each counts */
}

static bool fails(enum kind kind, int error) {
    struct shared *counters = shared;
    void *frames[FRAMES];
    if (kind != chosen || !counters) return false;
    if (fault_times && times_of(stack_name(frames, backtrace(frames, NAMED))) > fault_times) return false;
    if (atomic_fetch_add(&counters->calls, 1) + 1 != fault_at) return false;
    shared = NULL; /* what follows is not counted */
    atomic_store(&counters->failed, (long)getpid());
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES), log_fd);
    shared = counters;
    errno = error;
    return true;
}

__attribute__((constructor)) static void begin(void) {
    const char *kind = getenv("FAULT_KIND"), *at = getenv("FAULT_AT"), *log = getenv("FAULT_LOG"),
               *times = getenv("FAULT_TIMES");
    void *warm[4];
    if (!kind || !log) return;
    for (size_t k = 1; k < sizeof kinds / sizeof *kinds; k++)
        if (strcmp(kind, kinds[k]) == 0) chosen = (enum kind)k;
    fault_at = at ? strtol(at, NULL, 10) : 0;
    fault_times = times ? strtol(times, NULL, 10) : 0;
    /* High up, out of the way of a program that closes what it did not open. */
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900);
    close(fd);
    backtrace(warm, 4); /* its first call loads a library */
    first_process = getpid();
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) shared = memory;
}

__attribute__((destructor)) static void end(void) {
    if (!shared || getpid() != first_process) return;
    if (atomic_load(&shared->failed)) say("failed in process", atomic_load(&shared->failed));
    say("calls", atomic_load(&shared->calls));
}

/* ---- alloc ---- */

EXPORT void *malloc(size_t size) {
    return fails(ALLOC, ENOMEM) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size) {
    return fails(ALLOC, ENOMEM) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size) {
    return fails(ALLOC, ENOMEM) ? NULL : __libc_realloc(old, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
    return fails(ALLOC, ENOMEM) ? NULL : __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size) {
    void *memory = fails(ALLOC, ENOMEM) ? NULL : __libc_memalign(alignment, size);
    if (memory) *out = memory;
    return memory ? 0 : ENOMEM;
}

/* ---- write ---- */

EXPORT ssize_t write(int fd, const void *data, size_t size) {
    return fails(WRITE, ENOSPC) ? -1 : syscall(SYS_write, fd, data, size);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return fails(WRITE, ENOSPC) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return fails(WRITE, ENOSPC) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}

EXPORT int fsync(int fd) {
    return fails(WRITE, EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

EXPORT int fdatasync(int fd) {
    return fails(WRITE, EIO) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

EXPORT int ftruncate(int fd, off_t size) {
    return fails(WRITE, ENOSPC) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

EXPORT int rename(const char *from, const char *to) {
    return fails(WRITE, EIO) ? -1 : (int)syscall(SYS_rename, from, to);
}

EXPORT size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    size_t (*real)(const void *, size_t, size_t, FILE *);
    *(void **)&real = dlsym(RTLD_NEXT, "fwrite");
    if (!fails(WRITE, ENOSPC)) return real(data, size, count, file);
    file->_flags |= _IO_ERR_SEEN; /* what ferror() looks at */
    return 0;
}

/* ---- open ---- */

static int open_real(int folder, const char *path, int flags, va_list list) {
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    return fails(OPEN, EMFILE) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN_BODY(folder)                                                                                              \
    {                                                                                                                  \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        int fd = open_real(folder, path, flags, list);                                                                 \
        va_end(list);                                                                                                  \
        return fd;                                                                                                     \
    }

EXPORT int open(const char *path, int flags, ...) OPEN_BODY(AT_FDCWD) EXPORT
    int open64(const char *path, int flags, ...) OPEN_BODY(AT_FDCWD) EXPORT
    int openat(int folder, const char *path, int flags, ...) OPEN_BODY(folder)

#define FOPEN_BODY(name)                                                                                               \
    {                                                                                                                  \
        FILE *(*real)(const char *, const char *);                                                                     \
        *(void **)&real = dlsym(RTLD_NEXT, name);                                                                      \
        return fails(OPEN, EMFILE) ? NULL : real(path, mode);                                                          \
    }

        EXPORT FILE *fopen(const char *path, const char *mode)
            FOPEN_BODY("fopen") EXPORT FILE *fopen64(const char *path, const char *mode) FOPEN_BODY("fopen64")

                EXPORT int mkdir(const char *path, mode_t mode) {
    return fails(OPEN, EACCES) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

/* ---- process ---- */

EXPORT pid_t fork(void) {
    pid_t (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    return fails(PROCESS, EAGAIN) ? -1 : real();
}

EXPORT int pipe(int ends[2]) {
    return fails(PROCESS, EMFILE) ? -1 : (int)syscall(SYS_pipe2, ends, 0);
}

EXPORT int pipe2(int ends[2], int flags) {
    return fails(PROCESS, EMFILE) ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

EXPORT void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return fails(PROCESS, ENOMEM) ? MAP_FAILED
                                  : (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset); /* NOLINT */
}

EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    return mmap(at, size, protection, flags, fd, offset);
}
