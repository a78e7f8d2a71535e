# SPDX-License-Identifier: GPL-2.0-only
#
# make            build the tools into build/
# make quickstart install dependencies, build, scan TARGET (default: the home directory)
# make check      install dependencies, build, run every test
# make lint       clang-tidy, cppcheck, shellcheck, mandoc, the layer rule
# make asan       the tests under the address and undefined-behaviour sanitizers
# make bench      speed and memory beside ClamAV's own tools
# make soak       the tests that take minutes, in full
# make install    DESTDIR, PREFIX, SYSCONFDIR, SYSTEMD_UNIT_DIR
# make dist       the source tarball; make deb, make rpm: packages; all into build/
#
# BUILD=dir puts the objects elsewhere; CXX, CXXFLAGS, LDFLAGS are the user's to set.

# The count of the tests stays the last line of `make check`.
MAKEFLAGS += --no-print-directory

# In GNU's spelling, too.
PREFIX ?= $(or $(prefix),/usr/local)
# The programs look in /etc; a private prefix, a test's for one, has its own.
SYSCONFDIR ?= $(or $(sysconfdir),$(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc))
SYSTEMD_UNIT_DIR ?= $(or $(systemdsystemunitdir),$(PREFIX)/lib/systemd/system)
BUILD ?= build
TARGET ?= $(HOME)
CXXFLAGS ?= -O2 -g1
VERSION := 0.1.0

ifeq ($(origin CXX),default)
CXX := $(shell for c in gcc14-g++ g++ g++-14 g++-13; do command -v $$c >/dev/null 2>&1 && { echo $$c; break; }; done)
endif

# The libraries, asked for only when something is compiled: a bare machine has no pkg-config yet.
PACKAGES := libclamav libarchive libseccomp libcap-ng libcrypto libcurl libsystemd lzo2 libpcre2-8 zlib
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
# libfreshclam (which comes with libclamav) and LMDB have no .pc file everywhere.
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES)) -lfreshclam -llmdb

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wimplicit-fallthrough -Wformat=2
ifneq ($(CI)$(WERROR),)
WARNINGS += -Werror
endif
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection
LDHARDEN := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed
ifdef SANITIZE
CXXFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
# A false alarm of g++ 12 in <regex>, which Catch2 uses.
WARNINGS += -Wno-maybe-uninitialized
else
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
ALL_CXXFLAGS = -std=c++23 $(CXXFLAGS) $(WARNINGS) $(HARDEN) -Ilib -I. -DHOSTAV_VERSION='"$(VERSION)"' \
	-D_FILE_OFFSET_BITS=64 $(PKG_CFLAGS) -MMD -MP

LIB_SOURCES := $(wildcard lib/*/*.cc)
TOOL_SOURCES := $(wildcard tools/*.cc)
UNIT_SOURCES := $(wildcard tests/unit/*.cc)
SUPPORT_SOURCES := $(wildcard tests/support/*.cc)
LIB_OBJECTS := $(LIB_SOURCES:%.cc=$(BUILD)/obj/%.o)
UNIT_OBJECTS := $(UNIT_SOURCES:%.cc=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libhostav.a
TOOLS := $(TOOL_SOURCES:tools/%.cc=$(BUILD)/%)
UNIT := $(BUILD)/tests/unit
SUPPORT := $(SUPPORT_SOURCES:tests/support/%.cc=$(BUILD)/tests/%)
OBJECTS := $(LIB_OBJECTS) $(UNIT_OBJECTS) $(TOOL_SOURCES:%.cc=$(BUILD)/obj/%.o) \
	$(SUPPORT_SOURCES:%.cc=$(BUILD)/obj/%.o)

.PHONY: all tests check check-built quickstart lint asan bench soak install dist deb rpm clean
all: $(TOOLS)
tests: $(UNIT) $(SUPPORT)

$(BUILD)/obj/%.o: %.cc
	@mkdir -p $(@D)
	$(CXX) $(ALL_CXXFLAGS) -c -o $@ $<

$(LIBRARY): $(LIB_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(TOOLS): $(BUILD)/%: $(BUILD)/obj/tools/%.o $(LIBRARY)
	$(CXX) $(LDFLAGS) $(LDHARDEN) -o $@ $< $(LIBRARY) $(PKG_LIBS)

$(UNIT): $(UNIT_OBJECTS) $(LIBRARY)
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(PKG_LIBS) $$(scripts/catch2-libs)

$(SUPPORT): $(BUILD)/tests/%: $(BUILD)/obj/tests/support/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CXX) $(LDFLAGS) $(LDHARDEN) -o $@ $< $(LIBRARY) $(PKG_LIBS)

JOBS = $(shell nproc)

check:
	scripts/install-deps
	$(MAKE) -j$(JOBS) all tests
	$(MAKE) check-built

check-built: all tests
	BUILD=$(BUILD) scripts/run-tests

# A mistyped TARGET is told at once, not after the build.
quickstart:
	@test -e "$(TARGET)" || { echo "quickstart: TARGET=$(TARGET): no such file or directory" >&2; exit 2; }
	scripts/install-deps --build
	$(MAKE) -j$(JOBS) all
	scripts/quickstart "$(BUILD)" "$(TARGET)"

lint:
	scripts/install-deps
	scripts/lint

asan:
	scripts/install-deps
	$(MAKE) -j$(JOBS) BUILD=$(BUILD)/asan SANITIZE=1 all tests
	BUILD=$(BUILD)/asan scripts/run-tests

bench: all
	scripts/install-deps --bench
	BUILD=$(BUILD) tests/bench/run
	BUILD=$(BUILD) tests/bench/update
	BUILD=$(BUILD) tests/bench/watch
	BUILD=$(BUILD) tests/bench/ship
	BUILD=$(BUILD) tests/bench/metric
	BUILD=$(BUILD) tests/bench/idle

soak: all tests
	TEST_TIMEOUT=1200 TORTURE_SECONDS=60 BUILD=$(BUILD) scripts/run-tests logship-torture first-minutes

install: all
	DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" SYSCONFDIR="$(SYSCONFDIR)" \
		SYSTEMD_UNIT_DIR="$(SYSTEMD_UNIT_DIR)" scripts/install-files "$(BUILD)"

dist:
	scripts/packaging/dist "$(BUILD)" "$(VERSION)"

deb: all
	scripts/packaging/deb "$(BUILD)" "$(VERSION)"

rpm: dist
	scripts/packaging/rpm "$(BUILD)" "$(VERSION)"

clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d)
