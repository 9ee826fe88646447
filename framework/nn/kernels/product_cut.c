/* product_cut.c: which of the compiled bodies runs, how the work is cut, and the memory. */
#include "nn/kernels/product_cut.h"

#include "base/cpu.h"
#include "base/sizes.h"

#define LINE 16u        /* floats of a line of the cache */
#define FEW 2e5         /* products, with which nobody is woken */
#define FEW_ROWS 70u    /* for each worker: with fewer every panel is used too few times to be packed first */
#define LEAST_SHARES 2u /* of columns, for each worker: those who come late get fewer */
#define LARGE 8u        /* panels of a worker that are worth several shares */
#define UNEVEN 1.1      /* the largest share beside the mean, with which a cut by columns is as good */

static size_t pieces(size_t n, size_t of) {
    return (n + of - 1) / of;
}

/* The rows and their depth, and a panel. */
static size_t block_size(const struct product *p) {
    size_t rows = size_min(p->rows, PRODUCT_BLOCK), depth = size_min(p->depth, PRODUCT_CHUNK);
    return p->a.column == 1 ? rows * PRODUCT_STEP : depth * PRODUCT_STEP;
}

size_t product_own(const struct product *p) {
    return size_up(block_size(p) + size_min(p->depth, PRODUCT_CHUNK) * PRODUCT_PANEL, LINE);
}

/* Every panel of b. */
static size_t shared_size(const struct product *p) {
    return pieces(p->columns, PRODUCT_PANEL) * PRODUCT_PANEL * p->depth;
}

size_t product_scratch(const struct product *p, unsigned workers) {
    bool packs = p->rows > PRODUCT_BLOCK || (workers > 1 && p->rows >= 2 * FEW_ROWS);
    return workers * product_own(p) + (packs ? shared_size(p) : 0);
}

struct job {
    const struct product_body *body;
    const struct product *p;
    size_t rows, columns; /* of a part */
    float *panels;        /* NULL: each worker packs its own */
    float *own;
    size_t own_size;
    product_make *make; /* of many */
    const void *user;
};

static void run_rows(const struct job *j, const struct product *p, struct product_part part, float *own) {
    const size_t end = part.row_end;
    for (; part.row < end; part.row = part.row_end) {
        part.row_end = size_min(part.row + PRODUCT_BLOCK, end);
        j->body->run(p, &part, j->panels, own);
    }
}

static void run_part(void *user, unsigned number, unsigned worker) {
    const struct job *j = user;
    size_t across = pieces(j->p->columns, j->columns), row = number / across * j->rows,
           column = number % across * j->columns;
    struct product_part part = {row, size_min(row + j->rows, j->p->rows), column,
                                size_min(column + j->columns, j->p->columns)};
    run_rows(j, j->p, part, j->own + worker * j->own_size);
}

static void pack_part(void *user, unsigned number, unsigned worker) {
    (void)worker;
    const struct job *j = user;
    size_t column = number * (size_t)PRODUCT_PANEL;
    j->body->pack(j->p, column, size_min(column + PRODUCT_PANEL, j->p->columns), j->panels);
}

/* Few rows: by columns, of which each worker packs a panel at a time into its first cache. Many: by rows, and all
 * panels are packed before. */
void product_run_with(const struct product_body *body, const struct product *p, struct thread_team *team,
                      float *scratch) {
    double products = (double)p->rows * (double)p->columns * (double)p->depth;
    if (products < FEW) team = NULL;
    size_t workers = thread_team_size(team), panels = pieces(p->columns, PRODUCT_PANEL), most = pieces(panels, workers);
    bool even = (double)(most * workers) <= UNEVEN * (double)panels;
    struct job j = {.body = body, .p = p, .rows = p->rows, .own = scratch, .own_size = product_own(p)};
    if (p->rows <= PRODUCT_BLOCK && (workers == 1 || even || p->rows < FEW_ROWS * workers)) {
        j.columns = (workers > 1 && most > LARGE ? pieces(most, LEAST_SHARES) : most) * PRODUCT_PANEL;
    } else {
        j.panels = scratch + workers * j.own_size;
        j.columns = p->columns;
        j.rows = pieces(p->rows, pieces(pieces(p->rows, PRODUCT_BLOCK), workers) * workers);
        thread_team_run(team, (unsigned)panels, pack_part, &j);
    }
    thread_team_run(team, (unsigned)(pieces(p->columns, j.columns) * pieces(p->rows, j.rows)), run_part, &j);
}

static const struct product_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &product_avx512;
    if (cpu_route() >= CPU_AVX2) return &product_avx2;
#endif
    return &product_portable;
}

void product_run(const struct product *p, struct thread_team *team, float *scratch) {
    product_run_with(best_body(), p, team, scratch);
}

static void run_one(void *user, unsigned number, unsigned worker) {
    const struct job *j = user;
    struct product p = *j->p;
    j->make(j->user, number, &p);
    run_rows(j, &p, (struct product_part){0, p.rows, 0, p.columns}, j->own + worker * j->own_size);
}

/* A product for each worker at a time, unless that leaves some without. */
void product_run_many(size_t count, const struct product *p, product_make *make, const void *user,
                      struct thread_team *team, float *scratch) {
    size_t workers = thread_team_size(team);
    double products = (double)count * (double)p->rows * (double)p->columns * (double)p->depth;
    if (count == 1 || (count < 2 * workers && count % workers != 0)) {
        for (size_t i = 0; i < count; i++) {
            struct product one = *p;
            make(user, i, &one);
            product_run(&one, team, scratch);
        }
        return;
    }
    struct job j = {.body = best_body(), .p = p, .own = scratch, .own_size = product_own(p)};
    j.make = make;
    j.user = user;
    thread_team_run(products < FEW ? NULL : team, (unsigned)count, run_one, &j);
}
