/* resident.c: /proc/self/statm and getrusage, as their manual pages have them. */
#include "base/resident.h"

#include <stdio.h>
#include <stdlib.h> /* defines __GLIBC__, where there is one */
#if defined __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>
#include <unistd.h>

size_t resident_now(void) {
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*u %lu", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

size_t resident_peak(void) {
    struct rusage used;
    return getrusage(RUSAGE_SELF, &used) == 0 ? (size_t)used.ru_maxrss * 1024 : 0;
}

void resident_trim(void) {
#if defined __GLIBC__
    malloc_trim(0);
#endif
}
