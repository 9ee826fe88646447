/* spawn.c: wall time and peak memory of a command with all its children. Memory is what the processes alive at one time
 * have resident, pages that they share counted once (Pss of /proc), looked at every INTERVAL; at least the peak that
 * the kernel kept of the largest of them. */
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 20000000 /* ns */
#define MOST_PROCESSES 4096

static long parent_of(long pid) {
    char path[64], text[512], *after;
    long parent = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *in = fopen(path, "r");
    if (!in) return 0;
    size_t n = fread(text, 1, sizeof text - 1, in);
    text[n] = 0;
    after = strrchr(text, ')');
    if (!after || sscanf(after, ") %*c %ld", &parent) != 1) parent = 0;
    fclose(in);
    return parent;
}

static long resident_kib(long pid) {
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "Pss: %ld kB", &kib) == 1) break;
    if (in) fclose(in);
    return kib;
}

/* Of `root` and its descendants. */
static long family_kib(long root) {
    static long pid[MOST_PROCESSES], parent[MOST_PROCESSES];
    static bool in[MOST_PROCESSES];
    size_t n = 0;
    long sum = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && n < MOST_PROCESSES && (entry = readdir(proc));) {
        if (!isdigit((unsigned char)entry->d_name[0])) continue;
        pid[n] = strtol(entry->d_name, NULL, 10);
        parent[n] = parent_of(pid[n]);
        in[n] = pid[n] == root;
        n++;
    }
    if (proc) closedir(proc);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n && !in[i]; k++) more |= in[i] = in[k] && parent[i] == pid[k];
    }
    for (size_t i = 0; i < n; i++) sum += in[i] ? resident_kib(pid[i]) : 0;
    return sum;
}

static pid_t start(char **command) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int bench_spawn(int argc, char **argv) {
    const struct timespec interval = {0, INTERVAL};
    struct rusage usage;
    long most = 0;
    int status;
    if (argc < 3) return 2;
    struct bench_time begin = bench_now(), end;
    pid_t child = start(argv + 2), ended;
    if (child < 0) return 1;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        long now = family_kib(child);
        most = now > most ? now : most;
        nanosleep(&interval, NULL);
    }
    end = bench_now();
    getrusage(RUSAGE_CHILDREN, &usage);
    most = usage.ru_maxrss > most ? usage.ru_maxrss : most;
    /* `assay run` has done its work when it says 0, 1 or 4: that verdicts were not as expected, or inconclusive. */
    int code = ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    if (code > 1 && code != 4) return 1;
    printf("%s\t%s\t%.6g\t%.6g\t%ld\t-\n", argv[0], argv[1], (end.wall - begin.wall) * 1e3, (end.cpu - begin.cpu) * 1e3,
           most / 1024);
    return 0;
}
