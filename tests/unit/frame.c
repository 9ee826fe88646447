/* Frames: what of a header is refused, and what comes over a pipe in pieces, late or never. */
#include "host/frame_stream.h"

#include "base/text.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(frame, headers_say_what_is_wrong_with_them) {
    static const struct {
        const char *line, *words;
    } cases[] = {
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {"{\"type\":\"maps\"", "no JSON object"},
        {"{\"type\":\"maps\",\"type\":\"maps\"}", "no JSON object"},
        {"{\"type\":\"\xff\"}", "no JSON object"},
        {"{}", "without a 'type'"},
        {"{\"type\":1}", "without a 'type'"},
        {"{\"type\":\"maps\",\"arrays\":{}}", "'arrays' is no list"},
        {"{\"type\":\"maps\",\"arrays\":[[]]}", "array 0 is not [name, type, dimensions]"},
        {"{\"type\":\"maps\",\"arrays\":[[\"\",\"<f4\",[1]]]}", "array 0 is not"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[1],2]]}", "array 0 is not"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f8\",[1]]]}", "array x has no type"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[0]]]}", "array x has no dimensions"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[1.5]]]}", "array x has no dimensions"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",1]]}", "array x has no dimensions"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[1,1,1,1,1,1,1,1,1]]]}", "array x has no dimensions"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[4294967296,4294967296]]]}", "array x has no dimensions"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[600000000]]]}", "more than 2147483648 bytes"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[300000000]],[\"y\",\"<f4\",[300000000]]]}", "more than 2147"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[1]],[\"x\",\"<f4\",[1]]],\"bytes\":8}", "array x twice"},
        {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[2]]]}", "0 bytes by 'bytes' and 8 by 'arrays'"},
        {"{\"type\":\"maps\",\"bytes\":4}", "4 bytes by 'bytes' and 0 by 'arrays'"},
        {"{\"type\":\"maps\",\"bytes\":-1}", "-1 bytes by 'bytes'"},
        {"{\"type\":\"maps\",\"bytes\":\"4\"}", "'bytes' is no whole number"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct frame f;
        struct error e = {{0}};
        cr_expect_not(frame_parse(cases[c].line, strlen(cases[c].line), &f, &e), "%s", cases[c].line);
        cr_expect(strstr(e.text, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].line, e.text,
                  cases[c].words);
    }
}

/* A stream to the other end of two pipes. */
struct ends {
    struct frame_stream stream;
    int to_read, to_write; /* the other side's */
};

static struct ends open_ends(void) {
    int there[2], back[2];
    struct ends e;
    cr_assert(pipe(there) == 0 && pipe(back) == 0);
    frame_stream_init(&e.stream, back[0], there[1]);
    frame_stream_limit(&e.stream, 20);
    e.to_read = there[0];
    e.to_write = back[1];
    return e;
}

static void close_ends(struct ends *e) {
    frame_stream_finish(&e->stream);
    close(e->to_read);
    close(e->to_write);
}

static void put(const struct ends *e, const char *bytes, size_t n) {
    cr_assert_eq(write(e->to_write, bytes, n), (ssize_t)n);
}

Test(frame, what_is_sent_is_what_comes) {
    struct ends e = open_ends();
    struct error error = {{0}};
    struct frame f;
    const float x[6] = {1, -2, 3.5f, 0, 1e-30f, -0.f};
    const uint64_t seed = UINT64_MAX;
    const struct frame_array sent[] = {{"x", FRAME_FLOAT, {2, {2, 3}}, (void *)x},
                                       {"seed", FRAME_ULONG, {1, {1}}, (void *)&seed}};
    cr_assert(frame_send(&e.stream, json_pack("{s:s, s:i}", "type", "call", "id", 7), sent, 2, &error), "%s",
              error.text);
    char bytes[400];
    ssize_t n = read(e.to_read, bytes, sizeof bytes);
    cr_assert_gt(n, 32);
    for (ssize_t i = 0; i < n; i++) put(&e, bytes + i, 1); /* in pieces */
    put(&e, "{\"type\":\"bye\"}\n", 15);
    cr_assert(frame_receive(&e.stream, &f, &error), "%s", error.text);
    cr_expect(f.array_count == 2 && f.bytes == 32 && strcmp(f.type, "call") == 0);
    cr_expect_null(frame_find(&f, "x")->data, "nothing is allocated for what has not come");
    cr_assert(frame_take(&e.stream, &f, &error), "%s", error.text);
    cr_expect_arr_eq(frame_find(&f, "x")->data, x, sizeof x);
    cr_expect_arr_eq(frame_find(&f, "seed")->data, &seed, sizeof seed);
    cr_expect_null(frame_find(&f, "y"));
    frame_finish(&f);
    cr_assert(frame_receive(&e.stream, &f, &error), "%s", error.text);
    cr_expect_str_eq(f.type, "bye");
    frame_finish(&f);
    close_ends(&e);
}

Test(frame, what_is_skipped_is_gone) {
    struct ends e = open_ends();
    struct error error = {{0}};
    struct frame f;
    static const char frames[] =
        "{\"type\":\"maps\",\"arrays\":[[\"x\",\"<u4\",[2]]],\"bytes\":8}\n{\"}]\n\n\n\n{\"type\":\"bye\"}\n";
    put(&e, frames, sizeof frames - 1);
    cr_assert(frame_receive(&e.stream, &f, &error) && frame_skip(&e.stream, &f, &error), "%s", error.text);
    frame_finish(&f);
    cr_assert(frame_receive(&e.stream, &f, &error), "%s", error.text);
    cr_expect_str_eq(f.type, "bye");
    frame_finish(&f);
    close_ends(&e);
}

Test(frame, an_end_is_told_by_its_place) {
    static const struct {
        const char *bytes, *words;
    } cases[] = {{"", "ended where a frame was due"},
                 {"{\"type\":", "ended in the middle of a frame's header"},
                 {"{\"type\":\"maps\",\"arrays\":[[\"x\",\"<f4\",[2]]],\"bytes\":8}\nabc",
                  "ended after 3 of a frame's 8 bytes"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (int skip = 0; skip < 2; skip++) {
            struct ends e = open_ends();
            struct error error = {{0}};
            struct frame f = {0};
            put(&e, cases[c].bytes, strlen(cases[c].bytes));
            close(e.to_write);
            cr_expect_not(frame_receive(&e.stream, &f, &error) &&
                          (skip ? frame_skip(&e.stream, &f, &error) : frame_take(&e.stream, &f, &error)));
            cr_expect_str_eq(error.text, cases[c].words);
            cr_expect(e.stream.ended);
            frame_finish(&f);
            e.to_write = dup(e.to_read);
            close_ends(&e);
        }
    }
}

Test(frame, whoever_says_nothing_is_late) {
    struct ends e = open_ends();
    struct error error = {{0}};
    struct frame f;
    frame_stream_limit(&e.stream, .05);
    cr_expect_not(frame_receive(&e.stream, &f, &error));
    cr_expect_str_eq(error.text, "did not answer within 0.05 s");
    cr_expect_not(e.stream.ended);
    close_ends(&e);
}

/* Nobody reads: an error, no signal. And who reads too little does not keep the writer for ever. */
Test(frame, what_nobody_reads_is_an_error) {
    static const float many[1 << 18];
    const struct frame_array sent = {"x", FRAME_FLOAT, {1, {1 << 18}}, (void *)many};
    struct error error = {{0}};
    struct ends e = open_ends();
    frame_stream_limit(&e.stream, .05);
    cr_expect_not(frame_send(&e.stream, json_pack("{s:s}", "type", "call"), &sent, 1, &error));
    cr_expect_str_eq(error.text, "did not answer within 0.05 s");
    close(e.to_read);
    frame_stream_limit(&e.stream, 20);
    cr_expect_not(frame_send(&e.stream, json_pack("{s:s}", "type", "call"), NULL, 0, &error));
    cr_expect_str_eq(error.text, "ended before it read what it was sent");
    e.to_read = dup(e.to_write);
    close_ends(&e);
}

/* A grandchild holds the pipe open. */
Test(frame, the_death_of_a_child_is_an_end) {
    struct ends e = open_ends();
    struct error error = {{0}};
    struct frame f;
    pid_t child = fork();
    if (child == 0) _exit(0);
    e.stream.child = child;
    cr_expect_not(frame_receive(&e.stream, &f, &error));
    cr_expect_str_eq(error.text, "ended where a frame was due");
    cr_expect_eq(waitpid(child, NULL, 0), child, "it is not reaped");
    close_ends(&e);
}

Test(frame, a_header_without_end_is_cut) {
    struct ends e = open_ends();
    struct error error = {{0}};
    struct frame f;
    pid_t child = fork();
    if (child == 0) {
        static char block[1 << 16];
        memset(block, ' ', sizeof block);
        for (int i = 0; i < 100; i++)
            if (write(e.to_write, block, sizeof block) < 0) break;
        _exit(0);
    }
    cr_expect_not(frame_receive(&e.stream, &f, &error));
    cr_expect(strstr(error.text, "a header of more than 4194304 bytes"), "%s", error.text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close_ends(&e);
}
