/* Whole files read and written, gzip, folders with parents, digests. */
#include "base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

static char folder[] = "/tmp/assay-file-XXXXXX";

static void make_folder(void) {
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(file, .init = make_folder, .fini = remove_folder);

static const char *inside(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *data, size_t size) {
    FILE *out = fopen(inside(name), "wb");
    cr_assert_not_null(out);
    cr_assert_eq(fwrite(data, 1, size, out), size);
    fclose(out);
}

static void fill(uint8_t *data, size_t n) {
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (uint8_t)(x >> 24);
    }
}

/* Sizes around the reading step, plain and gzipped. */
Test(file, reads_what_was_written) {
    static const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 200000};
    static uint8_t data[200000];
    struct error e;

    fill(data, sizeof data);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int zipped = 0; zipped < 2; zipped++) {
            uint8_t *got = NULL;
            size_t size = 99;
            if (zipped) {
                gzFile out = gzopen(inside("a"), "wb");
                cr_assert_eq(gzwrite(out, data, (unsigned)sizes[i]), (int)sizes[i]);
                gzclose(out);
            } else cr_assert(file_write(inside("a"), data, sizes[i], &e), "%s", e.text);
            cr_assert(file_read(inside("a"), &got, &size, &e), "%s", e.text);
            cr_expect_eq(size, sizes[i]);
            cr_expect_eq(memcmp(got, data, size), 0);
            cr_expect_eq(got[size], 0, "the spare zero byte");
            free(got);
        }
}

Test(file, a_cut_gzip_is_an_error_wherever_it_is_cut) {
    uint8_t data[5000], *zipped, *got = NULL;
    size_t size, ignored;
    struct error e;

    fill(data, sizeof data);
    gzFile out = gzopen(inside("whole.gz"), "wb");
    gzwrite(out, data, sizeof data);
    gzclose(out);
    FILE *in = fopen(inside("whole.gz"), "rb");
    zipped = malloc(10000);
    size = fread(zipped, 1, 10000, in);
    fclose(in);
    cr_assert_gt(size, 20);
    for (size_t cut = 3; cut < size; cut += cut < 30 || cut + 20 > size ? 1 : 97) {
        put("cut.gz", zipped, cut);
        e.text[0] = '\0';
        cr_expect_not(file_read(inside("cut.gz"), &got, &ignored, &e), "cut at %zu of %zu", cut, size);
        cr_expect_not_null(strstr(e.text, "cut.gz: the gzip stream ends early"), "%s", e.text);
    }
    for (size_t i = 12; i < 40; i++) zipped[i] ^= 0x5a;
    put("bad.gz", zipped, size);
    cr_expect_not(file_read(inside("bad.gz"), &got, &ignored, &e));
    free(zipped);
}

Test(file, complaints_name_the_path) {
    uint8_t *data;
    size_t size;
    struct error e;
    char digest[FILE_DIGEST_SIZE];

    cr_expect_not(file_read(inside("missing"), &data, &size, &e));
    cr_expect_not_null(strstr(e.text, "missing: No such file"), "%s", e.text);
    cr_expect_not(file_read(folder, &data, &size, &e));
    cr_expect_not_null(strstr(e.text, ": a folder: a regular file was wanted"), "%s", e.text);
    cr_expect_not(file_digest(inside("missing"), digest, &e));
    cr_expect_not_null(strstr(e.text, "missing: No such file"), "%s", e.text);
    cr_expect_not(file_digest(folder, digest, &e));
    cr_expect_not(file_write(inside("no/such/folder"), "x", 1, &e));
    cr_expect_not_null(strstr(e.text, "No such file"), "%s", e.text);
}

/* What is no file is refused at once, by name and kind: a pipe without a writer would be waited for for ever. */
Test(file, what_is_no_file_is_refused_without_waiting, .timeout = 10) {
    static const struct {
        const char *name, *kind;
    } cases[] = {
        {"pipe", "a pipe"}, {"socket", "a socket"}, {"sub", "a folder"}, {"device", "a device"}, {"link", "a pipe"}};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char wanted[256], digest[FILE_DIGEST_SIZE];

    cr_assert_eq(mkfifo(inside("pipe"), 0600), 0);
    cr_assert_eq(mkdir(inside("sub"), 0700), 0);
    cr_assert_eq(symlink("/dev/zero", inside("device")), 0);
    cr_assert_eq(symlink("pipe", inside("link")), 0);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    const char *place = inside("socket");
    cr_assert_lt(strlen(place), sizeof address.sun_path);
    memcpy(address.sun_path, place, strlen(place) + 1);
    cr_assert_eq(bind(listener, (struct sockaddr *)(void *)&address, sizeof address), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e = {""};
        uint8_t *data;
        size_t size;
        const char *path = inside(cases[i].name);
        snprintf(wanted, sizeof wanted, "%s: %s: a regular file was wanted", path, cases[i].kind);
        cr_expect_not(file_read(path, &data, &size, &e));
        cr_expect_str_eq(e.text, wanted);
        cr_expect_not(file_digest(path, digest, &e));
        cr_expect_str_eq(e.text, wanted);
    }
    close(listener);
}

static size_t first_byte(const uint8_t *bytes, size_t count) {
    return count < 3 ? 0 : bytes[0];
}

/* A header that declares little is not followed into a stream that goes on and on. */
Test(file, no_more_is_unpacked_than_the_header_declares) {
    static uint8_t zeros[1 << 20];
    struct error e;
    uint8_t *data = NULL;
    size_t size;
    gzFile out = gzopen(inside("bomb"), "wb");

    cr_assert_not_null(out);
    cr_assert_eq(gzwrite(out, "\x64??", 3), 3);
    for (int i = 0; i < 8; i++) cr_assert_eq(gzwrite(out, zeros, sizeof zeros), (int)sizeof zeros);
    gzclose(out);
    cr_assert(file_read_declared(inside("bomb"), first_byte, &data, &size, &e), "%s", e.text);
    cr_expect_gt(size, 100, "that there is more shows");
    cr_expect_leq(size, 1 << 17, "%zu bytes", size);
    free(data);
    cr_assert(file_read(inside("bomb"), &data, &size, &e), "%s", e.text);
    cr_expect_eq(size, 8 * sizeof zeros + 3);
    free(data);
}

Test(file, writing_replaces_at_once_and_leaves_nothing_behind) {
    struct error e;
    uint8_t *data;
    size_t size;
    char command[128];
    static const char much[5000];

    cr_assert(file_write(inside("a"), "long content", 12, &e));
    cr_assert(file_write(inside("a"), "new", 3, &e));
    cr_assert(file_read(inside("a"), &data, &size, &e));
    cr_expect(size == 3 && memcmp(data, "new", 3) == 0);
    free(data);
    cr_assert_eq(mkdir(inside("d"), 0777), 0);
    cr_expect_not(file_write(inside("d"), "x", 1, &e), "a folder is not replaced by a file");
    /* The disk is full: the old file stays, and the half-written neighbour does not. */
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100}), 0);
    cr_expect_not(file_write(inside("a"), much, sizeof much, &e));
    cr_expect_not_null(strstr(e.text, "File too large"), "%s", e.text);
    cr_assert(file_read(inside("a"), &data, &size, &e));
    cr_expect_eq(size, 3);
    free(data);
    snprintf(command, sizeof command, "test \"$(ls -A %s)\" = \"$(printf 'a\\nd')\"", folder);
    cr_expect_eq(system(command), 0);
}

/* As /dev/null and /dev/stdout must be. A pipe of our own: a test must not be able to harm the machine. */
Test(file, a_pipe_is_written_to_not_replaced) {
    struct stat info;
    struct error e;
    char got[2] = "";

    cr_assert_eq(mkfifo(inside("pipe"), 0600), 0);
    int end = open(inside("pipe"), O_RDWR | O_NONBLOCK);
    cr_assert_geq(end, 0);
    cr_expect(file_write(inside("pipe"), "x", 1, &e), "%s", e.text);
    cr_assert_eq(stat(inside("pipe"), &info), 0);
    cr_expect(S_ISFIFO(info.st_mode));
    cr_expect_eq(read(end, got, 1), 1);
    cr_expect_str_eq(got, "x");
    close(end);
}

Test(file, folders_with_parents) {
    struct error e;
    char deep[128], through[128];

    snprintf(deep, sizeof deep, "%s/x//y/z/", folder);
    cr_expect(file_make_folder(deep, &e), "%s", e.text);
    cr_expect(file_make_folder(deep, &e), "again: %s", e.text);
    cr_expect(file_exists(deep));
    cr_expect(file_make_folder("/", &e), "%s", e.text);
    put("plain", "x", 1);
    snprintf(through, sizeof through, "%s/plain/y", folder);
    cr_expect_not(file_make_folder(through, &e));
    cr_expect_not_null(strstr(e.text, "plain: "), "%s", e.text);
    cr_expect_not(file_exists(through));
}

/* FIPS 180-2, appendix B; the digest of a file is of its bytes as they are, zipped or not. */
Test(file, digests) {
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char none[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static uint8_t large[20000];
    char a[FILE_DIGEST_SIZE], b[FILE_DIGEST_SIZE];
    struct error e;

    data_digest("abc", 3, a);
    cr_expect_str_eq(a, abc);
    data_digest(NULL, 0, a);
    cr_expect_str_eq(a, none);
    fill(large, sizeof large);
    put("large", large, sizeof large);
    data_digest(large, sizeof large, a);
    cr_assert(file_digest(inside("large"), b, &e), "%s", e.text);
    cr_expect_str_eq(a, b);
}
