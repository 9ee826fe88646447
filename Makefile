# make          build/assay and build/explainers/*.so
# make demo     install what is missing, build, run the battery on Fashion-MNIST
# make check    install what is missing, build, run all tests (about two minutes)
# make help     the rest
SHELL   = /bin/bash
CC      ?= cc
BUILD   ?= build
PREFIX  ?= /usr/local
VERSION = 0.1.0

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
OPT     ?= -O3 -g
CFLAGS  += -std=c11 $(OPT) $(WARN) $(WERROR) $(SANITIZE)
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -DASSAY_VERSION='"$(VERSION)"' -DASSAY_PREFIX='"$(PREFIX)"' -Iframework -I. -I$(BUILD)/gen
PKGS    = openblas sqlite3 yaml-0.1 libprotobuf-c jansson libpng zlib nettle
LIBS    = $(shell pkg-config --libs $(PKGS)) -lcsv -ldl -lm

core_src = $(filter-out framework/main.c,$(wildcard framework/*.c framework/*/*.c framework/*/*/*.c controls/*.c reports/*.c))
core_obj = $(core_src:%.c=$(BUILD)/%.o) $(BUILD)/gen/onnx.pb-c.o $(BUILD)/gen/explainer_h.o
plugins  = $(patsubst explainers/%.c,$(BUILD)/explainers/%.so,$(wildcard explainers/*.c))
unit_src = $(wildcard tests/unit/*.c)
unit_obj = $(unit_src:%.c=$(BUILD)/%.o)
bad      = $(patsubst tests/bad/%.c,$(BUILD)/tests/bad/%.so,$(wildcard tests/bad/*.c))

.PHONY: all
all: $(BUILD)/assay $(plugins)

$(BUILD)/assay: $(BUILD)/framework/main.o $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c $(BUILD)/gen/onnx.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/onnx.pb-c.h &: /usr/include/onnx/onnx.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) onnx.proto
$(BUILD)/gen/onnx.pb-c.o: $(BUILD)/gen/onnx.pb-c.c
	$(CC) -O2 -g $(SANITIZE) -I$(BUILD)/gen -c -o $@ $<

# The header `assay new` hands out, as bytes in the program.
$(BUILD)/gen/explainer_h.c: explainers/explainer.h
	@mkdir -p $(@D)
	{ echo 'extern const unsigned char explainer_h[]; const unsigned char explainer_h[] = {'; \
	  od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; } > $@
$(BUILD)/gen/explainer_h.o: $(BUILD)/gen/explainer_h.c
	$(CC) -O2 -g $(SANITIZE) -c -o $@ $<

# A plugin sees explainer.h and nothing else of ours.
$(BUILD)/explainers/%.so: explainers/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Iexplainers -fPIC -shared -fvisibility=hidden -Wl,-z,defs -MMD -MP -o $@ $< -lm
$(BUILD)/tests/bad/%.so: tests/bad/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Iexplainers -fPIC -shared -fvisibility=hidden -MMD -MP -o $@ $< -lm

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

$(BUILD)/tests/unit-tests: $(unit_obj) $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs criterion)

.PHONY: unit
unit: all $(bad) $(BUILD)/tests/unit-tests
	ASSAY_BUILD=$(BUILD) $(BUILD)/tests/unit-tests -j2 $(CRITERION)

.PHONY: clean
clean:
	rm -rf $(BUILD)
