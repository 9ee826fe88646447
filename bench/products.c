/* products.c: products of matrices as networks have them, in all the bodies that this processor runs, beside OpenBLAS.
 */
#include "base/cpu.h"
#include "base/rng.h"
#include "bench.h"
#include "nn/kernels/product_cut.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

#define REPEATS 5
#define WORK 1e9 /* operations, about, of one time that is taken */

/* `turned`: the right factor lies column by column, as the weights of a fully connected layer do. */
static const struct shape_of {
    const char *where;
    size_t rows, columns, depth;
    bool turned;
} shapes[] = {
    {"ResNet-50, 1x1", 64, 3136, 256, false},
    {"ResNet-50, 1x1", 512, 784, 128, false},
    {"ResNet-50, 1x1", 1024, 196, 256, false},
    {"ResNet-50, 1x1", 2048, 49, 512, false},
    {"ConvNeXt", 3136, 384, 96, false},
    {"ConvNeXt", 49, 3072, 768, false},
    {"DeiT", 197, 576, 192, false},
    {"ViT-B", 197, 3072, 768, false},
    {"ViT-B", 197, 768, 3072, false},
    {"attention", 197, 197, 64, true},
    {"attention", 197, 64, 197, false},
    {"VGG, fully connected", 1, 4096, 4096, true},
    {"VGG, fully connected", 1, 4096, 4096, false},
};

struct task {
    const struct product_body *body; /* NULL: OpenBLAS */
    struct product p;
    struct thread_team *team;
    bool turned;
    size_t times;
    float *scratch;
};

static void run(void *user) {
    const struct task *t = user;
    const struct product *p = &t->p;
    for (size_t i = 0; i < t->times; i++)
        if (t->body) product_run_with(t->body, p, t->team, t->scratch);
        else
            cblas_sgemm(CblasRowMajor, CblasNoTrans, t->turned ? CblasTrans : CblasNoTrans, (int)p->rows,
                        (int)p->columns, (int)p->depth, 1, p->a.data, (int)p->depth, p->b.data,
                        (int)(t->turned ? p->depth : p->columns), 0, p->c, (int)p->columns);
}

static float *random_array(size_t n) {
    float *data = bench_alloc(n * sizeof *data);
    rng_fill_normal(n, 0, n, data);
    return data;
}

static void time_shape(const struct shape_of *s, struct thread_team *team) {
    const struct {
        const char *name;
        bool runs;
        const struct product_body *body;
    } bodies[] = {
#if defined __x86_64__
        {"512 bits", cpu_has(CPU_AVX512), &product_avx512},
        {"256 bits", cpu_has(CPU_AVX2), &product_avx2},
#endif
        {"any processor", true, &product_portable},
        {"OpenBLAS", !team, NULL},
    };
    struct task t = {.team = team, .turned = s->turned};
    char what[96];
    double operations = 2 * (double)s->rows * (double)s->columns * (double)s->depth;
    const char *contender = "assay"; /* the widest */
    t.p = (struct product){.rows = s->rows, .columns = s->columns, .depth = s->depth, .c_row = s->columns, .scale = 1};
    t.p.a = product_factor(random_array(s->rows * s->depth), s->depth, false);
    t.p.b = product_factor(random_array(s->columns * s->depth), s->turned ? s->depth : s->columns, s->turned);
    t.p.c = random_array(s->rows * s->columns);
    t.times = (size_t)(WORK / operations) + 1;
    t.scratch = bench_alloc(product_scratch(&t.p, thread_team_size(team)) * sizeof(float));
    snprintf(what, sizeof what, "%s, %zu x %zu <- %zu%s, %u cores", s->where, s->rows, s->columns, s->depth,
             s->turned ? ", by columns" : "", thread_team_size(team));
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        if (!bodies[i].runs || (team && !contender)) continue;
        t.body = bodies[i].body;
        bench_report_as(contender ? contender : bodies[i].name, what, bench_best(REPEATS, (double)t.times, run, &t),
                        1e-9 * operations);
        contender = NULL;
    }
    free((float *)t.p.a.data), free((float *)t.p.b.data), free(t.p.c), free(t.scratch);
}

int bench_products(int argc, char **argv) {
    struct thread_team *team;
    struct error e;
    (void)argc;
    (void)argv;
    bench_need(thread_team_create(2, &team, &e), &e);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        time_shape(&shapes[i], NULL);
        time_shape(&shapes[i], team);
    }
    thread_team_destroy(team);
    return 0;
}
