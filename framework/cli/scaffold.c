#include "cli/scaffold.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* explainers/explainer.h, put into the program by the Makefile; ends in a zero byte. */
extern const unsigned char explainer_h[];

/* In all texts, @NAME@ stands for the plugin's name and @ASSAY@ for the program that writes them. */
static const char source_text[] =
    "/* @NAME@: an explanation method for assay. As it stands, it multiplies every input value by the derivative\n"
    " * of the target's logit (Input x Gradient, Shrikumar et al. 2016, arXiv:1605.01713): put your method there. */\n"
    "#include \"explainer.h\"\n"
    "\n"
    "static assay_status attribute(const assay_explainer *self, const assay_model *model,\n"
    "                              const assay_request *request, float *maps, assay_why *why) {\n"
    "    (void)self;\n"
    "    /* n inputs at once: the gradient of logit targets[i] at input i, written to map i. */\n"
    "    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);\n"
    "    if (status != ASSAY_OK) {\n"
    "        return status; /* the model has written the reason to `why` */\n"
    "    }\n"
    "    size_t total = request->n * model->input.count;\n"
    "    for (size_t k = 0; k < total; k++) {\n"
    "        maps[k] *= request->inputs[k];\n"
    "    }\n"
    "    return ASSAY_OK;\n"
    "}\n"
    "\n"
    "static const assay_explainer_info info = {\n"
    "    .id = \"@NAME@\",\n"
    "    .name = \"@NAME@\",\n"
    "    .summary = \"input times the gradient\",\n"
    "    .source = \"where the method comes from: a paper and its section\",\n"
    "    /* assay holds the method to what it claims here: see enum assay_claim in explainer.h. */\n"
    "    .claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,\n"
    "};\n"
    "\n"
    "ASSAY_PLUGIN(info, attribute); /* parameters, or several methods: define assay_entry yourself */\n";

static const char makefile_text[] =
    "# make        @NAME@.so\n"
    "# make check  whether it keeps the rules of explainer.h and its own claims\n"
    "# make run    the controls of battery.yaml, on a small network trained first\n"
    "CC     ?= cc\n"
    "CFLAGS ?= -O2 -g -Wall -Wextra\n"
    "ASSAY  ?= $(shell command -v assay || echo @ASSAY@)\n"
    "FASHION = /usr/share/datasets/fashion-mnist\n"
    "\n"
    "@NAME@.so: @NAME@.c explainer.h\n"
    "\t$(CC) $(CFLAGS) -std=c11 -fPIC -shared -fvisibility=hidden -o $@ $< -lm\n"
    "\n"
    ".PHONY: check run clean\n"
    "check: @NAME@.so\n"
    "\t$(ASSAY) check ./@NAME@.so\n"
    "\n"
    "run: @NAME@.so model.onnx\n"
    "\t$(ASSAY) run battery.yaml -o results\n"
    "\n"
    "# The images are those of Debian's package dataset-fashion-mnist.\n"
    "model.onnx:\n"
    "\t$(ASSAY) train --data idx:$(FASHION)/train-images-idx3-ubyte.gz,$(FASHION)/train-labels-idx1-ubyte.gz \\\n"
    "\t  --preprocess unit --images 10000 --stop-accuracy 0.9 \\\n"
    "\t  --layers conv:8x5,relu,maxpool:2,conv:16x5,relu,maxpool:2,fc:64,relu,fc:10 -o $@\n"
    "\n"
    "clean:\n"
    "\trm -rf @NAME@.so model.onnx results\n";

static const char battery_text[] = "# `make run` runs this; change it to your own network and data.\n"
                                   "name: @NAME@\n"
                                   "model: model.onnx\n"
                                   "data:\n"
                                   "  source: idx:/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz,"
                                   "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz\n"
                                   "  preprocess: unit\n"
                                   "  inputs: 30\n"
                                   "explainers:\n"
                                   "  - name: @NAME@\n"
                                   "    use: ./@NAME@.so\n"
                                   "  - edge-detector # a baseline that must fail, beside yours\n"
                                   "controls:\n"
                                   "  - cascading\n"
                                   "  - independent\n"
                                   "  - linear-identity\n"
                                   "  - zero-pixel\n"
                                   "expect:\n"
                                   "  edge-detector: FAIL\n";

static const char readme_text[] = "# @NAME@\n"
                                  "An explanation method for assay: `make`, then `make check`, then `make run`.\n";

static const struct file {
    const char *name; /* NULL: @NAME@.c */
    const char *text; /* NULL: explainer.h */
} files[] = {
    {NULL, source_text},        {"explainer.h", NULL}, {"Makefile", makefile_text}, {"battery.yaml", battery_text},
    {"README.md", readme_text},
};
#define FILES (sizeof files / sizeof *files)

/* The running program where a Makefile can name it as it is, else `assay` from the search path. */
static void program_path(char *out, size_t size) {
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    if (n > 0) {
        out[n] = 0;
        if (strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-") == (size_t)n) return;
    }
    snprintf(out, size, "assay");
}

static void fill_in(struct text *out, const char *text, const char *name, const char *program) {
    for (const char *at; (at = strchr(text, '@'));) {
        bool is_name = strncmp(at, "@NAME@", 6) == 0, is_program = strncmp(at, "@ASSAY@", 7) == 0;
        text_append(out, text, (size_t)(at - text) + (is_name || is_program ? 0 : 1));
        text = at + (is_name ? 6 : is_program ? 7 : 1);
        if (is_name || is_program) text_add(out, "%s", is_name ? name : program);
    }
    text_add(out, "%s", text);
}

static char *file_path(const char *folder, const struct file *file, const char *name) {
    return file->name ? text_format("%s/%s", folder, file->name) : text_format("%s/%s.c", folder, name);
}

static bool write_file(const char *folder, const struct file *file, const char *name, const char *program,
                       struct error *e) {
    struct text text = {0};
    char *path = file_path(folder, file, name);
    if (file->text) fill_in(&text, file->text, name, program);
    else text_add(&text, "%s", (const char *)explainer_h);
    bool ok = path && !text.failed ? file_write(path, text.data, text.length, e) : error_memory(e);
    text_finish(&text);
    free(path);
    return ok;
}

/* Leaves nothing half-written behind. */
static void remove_all(const char *folder, const char *name) {
    for (size_t i = 0; i < FILES; i++) {
        char *path = file_path(folder, &files[i], name);
        if (path) unlink(path);
        free(path);
    }
    rmdir(folder);
}

static bool check_name(const char *name, struct error *e) {
    size_t n = strlen(name);
    if (n == 0 || n > 64 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n || name[0] == '-' ||
        name[n - 1] == '-') {
        return error_set(e, "%.80s: wanted lower-case letters, digits and hyphens between them, such as my-method",
                         n ? name : "(empty name)");
    }
    return true;
}

bool scaffold_create(const char *folder, const char *name, struct error *e) {
    char program[4096];
    if (!check_name(name, e)) return false;
    char *path = text_format("%s/%s", folder, name);
    if (!path) return error_memory(e);
    if (mkdir(path, 0777) != 0) {
        error_set(e, "%s: %s: wanted a new folder%s", path, strerror(errno),
                  errno == EEXIST ? " (choose another name, or remove the old one)" : " there");
        free(path);
        return false;
    }
    program_path(program, sizeof program);
    bool ok = true;
    for (size_t i = 0; i < FILES && ok; i++) ok = write_file(path, &files[i], name, program, e);
    if (!ok) remove_all(path, name);
    free(path);
    return ok;
}
