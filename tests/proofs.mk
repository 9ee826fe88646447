# Proofs that take longer than make check; included by the Makefile.

# Slower proofs: the fixtures trained again from their seeds, the whole battery at -j1 and -j2, a run that is killed.
.PHONY: check-slow
check-slow: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) tests/slow.sh
	@$(MAKE) --no-print-directory BUILD=$(BUILD) fuzz-replay check-html check-aarch64

# AArch64 in an emulator of programs: cross-compiled against Debian's arm64 libraries, which lie in a folder and are
# not installed. (onnx.proto is of no architecture, and Criterion's headers are all that is taken of it.)
.PHONY: check-aarch64 aarch64-build
aarch64-build: all $(BUILD)/tests/unit-tests-forked
AARCH64_DEPS = gcc-aarch64-linux-gnu qemu-user dpkg apt
check-aarch64: test-deps
	$(call install,$(AARCH64_DEPS))
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) all
	ASSAY_BUILD=$(BUILD) LIBRARIES='$(filter-out libonnx-dev,$(filter %-dev,$(BUILD_DEPS))) libcriterion-dev' \
	  tests/aarch64.sh $(PART)

# Runs of several processes, in a build of its own: 2 to 8 on this machine, one killed, one stopped, one slow;
# three hosts as network namespaces, one cut off.
.PHONY: check-mpi mpi-build
MPI_DEPS = libopenmpi-dev openmpi-bin iproute2
mpi-build: all $(bad)
check-mpi: test-deps
	$(call install,$(MPI_DEPS))
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD)-mpi MPI=1 mpi-build
	ASSAY_BUILD=$(BUILD)-mpi tests/mpi/run.sh $(PART)
	$(if $(PART),,ASSAY_BUILD=$(BUILD)-mpi tests/mpi/hosts.sh)

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
	-ASSAY_COVERAGE=$(abspath $(BUILD)-coverage) ASSAY_BUILD=$(BUILD)-coverage $(BUILD)-coverage/tests/unit-tests -j$(JOBS) --timeout 600 >$(BUILD)-coverage/unit.log 2>&1
	-ASSAY_COVERAGE=$(abspath $(BUILD)-coverage) ASSAY_BUILD=$(BUILD)-coverage tests/cli/run.sh | tail -1
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
# EXPLAINERS='ig-* gradient-bump-80' takes some of them, NETWORKS=genome-cnn some networks. FIRST_KILL=1 asks nothing
# more of what was noticed: which mutants survive, in half the time and less. mutants-honest runs honest
# explainers that are not shipped on every network at five seeds: none may be blamed.
.PHONY: mutants mutants-quick mutants-honest
$(BUILD)/tests/mutants/built: $(BUILD)/assay $(plugins) $(mutants) $(unclaimed) $(BUILD)/tests/mutants/list
	@touch $@
mutants: demo-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/mutants/built
	ASSAY_BUILD=$(BUILD) tests/mutants/run.sh $(if $(FIRST_KILL),--first-kill) $(if $(NETWORKS),--networks $(NETWORKS)) $(foreach name,$(EXPLAINERS),'$(name)')
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
valgrind_controls   = control_mprt control_linear_form control_readings control_relabelling
valgrind_measure    = spearman measure_table
valgrind_host       = kit handle memo explainers explainer_info propagate methods_forms
valgrind_workers    = isolate progress cores
valgrind_store      = store
valgrind_judge      = judge_checks judge_view judge_edges judge_classes judge_networks judge_signs
valgrind_experiment = pair plane layer_groups
valgrind_run        = message verdict
valgrind_reports    = report_csv report_json report_junit report_text
valgrind_cli        = options scaffold suggestions
VALGRIND_SUITES ?= $(foreach room,base data nn battery plan controls measure host workers store judge experiment run reports cli,$(valgrind_$(room)))
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
