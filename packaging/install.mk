# Installing and releasing; included by the Makefile.

# What is installed: the program, its plugins, the headers that plugins include (found by pkg-config as `assay`), the manual
# and the fixtures' networks and batteries.
.PHONY: install uninstall
installed = $(DESTDIR)$(PREFIX)
install: all
	install -d $(installed)/bin $(installed)/lib/assay/explainers $(installed)/share/pkgconfig $(installed)/include/assay \
	  $(installed)/share/man/man1 $(addprefix $(installed)/share/assay/fixtures/,batteries models data)
	install -m 755 $(BUILD)/assay $(installed)/bin/assay
	install -m 644 $(plugins) $(installed)/lib/assay/explainers
	install -m 644 $(wildcard explainers/*.h) $(installed)/include/assay
	sed 's,@PREFIX@,$(PREFIX),; s,@VERSION@,$(VERSION),' packaging/assay.pc.in >$(installed)/share/pkgconfig/assay.pc
	install -m 644 docs/assay.1 $(installed)/share/man/man1
	install -m 644 $(wildcard fixtures/*.csv) $(installed)/share/assay/fixtures
	install -m 644 $(wildcard fixtures/batteries/*.yaml) $(installed)/share/assay/fixtures/batteries
	install -m 644 $(wildcard fixtures/models/*) $(installed)/share/assay/fixtures/models
	install -m 644 $(wildcard fixtures/data/*) $(installed)/share/assay/fixtures/data
uninstall:
	rm -rf $(installed)/bin/assay $(installed)/lib/assay $(installed)/share/pkgconfig/assay.pc $(installed)/include/assay \
	  $(installed)/share/assay $(installed)/share/man/man1/assay.1

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
