/* cpu.c: the processor's answer, the user's wish, and the route that follows from both. */
#include "base/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "ASSAY_ISA"
#define NOT_YET (-1)

static const char *const names[] = {[CPU_PORTABLE] = "portable", [CPU_AVX2] = "avx2", [CPU_AVX512] = "avx512"};
#define ROUTES (sizeof names / sizeof *names)

bool cpu_has(enum cpu_route route) {
#if defined __x86_64__
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (route == CPU_AVX2) return avx2;
    if (route == CPU_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
    return route == CPU_PORTABLE;
}

enum cpu_route cpu_route_last(void) {
#if defined __x86_64__
    return CPU_AVX512;
#else
    return CPU_PORTABLE;
#endif
}

static enum cpu_route widest(void) {
    enum cpu_route route = CPU_PORTABLE;
    for (unsigned i = 0; i < ROUTES; i++)
        if (cpu_has((enum cpu_route)i)) route = (enum cpu_route)i;
    return route;
}

/* ROUTES: there is none of that name. */
static unsigned find(const char *name) {
    unsigned i = 0;
    while (i < ROUTES && strcmp(names[i], name) != 0) i++;
    return i;
}

bool cpu_route_check(struct error *e) {
    const char *wanted = getenv(VARIABLE);
    unsigned route = wanted ? find(wanted) : CPU_PORTABLE;
    if (route == ROUTES)
        return error_set(e, VARIABLE "=%.40s: wanted portable, avx2 or avx512 (this processor has %s)", wanted,
                         names[widest()]);
    return cpu_has((enum cpu_route)route) ||
           error_set(e, VARIABLE "=%s: this processor has %s at most: unset it", wanted, names[widest()]);
}

/* Written once, always with the same value: kernels ask for every row, and the environment is slow to search. */
enum cpu_route cpu_route(void) {
    static atomic_int known = NOT_YET;
    int route = atomic_load_explicit(&known, memory_order_relaxed);
    if (route == NOT_YET) {
        const char *wanted = getenv(VARIABLE);
        route = wanted && cpu_route_check(NULL) ? (int)find(wanted) : (int)widest();
        atomic_store_explicit(&known, route, memory_order_relaxed);
    }
    return (enum cpu_route)route;
}

const char *cpu_route_name(void) {
    return names[cpu_route()];
}
