# Installing and releasing; included by the Makefile.

# What is installed: the program, its plugins, the headers that plugins include (found by pkg-config as `assay`), the
# manual, the fixtures' networks and batteries, what editors and shells read.
.PHONY: install uninstall
to = $(DESTDIR)$(PREFIX)
# Where bash, zsh and fish look.
completions = bash-completion/completions/assay zsh/site-functions/_assay fish/vendor_completions.d/assay.fish
install: all
	install -d $(addprefix $(to)/,bin lib/assay/explainers include/assay) \
	  $(addprefix $(to)/share/,man/man1 man/man5 pkgconfig $(addprefix assay/fixtures/,batteries/papers models data) $(dir $(completions)))
	install -m 755 $(BUILD)/assay $(to)/bin/assay
	install -m 644 $(plugins) $(to)/lib/assay/explainers
	install -m 644 $(wildcard explainers/*.h) explainers/explainer.rs $(to)/include/assay
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' packaging/assay.pc.in >$(to)/share/pkgconfig/assay.pc
	install -m 644 docs/assay.1 $(to)/share/man/man1
	install -m 644 docs/assay-battery.5 docs/assay-run.5 $(to)/share/man/man5
	install -m 644 docs/battery.schema.json $(to)/share/assay
	install -m 644 $(wildcard fixtures/*.csv) $(to)/share/assay/fixtures
	install -m 644 $(wildcard fixtures/batteries/*.yaml) $(to)/share/assay/fixtures/batteries
	install -m 644 $(wildcard fixtures/batteries/papers/*) $(to)/share/assay/fixtures/batteries/papers
	install -m 644 $(wildcard fixtures/models/*) $(to)/share/assay/fixtures/models
	install -m 644 $(wildcard fixtures/data/*) $(to)/share/assay/fixtures/data
	set -e -- $(completions); for shell in bash zsh fish; do \
	  $(BUILD)/assay completions $$shell >$(to)/share/$$1; shift; done
uninstall:
	rm -rf $(addprefix $(to)/,bin/assay lib/assay include/assay) $(addprefix $(to)/share/,assay pkgconfig/assay.pc \
	  man/man1/assay.1 man/man5/assay-battery.5 man/man5/assay-run.5 $(completions))

# The installed program, away from the tree: it plays the transcripts, and a plugin is built by what pkg-config says.
.PHONY: check-install
check-install: test-deps
	@$(MAKE) --no-print-directory -s -j$(JOBS) BUILD=$(BUILD) $(BUILD)/tests/built
	ASSAY_BUILD=$(BUILD) tests/installed.sh

# What is released: what is committed, as an archive; a Debian source package of it, and the package that it builds
# (DEB_BUILD_OPTIONS=nocheck leaves out its tests).
.PHONY: dist deb
DEB_DEPS = build-essential debhelper lintian fakeroot
dist:
	@mkdir -p $(BUILD)
	git archive --prefix=assay-$(VERSION)/ -o $(BUILD)/assay-$(VERSION).tar.gz HEAD
deb: dist
	$(call install,$(BUILD_DEPS) $(DEB_DEPS))
	packaging/deb.sh $(BUILD) $(VERSION) $(filter-out gcc make libc6-dev,$(BUILD_DEPS))
