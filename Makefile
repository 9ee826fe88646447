# make          build/assay and build/explainers/*.so
# make demo     install what is missing, build, run the battery on Fashion-MNIST
# make check    install what is missing, build, run all tests (about six minutes)
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
TEST_DEPS  = libcriterion-dev libonnx-testdata groff clang-format procps
VALGRIND_DEPS = valgrind libc6-dbg

WARN    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
OPT     ?= -O3 -g
CFLAGS  += -std=c11 -pthread $(OPT) $(WARN) $(WERROR) $(SANITIZE)
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -DASSAY_VERSION='"$(VERSION)"' -DASSAY_PREFIX='"$(PREFIX)"' -Iframework -I. -I$(BUILD)/gen
PKGS    = openblas sqlite3 yaml-0.1 libprotobuf-c jansson libpng libjpeg libzip zlib nettle libseccomp
LIBS    = $(shell pkg-config --libs $(PKGS)) -lcsv -ldl -lm

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
LDFLAGS  += -Wl,--wrap=_exit -Wl,--wrap=kill
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

# Products and sums in one instruction where the processor has it, which ISO C mode leaves out.
# No vector is passed between files, so that what the ABI says of them does not matter.
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o $(BUILD)/tests/unit/wide_%.o: CFLAGS += -ffp-contract=fast -Wno-psabi
# Another compiler for the kernels, which use what GCC alone has: make fuzz builds the rest with clang.
ifdef KERNEL_CC
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o: override CC = $(KERNEL_CC)
$(BUILD)/framework/nn/kernels/%.o $(BUILD)/framework/measure/simd/%.o: override SANITIZE =
endif
# Nobody reads the floating-point exception flags or errno: only then do loops with a choice or a root become vector code.
$(BUILD)/framework/nn/ops/%.o: CFLAGS += -fno-trapping-math -fno-math-errno
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
$(clients): $(BUILD)/%: %.c
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

.PHONY: deps demo-deps test-deps
deps:
	$(call install,$(BUILD_DEPS))
demo-deps:
	$(call install,$(BUILD_DEPS) $(DEMO_DEPS))
test-deps:
	$(call install,$(BUILD_DEPS) $(DEMO_DEPS) $(TEST_DEPS))

# A second make, because what pkg-config knows is read when make starts.
.PHONY: demo
demo: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	$(BUILD)/assay run fixtures/batteries/fashion.yaml -o runs/fashion

.PHONY: unit cli-tests style check
# What reads corpora and measures speed is built too, or it falls behind the rest unseen.
$(BUILD)/tests/built: $(BUILD)/assay $(plugins) $(bad) $(clients) $(mutants) $(unclaimed) $(BUILD)/tests/mutants/list \
                      $(BUILD)/tests/unit-tests $(BUILD)/tests/assay-concordance $(BUILD)/fixtures/generate \
                      $(BUILD)/tests/fuzz/replay $(BUILD)/bench/assay-bench
	@touch $@
unit: $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) $(BUILD)/tests/unit-tests -j$(JOBS) $(CRITERION)
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

# Slower proofs: the fixtures trained again from their seeds, the whole battery at -j1 and -j2, a run that is killed.
.PHONY: check-slow check-mpi mpi-build
check-slow: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) tests/slow.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) fuzz-replay check-html

mpi-build: all $(bad)
check-mpi: test-deps
	$(call install,libopenmpi-dev openmpi-bin)
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-mpi MPI=1 mpi-build
	ASSAY_BUILD=$(BUILD)-mpi tests/mpi/run.sh $(PART)

# The page in a browser: valid, accessible, its script at work. Wants chromium, nodejs and npm, and says so without.
.PHONY: check-html
check-html:
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	ASSAY_BUILD=$(BUILD) tests/html/run.sh $(PAGE)

# Plugins that attack the harness, each beside two honest rows (about three minutes).
.PHONY: hostile
$(BUILD)/tests/hostile/built: $(BUILD)/assay $(plugins) $(hostile) $(hostile_phase)
	@touch $@
hostile: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/hostile/built
	ASSAY_BUILD=$(BUILD) tests/hostile/run.sh $(PLUGIN)

# Fuzzing: make fuzz runs every target for FUZZ_SECONDS, FUZZ='csv onnx' those; the corpora that are committed are
# replayed by make fuzz-replay under the sanitizers, without a fuzzer.
.PHONY: fuzz fuzz-replay fuzz-build replay-build
FUZZ_SECONDS ?= 60
FUZZ      ?=
FUZZ_DEPS = clang libclang-rt-14-dev
fuzz_obj  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/libfuzzer.c %/replay.c,$(wildcard tests/fuzz/*.c)))
$(BUILD)/tests/fuzz/fuzz: $(fuzz_obj) $(BUILD)/tests/fuzz/libfuzzer.o $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(BUILD)/tests/fuzz/replay: $(fuzz_obj) $(BUILD)/tests/fuzz/replay.o $(core_obj)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
fuzz-build: $(BUILD)/tests/fuzz/fuzz
replay-build: $(BUILD)/tests/fuzz/replay
fuzz: all test-deps
	$(call install,$(FUZZ_DEPS))
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-fuzz CC=clang KERNEL_CC=gcc WARN=-w OPT='-O1 -g -fno-omit-frame-pointer' \
	  SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzz-build
	ASSAY_BUILD=$(abspath $(BUILD)) FUZZ_BUILD=$(abspath $(BUILD)-fuzz) FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh $(FUZZ)
fuzz-replay: all test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-asan OPT='-O1 -g -fno-omit-frame-pointer' \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' replay-build
	@ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 ASSAY_ROOT=$(CURDIR) ASSAY_BUILD=$(abspath $(BUILD)) \
	  $(BUILD)-asan/tests/fuzz/replay tests/fuzz/corpus 2>$(BUILD)-asan/replay.log || { tail -40 $(BUILD)-asan/replay.log; exit 1; }

# Lines that the tests execute, by room, workers included; make coverage FILES=1 lists files below 90 % as well.
.PHONY: coverage
coverage: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-coverage COVERAGE=1 OPT='-O1 -g' $(BUILD)-coverage/tests/built
	@find $(BUILD)-coverage -name '*.gcda' -delete
	-ASSAY_BUILD=$(BUILD)-coverage $(BUILD)-coverage/tests/unit-tests -j$(JOBS) --timeout 600 >$(BUILD)-coverage/unit.log 2>&1
	-ASSAY_BUILD=$(BUILD)-coverage tests/cli/run.sh | tail -1
	ASSAY_BUILD=$(BUILD)-coverage tests/coverage/rooms.sh $(FILES)

# A small run again and again, each time with one call of the C library that fails: a sample of all calls. PLACES=1:
# the first from every place; ALL=1: every one.
.PHONY: faults
$(BUILD)/tests/faults/inject.so: tests/faults/inject.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O1 -g $(WARN) -fPIC -shared -fvisibility=hidden -o $@ $< -ldl
faults: all test-deps $(BUILD)/tests/faults/inject.so
	ASSAY_BUILD=$(BUILD) tests/faults/run.sh $(FAULTS)

# Mutants of judge/ and controls/ against the unit suites that are about them; MUTANTS=200 of them, ALL=1 all.
.PHONY: mutation
mutation: $(BUILD)/tests/built
	@mkdir -p $(BUILD)/tests/mutation
	@printf '%s\n' $(abspath $(unit_obj) $(core_obj)) >$(BUILD)/tests/mutation/objects
	@ASSAY_BUILD=$(BUILD) MUTATION_CC='$(CC) $(CPPFLAGS) -std=c11 -pthread' MUTATION_LINK='$(CC) $(CFLAGS) $(LDFLAGS)' \
	  MUTATION_LIBS='$(LIBS) $(shell pkg-config --libs criterion)' tests/mutation/run $(MUTATE)

# Broken variants of honest explainers against the controls: which control notices which (tests/mutants/run.sh).
# EXPLAINERS='ig-* gradient-bump-80' takes some of them, NETWORKS=genome-cnn some networks. mutants-honest runs honest
# explainers that are not shipped on every network at five seeds: none may be blamed.
.PHONY: mutants mutants-quick mutants-honest
$(BUILD)/tests/mutants/built: $(BUILD)/assay $(plugins) $(mutants) $(unclaimed) $(BUILD)/tests/mutants/list
	@touch $@
mutants: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/mutants/built
	ASSAY_BUILD=$(BUILD) tests/mutants/run.sh $(if $(NETWORKS),--networks $(NETWORKS)) $(foreach name,$(EXPLAINERS),'$(name)')
mutants-quick: $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) tests/mutants/run.sh --quick
mutants-honest: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/mutants/built
	ASSAY_BUILD=$(BUILD) tests/mutants/run.sh --honest $(if $(NETWORKS),--networks $(NETWORKS)) $(foreach name,$(EXPLAINERS),'$(name)')

.PHONY: asan valgrind
asan: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-asan OPT='-O1 -g -fno-omit-frame-pointer' \
	  SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' $(BUILD)-asan/tests/built
	ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
	  ASSAY_BUILD=$(BUILD)-asan $(BUILD)-asan/tests/unit-tests -j$(JOBS) --timeout 300 2>&1 | \
	  tee $(BUILD)-asan/unit.log; exit $${PIPESTATUS[0]}
	@! grep -A8 'detected memory leaks' $(BUILD)-asan/unit.log # a leak at a test's end is no failure to Criterion

# Memory errors and leaks by valgrind, which asan does not see in the same places: uninitialised values above all.
# Criterion starts a process for each test, which takes about three seconds of processor time here; these are quick suites
# of every room, without plugins that misbehave. VALGRIND_SUITES='idx csv' takes others. OpenBLAS's newer kernels are not
# for valgrind, which has no AVX-512 and reports what they read beyond the end of an array; nor is the sandbox, whose
# system calls it does not know. The logs, one for each process, are empty where nothing was found, but for Criterion's
# own complaint that errors were not to be reported while a test ends.
valgrind_base       = text error array shape file name_table
valgrind_data       = npy csv idx folder class_names labels numpy dataset preprocess picture
valgrind_nn         = arch graph op_errors axis_order tokens sequence onnx_models onnx_feed onnx_choice onnx_external
valgrind_battery    = battery spec rule preprocess_auto
valgrind_plan       = plan control stages
valgrind_measure    = spearman measure_table
valgrind_host       = kit handle memo explainers explainer_info propagate methods_forms
valgrind_workers    = isolate progress cores
valgrind_store      = store
valgrind_judge      = judge_checks judge_view judge_edges judge_classes judge_networks judge_signs
valgrind_experiment = pair plane layer_groups
valgrind_run        = message verdict
valgrind_reports    = report_csv report_json report_junit report_text
valgrind_cli        = options scaffold suggestions
VALGRIND_SUITES ?= $(foreach room,base data nn battery plan measure host workers store judge experiment run reports cli,$(valgrind_$(room)))
empty =
space = $(empty) $(empty)
valgrind: test-deps
	$(call install,$(VALGRIND_DEPS))
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/built
	@rm -rf $(BUILD)/valgrind && mkdir $(BUILD)/valgrind
	OPENBLAS_CORETYPE=Nehalem ASSAY_SANDBOX=off ASSAY_BUILD=$(BUILD) valgrind -q --trace-children=yes \
	  --trace-children-skip='/usr/*,/bin/*' --leak-check=full --show-leak-kinds=definite \
	  --log-file=$(abspath $(BUILD))/valgrind/%p.log \
	  $(BUILD)/tests/unit-tests -j$(JOBS) --timeout 600 --filter '@($(subst $(space),|,$(strip $(VALGRIND_SUITES))))/*'
	@! grep -hvE 'error reporting disabled|result of some mistake|DISABLE_ERROR_REPORTING' $(BUILD)/valgrind/*.log

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

# The page of explainers, from what they say of themselves; tests/cli/cases/list.txt holds that it is so.
.PHONY: docs
docs: all
	$(BUILD)/assay list explainers --format md >$(BUILD)/explainers.md
	mv $(BUILD)/explainers.md docs/explainers.md

# The Python package: in a virtual environment of numpy alone, then with torch where PYTHON has it (TORCH=1 installs it).
.PHONY: check-python
check-python: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	ASSAY_BUILD=$(BUILD) PYTHON=$(PYTHON) TORCH=$(TORCH) python/tests/run.sh

.PHONY: install uninstall
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/assay/explainers $(DESTDIR)$(PREFIX)/include/assay \
	  $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(BUILD)/assay $(DESTDIR)$(PREFIX)/bin/assay
	install -m 644 $(plugins) $(DESTDIR)$(PREFIX)/lib/assay/explainers
	install -m 644 explainers/explainer.h $(wildcard explainers/kit*.h) $(DESTDIR)$(PREFIX)/include/assay
	install -m 644 docs/assay.1 $(DESTDIR)$(PREFIX)/share/man/man1
uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/bin/assay $(DESTDIR)$(PREFIX)/lib/assay $(DESTDIR)$(PREFIX)/include/assay \
	  $(DESTDIR)$(PREFIX)/share/man/man1/assay.1

.PHONY: help
help:
	@echo 'make             build/assay and build/explainers/*.so (make deps installs what that needs)'
	@echo 'make demo        install what is missing, build, run the battery on Fashion-MNIST'
	@echo 'make check       install what is missing, look at the style, build, run all tests'
	@echo 'make check-html  report.html in headless Chromium: valid, accessible, its script at work'
	@echo 'make check-mpi   mpirun with 2 to 4 processes, one killed, one stopped (make MPI=1 builds with MPI)'
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
	@echo 'make docs        docs/explainers.md, from what the explainers say of themselves'
	@echo 'make check-python  the Python package, with torch where PYTHON has it (PYTHON=, TORCH=1 installs it)'
	@echo 'make install     into PREFIX (default /usr/local); make uninstall takes it out again'
	@echo 'make clean       remove build*/'

.PHONY: clean
clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-fuzz $(BUILD)-coverage
