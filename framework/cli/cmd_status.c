/* cmd_status.c: `assay status`: how far a run is, from another terminal. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "run/share.h"
#include "run/status.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SILENT 60 /* seconds after which a run that should speak every two is said to be silent */

/* "3 h 12 min" */
static void print_span(double seconds) {
    if (seconds < 120) printf("%.0f s", fmax(seconds, 0));
    else if (seconds < 7200) printf("%.0f min", seconds / 60);
    else printf("%.0f h %.0f min", floor(seconds / 3600), fmod(seconds, 3600) / 60);
}

/* It ended, and its parent has not asked how: kill() finds it. The state stands behind the name, which may hold
 * parentheses. */
static bool is_zombie(long pid) {
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "r");
    const char *name_end = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f) fclose(f);
    return name_end && (strncmp(name_end, ") Z", 3) == 0 || strncmp(name_end, ") X", 3) == 0);
}

static bool is_gone(const struct status_told *t) {
    char host[128] = "";
    bool here = gethostname(host, sizeof host - 1) == 0 && strcmp(host, t->host) == 0;
    return here && t->pid > 0 && ((kill((pid_t)t->pid, 0) != 0 && errno == ESRCH) || is_zombie(t->pid));
}

/* Rows of the harness, such as "(gradient)", are one line. */
static bool is_harness(const struct status_row *r) {
    return r->name[0] == '(';
}

static void print_units(const struct status_told *t) {
    static const char harness[] = "yardsticks, canaries";
    struct status_row all = {0}, ours = {0};
    size_t width = sizeof harness - 1;
    for (uint32_t i = 0; i < t->row_count; i++) {
        struct status_row *sum = is_harness(&t->rows[i]) ? &ours : &all;
        sum->done += t->rows[i].done;
        sum->planned += t->rows[i].planned;
        if (!is_harness(&t->rows[i]) && strlen(t->rows[i].name) > width) width = strlen(t->rows[i].name);
    }
    if (!t->row_count) return;
    printf("units: %u of %u asked so far%s\n", all.done + ours.done, all.planned + ours.planned,
           t->share.parts ? ", of all shards" : "");
    for (uint32_t i = 0; i < t->row_count; i++)
        if (!is_harness(&t->rows[i]))
            printf("  %-*s  %u of %u\n", (int)width, t->rows[i].name, t->rows[i].done, t->rows[i].planned);
    if (ours.planned) printf("  %-*s  %u of %u\n", (int)width, harness, ours.done, ours.planned);
}

/* The state of a run that left its file. */
static int print_told(const struct status_told *t) {
    double silent = fmax((double)time(NULL) - t->updated, 0);
    bool gone = t->why[0] || is_gone(t);
    printf("%s", t->battery);
    if (t->share.parts) printf(", shard %u of %u", t->share.part, t->share.parts);
    if (t->why[0]) printf(": broke off: %s\n", t->why);
    else if (gone) printf(": its process %ld is gone: killed, or the machine went down\n", t->pid);
    else if (silent > SILENT) printf(": silent for %.0f s (process %ld on %s)\n", silent, t->pid, t->host);
    else printf(": at work (process %ld on %s)\n", t->pid, t->host);
    printf("%s: %u of %u jobs, ", t->doing, t->jobs_done, t->jobs);
    if (t->part >= 0) printf("%.0f %%, ", 100 * t->part);
    print_span(t->seconds);
    if (t->left >= 0 && !gone) {
        printf(", about ");
        print_span(t->left);
        printf(" to go");
    }
    putchar('\n');
    print_units(t);
    if (gone) printf("'assay run ... --resume' goes on with it\n");
    return gone ? CLI_BROKEN : CLI_EXPECTED;
}

struct words {
    char name[8][32];
    unsigned count[8], kinds;
};

static bool add_word(void *user, const struct verdict_row *row) {
    struct words *w = user;
    unsigned k = 0;
    while (k < w->kinds && strcmp(w->name[k], row->verdict) != 0) k++;
    if (k == 8 || strcmp(row->control, VERDICT_OVERALL) == 0) return true;
    if (k == w->kinds) snprintf(w->name[w->kinds++], sizeof w->name[0], "%s", row->verdict);
    w->count[k]++;
    return true;
}

static bool add_units(void *user, const char *name, uint32_t units) {
    (void)name;
    *(unsigned long *)user += units;
    return true;
}

/* The state of one that came to its end, from its store, of which nothing is locked or changed. */
static int print_store(const char *folder, struct error *e) {
    struct store *store = NULL;
    struct words words = {.kinds = 0};
    struct share_record share;
    unsigned long units = 0;
    bool ok = cli_store_look(folder, &store, e) && share_read(store, &share, e) &&
              store_count_units(store, add_units, &units, e) && store_each_verdict(store, add_word, &words, e);
    store_close(store);
    if (!ok) return CLI_USAGE;
    if (share.share.parts) {
        printf("%s: shard %u of %u: %s: %lu units\n", folder, share.share.part, share.share.parts,
               share.ended ? "done" : "not at its end", units);
        return share.ended ? CLI_SHARE : CLI_BROKEN;
    }
    if (!words.kinds) {
        printf("%s: %lu units and no verdicts: 'assay run ... --resume' goes on with it\n", folder, units);
        return CLI_BROKEN;
    }
    printf("%s: finished: %lu units;", folder, units);
    for (unsigned k = 0; k < words.kinds; k++) printf("%s %u %s", k ? "," : "", words.count[k], words.name[k]);
    putchar('\n');
    return CLI_EXPECTED;
}

static int status(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    struct status_told told;
    bool there;
    (void)context;
    if (!status_read(values->operand, &told, &there, e)) return CLI_USAGE;
    int status = there ? print_told(&told) : print_store(values->operand, e);
    status_told_finish(&told);
    return status;
}

const struct cli_command cli_status = {
    .name = "status",
    .operand = "RUN",
    .summary = "say how far a run is, while it is at work",
    .details = "RUN is a run folder, also one of a run in another terminal, which is not disturbed. The exit status\n"
               "is 0 when the run is at work or finished, 3 when it broke off, and 5 of a shard that is done.\n",
    .run = status,
};
