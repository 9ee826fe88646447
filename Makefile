# make          build/assay and build/explainers/*.so
# make demo     install what is missing, build, run the battery on Fashion-MNIST
# make python   install what is missing, build, for judging methods in Python
# make check    install what is missing, build, run all tests (about two minutes)
# make help     the rest
SHELL   = /bin/bash
BUILD   ?= build
# Inside the tree by its relative name, or what make wrote down of one build would not do for another.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
PREFIX  ?= /usr/local
VERSION = 0.1.0
JOBS    ?= $(shell nproc)
PYTHON  ?= python3

# Debian packages: to build and run, and what the tests want besides.
BUILD_DEPS = gcc libc6-dev make pkg-config protobuf-c-compiler libprotobuf-c-dev libonnx-dev libopenblas-serial-dev \
             libcsv-dev libsqlite3-dev libseccomp-dev libyaml-dev libjansson-dev libpng-dev libjpeg62-turbo-dev \
             libzip-dev zlib1g-dev nettle-dev gnuplot-nox fonts-dejavu-core
DEMO_DEPS  = dataset-fashion-mnist
PYTHON_DEPS = python3-venv
TEST_DEPS  = libcriterion-dev libonnx-testdata groff clang-format procps git perl
VALGRIND_DEPS = valgrind libc6-dbg

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
OPT     ?= -O3 -g
CFLAGS  += -std=c11 -pthread $(OPT) $(WARN) $(WERROR) $(SANITIZE)
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -DASSAY_VERSION='"$(VERSION)"' -DASSAY_PREFIX='"$(PREFIX)"' -Iframework -I. -I$(BUILD)/gen
PKGS    = openblas sqlite3 yaml-0.1 libprotobuf-c jansson libpng libjpeg libzip zlib nettle libseccomp
LIBS    = $(shell pkg-config --libs $(PKGS)) -lcsv -ldl -lm
# GCC 12 for AArch64 dies of its own vector code for them, where a loop takes the largest of floats as doubles.
ifneq ($(filter aarch64-%,$(shell $(CC) -dumpmachine)),)
CFLAGS += -fno-builtin-fmax -fno-builtin-fmin
endif

core_src = $(filter-out framework/main.c %_mpi.c,$(wildcard framework/*.c framework/*/*.c framework/*/*/*.c controls/*.c reports/*.c))
core_obj = $(core_src:%.c=$(BUILD)/%.o) $(BUILD)/gen/onnx.pb-c.o $(BUILD)/gen/scaffold_files.o
plugins  = $(patsubst explainers/%.c,$(BUILD)/explainers/%.so,$(wildcard explainers/*.c))
unit_src = $(wildcard tests/unit/*.c)
unit_obj = $(unit_src:%.c=$(BUILD)/%.o)
bad      = $(patsubst tests/bad/%.c,$(BUILD)/tests/bad/%.so,$(wildcard tests/bad/*.c))

# Counters of lines: those of worker processes too (tests/coverage/exit.c); none of plugins, which carry a library of
# their own.
ifdef COVERAGE
core_obj += $(BUILD)/tests/coverage/exit.o
LDFLAGS  += -Wl,--wrap=_exit -Wl,--wrap=kill -Wl,--wrap=syscall
SANITIZE  = --coverage -fprofile-update=atomic
$(plugins) $(bad) $(mutants) $(unclaimed): SANITIZE =
endif

.PHONY: all
all: $(BUILD)/assay $(plugins)

# make MPI=1: `mpirun assay run` (docs/scale.md). One object more; without it nothing of MPI is linked or looked for.
ifdef MPI
mpi_obj  = $(BUILD)/framework/workers/transport_mpi.o
mpi_libs = $(shell pkg-config --libs ompi-c)
$(mpi_obj): CPPFLAGS += $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I ompi-c))
endif
$(BUILD)/assay: $(BUILD)/framework/main.o $(core_obj) $(mpi_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(mpi_libs)

$(BUILD)/%.o: %.c $(BUILD)/gen/onnx.pb-c.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# GCC 14 leaves chains of them as two instructions where vectors have 256 bits: slower here, and other bits than with 512.
avoid_none = --param=avoid-fma-max-bits=0
# Products and sums in one instruction where the processor has it, which ISO C mode leaves out.
# No vector is passed between files, so that what the ABI says of them does not matter.
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o $(BUILD)/tests/unit/wide_%.o: CFLAGS += -ffp-contract=fast $(avoid_none) -Wno-psabi
# Another compiler for the kernels, which use what GCC alone has: make fuzz builds the rest with clang.
ifdef KERNEL_CC
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o: override CC = $(KERNEL_CC)
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o: override SANITIZE =
endif
# Nobody reads the floating-point exception flags or errno: only then do loops with a choice or a root become vector code.
$(BUILD)/framework/nn/ops/%.o $(BUILD)/framework/nn/kernels/smooth_%.o: CFLAGS += -fno-trapping-math -fno-math-errno
$(BUILD)/framework/nn/optimiser.o: CFLAGS += -fno-math-errno

$(BUILD)/gen/onnx.pb-c.c $(BUILD)/gen/onnx.pb-c.h &: /usr/include/onnx/onnx.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=$(<D) --c_out=$(@D) onnx.proto
$(BUILD)/gen/onnx.pb-c.o: $(BUILD)/gen/onnx.pb-c.c
	$(CC) -O2 -g $(SANITIZE) -I$(BUILD)/gen -c -o $@ $<

# What `assay new` writes, as bytes in the program: the templates, and the headers that the source in C includes.
template  = $(sort $(wildcard explainers/template/*))
scaffold  = $(template) $(shell sed -n 's,^#include "\(.*\)",explainers/\1,p' explainers/template/my-method.c)
python_scaffold = $(addprefix python/template/,Makefile README.md battery.yaml method.py network.py test_method.py)
define scaffold_array # NAME FILES
  echo 'const struct scaffold_file $(1)[] = {'; \
  for file in $(2); do echo "{\"$${file##*/}\", (const unsigned char[]){"; \
    od -An -v -tx1 $$file | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo "0}, $$(wc -c <$$file)},"; done; \
  echo '{0}};';
endef
$(BUILD)/gen/scaffold_files.c: $(scaffold) $(python_scaffold)
	@mkdir -p $(@D)
	{ echo '#include "cli/scaffold.h"'; $(call scaffold_array,scaffold_files,$(scaffold)) \
	  $(call scaffold_array,scaffold_python_files,$(python_scaffold)) } > $@
$(BUILD)/gen/scaffold_files.o: $(BUILD)/gen/scaffold_files.c framework/cli/scaffold.h
	$(CC) -O2 -g $(SANITIZE) -Iframework -c -o $@ $<

# A plugin sees the headers beside it and nothing else of ours.
$(BUILD)/explainers/%.so: explainers/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Iexplainers -fPIC -shared -fvisibility=hidden -Wl,-z,defs -MMD -MP -o $@ $< -lm
$(BUILD)/tests/bad/%.so: tests/bad/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Iexplainers -fPIC -shared -fvisibility=hidden -MMD -MP -o $@ $< -lm

# Programs that speak docs/protocol.md.
clients = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/clients/*.c))
$(clients): $(BUILD)/%: %.c tests/clients/client.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -o $@ $<

# Hostile plugins, and those that phase.c makes: each deed in each phase.
hostile_deeds  = crash leave hang thread
hostile_phases = constructor claims create attribute late destroy destructor
hostile_phase  = $(foreach d,$(hostile_deeds),$(foreach p,$(hostile_phases),$(BUILD)/tests/hostile/$d-$p.so))
hostile        = $(patsubst tests/hostile/%.c,$(BUILD)/tests/hostile/%.so,$(filter-out %/phase.c,$(wildcard tests/hostile/*.c)))
hostile_flags  = -D_GNU_SOURCE -Iexplainers -fPIC -shared -fvisibility=hidden -MMD -MP
$(hostile_phase): $(BUILD)/tests/hostile/%.so: tests/hostile/phase.c tests/hostile/hostile.h explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(hostile_flags) -DDEED=$(firstword $(subst -, ,$*)) -DPHASE='"$(lastword $(subst -, ,$*))"' -o $@ $<
$(hostile): $(BUILD)/tests/hostile/%.so: tests/hostile/%.c tests/hostile/hostile.h explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(hostile_flags) -o $@ $< -lm

# Broken variants of honest explainers, a library for each family; unclaimed/ has them once more without any claim.
mutants      = $(patsubst tests/mutants/%.c,$(BUILD)/tests/mutants/%.so,$(filter-out %/list.c,$(wildcard tests/mutants/*.c)))
unclaimed    = $(mutants:$(BUILD)/tests/mutants/%=$(BUILD)/tests/mutants/unclaimed/%)
mutant_flags = -D_POSIX_C_SOURCE=200809L -Iexplainers -fPIC -shared -fvisibility=hidden -Wl,-z,defs -MMD -MP
$(mutants): $(BUILD)/tests/mutants/%.so: tests/mutants/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(mutant_flags) -o $@ $< -lm
$(unclaimed): $(BUILD)/tests/mutants/unclaimed/%.so: tests/mutants/%.c explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(mutant_flags) -DWITHOUT_CLAIMS -o $@ $< -lm
$(BUILD)/tests/mutants/list: tests/mutants/list.c tests/mutants/mutants.h explainers/explainer.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L -Iexplainers -o $@ $< -ldl -lm

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

$(BUILD)/tests/unit-tests: $(unit_obj) $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs criterion)

# The same tests where Criterion cannot run them: in an emulator of programs (tests/aarch64.sh).
$(BUILD)/tests/unit-tests-forked: $(unit_obj) $(core_obj) $(BUILD)/tests/aarch64/criterion.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The program with a third measure in its table.
$(BUILD)/tests/assay-concordance: $(BUILD)/framework/main.o $(BUILD)/tests/measures/concordance.o $(filter-out %/measure/table.o,$(core_obj))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The data of fixtures/ that is drawn from seeds (fixtures/train.sh).
$(BUILD)/fixtures/generate: $(BUILD)/fixtures/generate.o $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# ---- installing what is missing: $(call install,PACKAGES) ----
missing = $(shell dpkg-query -W -f='$${Package} $${Status}\n' $(1) 2>/dev/null | awk '/install ok installed/{print $$1}' | \
            sort >/tmp/.assay-have.$$$$; printf '%s\n' $(1) | sort | comm -13 /tmp/.assay-have.$$$$ -; rm -f /tmp/.assay-have.$$$$)
root    = $(shell [ "$$(id -u)" = 0 ] || echo sudo)
define install
	@set -e; wanted="$(strip $(call missing,$(1)))"; \
	if [ -n "$$wanted" ]; then echo "installing $$wanted"; \
	  $(root) apt-get update -qq; \
	  $(root) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$wanted >/dev/null; fi
endef

.PHONY: deps demo-deps python-deps test-deps
deps:
	$(call install,$(BUILD_DEPS))
demo-deps:
	$(call install,$(BUILD_DEPS) $(DEMO_DEPS))
python-deps:
	$(call install,$(BUILD_DEPS) $(DEMO_DEPS) $(PYTHON_DEPS))
test-deps:
	$(call install,$(BUILD_DEPS) $(DEMO_DEPS) $(TEST_DEPS))

# A second make, because what pkg-config knows is read when make starts.
.PHONY: demo
demo: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	$(BUILD)/assay run fixtures/batteries/fashion.yaml -o runs/fashion

.PHONY: python
python: python-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all

.PHONY: unit cli-tests style check
# What reads corpora and measures speed is built too, or it falls behind the rest unseen.
$(BUILD)/tests/built: $(BUILD)/assay $(plugins) $(bad) $(clients) $(mutants) $(unclaimed) $(BUILD)/tests/mutants/list \
                      $(BUILD)/tests/unit-tests $(BUILD)/tests/assay-concordance $(BUILD)/fixtures/generate \
                      $(BUILD)/tests/fuzz/replay $(BUILD)/bench/assay-bench
	@touch $@
# One more at a time than there are processors, as some tests do little but wait.
unit: $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) $(BUILD)/tests/unit-tests -j$$(($(JOBS) + 1)) --filter '!(slow_*)/*' $(CRITERION)
cli-tests: $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) tests/cli/run.sh
	ASSAY_BUILD=$(BUILD) tests/cli/readme.sh
style:
	tests/style.sh
	tests/docs.sh
check: test-deps
	@$(MAKE) --no-print-directory style
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) WERROR=-Werror $(BUILD)/tests/built
	@$(MAKE) --no-print-directory BUILD=$(BUILD) WERROR=-Werror cli-tests mutants-quick
	@$(MAKE) --no-print-directory BUILD=$(BUILD) WERROR=-Werror unit

include tests/proofs.mk

# make bench runs every job, make bench JOB='net ig' those; ROUNDS=3 of all contenders in turns.
.PHONY: bench bench-scaling
bench_obj = $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/*.c))
$(BUILD)/bench/peak.o: CFLAGS += -ffp-contract=fast
$(BUILD)/bench/assay-bench: $(bench_obj) $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
bench: all $(BUILD)/bench/assay-bench
	@ASSAY_BUILD=$(BUILD) PYTHON=$(PYTHON) bench/run $(JOB)
bench-scaling: all $(BUILD)/bench/assay-bench
	@ASSAY_BUILD=$(BUILD) bench/scaling

# Models of torchvision, timm, transformers, Keras and scikit-learn, by their own exporters: PYTHON has those packages
# (tests/zoo/requirements.txt). ZOO='timm/* *@dynamo' takes some of them, ZOO_CACHE is where the models are kept.
.PHONY: zoo
ZOO_CACHE ?= $(HOME)/.cache/assay-zoo
zoo: all
	@nice -n 10 $(PYTHON) tests/zoo/run.py --assay $(BUILD)/assay --cache "$(ZOO_CACHE)" $(if $(ZOO),--,--write docs/models.md) \
	  $(foreach pattern,$(ZOO),'$(pattern)')

# The page of explainers, from what they say of themselves (tests/cli/cases/list.txt holds that it is so); the keys of a
# battery as a manual page and as JSON Schema (tests/cli/manual.sh).
.PHONY: docs
docs: all
	$(BUILD)/assay list explainers --format md >$(BUILD)/explainers.md
	mv $(BUILD)/explainers.md docs/explainers.md
	$(BUILD)/assay list battery --format mdoc >$(BUILD)/keys
	{ sed '/^\.\\" keys$$/q' docs/assay-battery.5; cat $(BUILD)/keys; \
	  tac docs/assay-battery.5 | sed '/^\.\\" keys$$/q' | tac; } >$(BUILD)/assay-battery.5
	mv $(BUILD)/assay-battery.5 docs/assay-battery.5
	$(BUILD)/assay list schema >docs/battery.schema.json

# The Python package: in a virtual environment of numpy alone, then with torch where PYTHON has it (TORCH=1 installs it).
.PHONY: check-python
check-python: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	ASSAY_BUILD=$(BUILD) PYTHON=$(PYTHON) TORCH=$(TORCH) python/tests/run.sh

include packaging/install.mk

.PHONY: help
help:
	@echo 'make             build/assay and build/explainers/*.so (make deps installs what that needs)'
	@echo 'make demo        install what is missing, build, run the battery on Fashion-MNIST'
	@echo 'make python      install what is missing, build, for judging methods in Python (docs/python.md)'
	@echo 'make check       install what is missing, look at the style, build, run all tests'
	@echo 'make check-html  report.html in headless Chromium: valid, accessible, its script at work'
	@echo 'make check-aarch64  the program on AArch64 in an emulator: it verifies runs of here, and the other way round'
	@echo 'make check-mpi   mpirun with 2 to 8 processes, one killed, one stopped (make MPI=1 builds with MPI)'
	@echo 'make check-slow  slower proofs: training again, resuming after a kill, the same bytes at any -j'
	@echo 'make asan        unit tests under AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make valgrind    quick unit tests of every room under valgrind (VALGRIND_SUITES=... for others)'
	@echo 'make hostile     plugins that attack the harness, beside honest rows (PLUGIN=... for some)'
	@echo 'make fuzz        libFuzzer on every reader and the worker messages (FUZZ_SECONDS=60 each, FUZZ=... for some)'
	@echo 'make fuzz-replay the committed corpora once, under the sanitizers'
	@echo 'make faults      a small run with one failing call of the C library, again and again (PLACES=1, ALL=1: more of them)'
	@echo 'make mutation    do the tests notice one-token changes of judge/ and controls/? (MUTANTS=60, ALL=1)'
	@echo 'make mutants     faulty explainers against the controls: the kill matrix (EXPLAINERS=..., NETWORKS=... for some)'
	@echo 'make mutants-honest  honest explainers that are not shipped, on every network at five seeds: none is blamed'
	@echo 'make coverage    lines that the tests execute, by room, workers included (FILES=1: files below 90 %)'
	@echo 'make bench       speed, beside its peers where they are installed (JOB=... for some: bench/run -h)'
	@echo 'make bench-scaling  time and memory over images, steps and stages, plotted'
	@echo 'make zoo         models of public packages by their own exporters: docs/models.md (PYTHON=, ZOO=, needs pip)'
	@echo 'make docs        docs/explainers.md, assay-battery.5 and battery.schema.json, from the tables of the program'
	@echo 'make check-python  the Python package, with torch where PYTHON has it (PYTHON=, TORCH=1 installs it)'
	@echo 'make install     into PREFIX (default /usr/local); make uninstall takes it out again'
	@echo 'make check-install  the installed program away from the tree: it plays the transcripts'
	@echo 'make dist        the released archive; make deb: the Debian package of it, read by lintian'
	@echo 'make clean       remove build*/'

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-deb $(BUILD)-asan $(BUILD)-fuzz $(BUILD)-coverage $(BUILD)-aarch64 $(BUILD)-aarch64-sysroot
