/* fuzz.h: what the fuzz targets share. A target is one function that takes bytes nobody has checked and calls a reader
 * with them. Whatever the bytes are, the reader returns: an error, or something whole. */
#ifndef ASSAY_TESTS_FUZZ_H
#define ASSAY_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
    const char *name; /* of the corpus folder too */
    void (*run)(const uint8_t *data, size_t size);
};

extern const struct fuzz_target fuzz_targets[]; /* ended by a NULL name */

/* A folder of this process's own, removed at its end. */
const char *fuzz_folder(void);
/* Writes a file there and returns its path, which is valid until the next call with the same name. */
const char *fuzz_file(const char *name, const void *data, size_t size);
/* The bytes as a C string, cut at `most`; the caller frees it. */
char *fuzz_text(const uint8_t *data, size_t size, size_t most);
/* Ends the process when what must hold does not. */
void fuzz_check(int holds, const char *what);

void fuzz_arch(const uint8_t *, size_t);
void fuzz_battery(const uint8_t *, size_t);
void fuzz_cifar(const uint8_t *, size_t);
void fuzz_class_names(const uint8_t *, size_t);
void fuzz_csv(const uint8_t *, size_t);
void fuzz_data(const uint8_t *, size_t);
void fuzz_external(const uint8_t *, size_t);
void fuzz_frame(const uint8_t *, size_t);
void fuzz_folder_list(const uint8_t *, size_t);
void fuzz_idx(const uint8_t *, size_t);
void fuzz_image(const uint8_t *, size_t);
void fuzz_message(const uint8_t *, size_t);
void fuzz_npy(const uint8_t *, size_t);
void fuzz_onnx(const uint8_t *, size_t);
void fuzz_preprocess(const uint8_t *, size_t);
void fuzz_preprocess_auto(const uint8_t *, size_t);
void fuzz_set(const uint8_t *, size_t);
void fuzz_spec(const uint8_t *, size_t);
void fuzz_store(const uint8_t *, size_t);

#endif
