/* frame: what a program may send: its hello, then calls, maps and errors, as one stream of bytes. Calls are answered on
 * a small network, so that all operations are reached. */
#include "fuzz.h"

#include "host/frame_stream.h"
#include "host/handle.h"
#include "host/program_hello.h"
#include "host/program_ops.h"
#include "nn/arch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static struct handle *network(void) {
    static struct handle *handle;
    const struct shape sample = {3, {1, 4, 4}};
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    struct error e;
    if (handle) return handle;
    fuzz_check(arch_build("conv:2x3+1,relu,fc:3", &sample, &graph, &e) && weights_create(graph, &weights, &e) &&
                   net_create(weights, &net, &e) && handle_create(net, &handle, &e),
               "a network");
    return handle;
}

static void hear(struct frame_stream *s) {
    struct process_spec spec = {0};
    struct program_hello hello;
    struct program_weights weights;
    struct error e = {{0}};
    bool refused, ok = program_hello(s, &spec, &hello, &refused, &e);
    program_hello_finish(&hello);
    fuzz_check(ok || e.text[0], "a reason");
    fuzz_check(program_weights_init(&network()->model, &weights, &e), "parameters");
    for (int frames = 0; frames < 100 && (ok || refused); frames++) {
        struct frame f = {0};
        e.text[0] = 0;
        ok = frame_receive(s, &f, &e);
        bool call = ok && strcmp(f.type, "call") == 0;
        if (call) ok = program_answer(s, &f, &network()->model, &weights, &e);
        else if (ok) ok = frame_take(s, &f, &e);
        fuzz_check(ok || e.text[0], "a reason");
        if (ok && !call)
            for (size_t i = 0; i < f.array_count; i++) fuzz_check(f.arrays[i].data != NULL, "an array that was taken");
        frame_finish(&f);
        refused = false;
    }
    program_weights_finish(&weights);
}

void fuzz_frame(const uint8_t *data, size_t size) {
    struct frame_stream s;
    int in = open(fuzz_file("frames", data, size), O_RDONLY), out = open("/dev/null", O_WRONLY);
    fuzz_check(in > 0 && out > 0, "descriptors");
    frame_stream_init(&s, in, out);
    hear(&s);
    frame_stream_finish(&s);
}
