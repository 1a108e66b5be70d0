# SPDX-License-Identifier: LGPL-2.1-or-later
# The only makefile. Everything is built under build/; `make help` lists the
# targets. V=1 shows the commands.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

B := build
PREFIX ?= /usr/local
DESTDIR ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

CC := gcc
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Wwrite-strings -Wno-missing-field-initializers
CFLAGS ?= -O2 -g
CPPFLAGS += -std=gnu11 -D_GNU_SOURCE -I. -I$(B)/gen -isystem /usr/include/libxml2 -isystem /usr/include/libnl3 \
	-DDOM0KIT_PREFIX='"$(PREFIX)"' -DXC_WANT_COMPAT_MAP_FOREIGN_API
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Programs are static: loading 20 shared objects is most of the time of a stock
# `xl list`. (xl/domain/passwd.c stands in for the two functions of libc that a
# static program had better not call, xl/domain/domains.c for one of libxl.) libxenguest comes whole: its kernel
# loaders register themselves. libxenstore does not come at all: xenstore/xs.c
# says why. Tests link the shared libraries.
XEN_LIBS := -lxlutil -lxenlight -lxenhypfs \
	-Wl,--whole-archive -lxenguest -Wl,--no-whole-archive -lxenctrl \
	-lxenevtchn -lxengnttab -lxenforeignmemory -lxendevicemodel -lxencall \
	-lxentoollog -lxentoolcore
SYS_LIBS := -luuid -lz -llzma -lzstd -lbz2 -llzo2
STATIC_LIBS := -static -Wl,--wrap=getpwnam_r,--wrap=getpwuid_r,--wrap=libxl_name_to_domid \
	-Wl,-u,__wrap_getpwnam_r $(XEN_LIBS) -lyajl_s $(SYS_LIBS) -lncursesw -ltinfo -lm
SHARED_LIBS := -lxlutil -lxenlight -lxenctrl -lxenstore -lxenevtchn \
	-lxentoollog -lyajl -luuid -lncursesw -ltinfo -lm
# What only the daemon and its tests link, always as shared libraries.
XAPI_LIBS := -lcurl -larchive -lxxhash -levent_core -levent_openssl -lssl -lcrypto -lxml2 -lsqlite3 -lwslay -lpam -lcrypt -lnl-route-3 -lnl-3

# A program is a list of folders. What is no program's main goes into one
# archive, and each program and test takes from it what it needs.
MAINS := xl/main.c xl/keeperd.c xl/hotplug/main.c xenstore/main.c xenstore/top/main.c xapi/main.c xapi/xe/main.c xapi/modelc/modelc.c
MODELC := $(wildcard xapi/modelc/*.c) # the model's compiler: needs no model
GEN := $(B)/gen/xapi/model
SRCS := $(filter-out $(MAINS),$(wildcard lib/*.c xenstore/*.c xenstore/tools/*.c xenstore/top/*.c xl/*.c xl/domain/*.c xl/hotplug/*.c xapi/*.c xapi/*/*.c)) \
	$(GEN)/model_gen.c $(GEN)/calls_gen.c
UNIT := $(wildcard tests/unit/*/*.c)
DIFF := $(wildcard tests/diff/*.c)
FUZZ := $(wildcard tests/fuzz/*.c)

OBJS := $(SRCS:%.c=$(B)/obj/%.o)
SAN_OBJS := $(SRCS:%.c=$(B)/san/%.o)
UNIT_BIN := $(UNIT:tests/unit/%.c=$(B)/unit/%)
DIFF_BIN := $(DIFF:tests/diff/%.c=$(B)/diff/%)
FUZZ_BIN := $(FUZZ:tests/fuzz/%.c=$(B)/fuzz/%)
PROGRAMS := $(B)/bin/xl $(B)/bin/xenstore $(B)/bin/xentop $(if $(wildcard xl/keeperd.c),$(B)/libexec/xl-keeper)

# One program with many names.
LINKS := $(addprefix $(B)/bin/xenstore-,read write list exists rm ls chmod watch)
$(LINKS): $(B)/bin/xenstore
	$(Q)ln -sf xenstore $@

# What libxl runs for devices: small, and static, as it is started for each.
HOTPLUG := $(B)/libexec/hotplug
HOTPLUG_LINKS := $(addprefix $(B)/libexec/,block block-dummy vif-bridge vif-nat vif-route)
$(HOTPLUG): $(B)/obj/xl/hotplug/main.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -static -Wl,--no-warnings -o $@ $^ -lnl-route-3 -lnl-3 -lm -lpthread
$(HOTPLUG_LINKS): $(HOTPLUG)
	$(Q)ln -sf hotplug $@
HOTPLUG_SCRIPTS := $(addprefix $(B)/libexec/,block-iscsi block-nbd hotplug.sh vif-openvswitch)
$(HOTPLUG_SCRIPTS): $(B)/libexec/%: scripts/%
	@mkdir -p $(@D)
	$(Q)install $< $@

# What the tests in a Dom0 find ready there.
TEST_PROGRAMS := $(B)/tests/compare $(B)/tests/writers $(B)/tests/churn $(B)/tests/floor $(B)/tests/fakehv.so $(B)/tests/pty $(B)/tests/hv

.PHONY: all
all: $(PROGRAMS) $(HOTPLUG_LINKS) $(HOTPLUG_SCRIPTS) $(B)/bin/xapid $(B)/bin/xe $(LINKS) $(TEST_PROGRAMS) ## build everything into build/bin and build/libexec

$(B)/bin/xl: $(B)/obj/xl/main.o
$(B)/bin/xenstore: $(B)/obj/xenstore/main.o
$(B)/bin/xentop: $(B)/obj/xenstore/top/main.o
$(B)/libexec/xl-keeper: $(B)/obj/xl/keeperd.o
$(B)/bin/xe: $(B)/obj/xapi/xe/main.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ -lssl -lcrypto -lyajl -lm

# The daemon is dynamic: PAM loads modules.
$(B)/bin/xapid: $(B)/obj/xapi/main.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

$(PROGRAMS): $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/dom0kit.a $(STATIC_LIBS)

# XenAPI's tables and ids, out of xapi/model/*.json.
$(B)/tools/modelc: $(MODELC:%.c=$(B)/obj/%.o) $(filter-out %/rt.o,$(filter $(B)/obj/lib/%,$(OBJS)))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ -lyajl -lm

$(GEN)/model_gen.c: $(B)/tools/modelc $(wildcard xapi/model/*.json)
	@mkdir -p $(@D)
	$(call say,MODEL,$(@D))
	$(Q)$(B)/tools/modelc xapi/model $(@D)
$(GEN)/calls_gen.c: $(GEN)/model_gen.c ;
$(foreach dir,obj san fuzz-obj,$(patsubst %.c,$(B)/$(dir)/%.o,$(filter-out $(MODELC),$(wildcard xapi/*.c xapi/*/*.c tests/unit/xapi/*.c tests/fuzz/*.c tests/bench/*.c tests/dom0/*.c tests/xapi/*.c) $(GEN)/calls_gen.c))): | $(GEN)/model_gen.c

$(B)/dom0kit.a: $(OBJS)
$(B)/dom0kit-san.a: $(SAN_OBJS)
$(B)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) -fno-pie $(CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(B)/san/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$< (sanitized))
	$(Q)$(CC) $(CPPFLAGS) -O1 -g $(SAN) $(WARN) -MMD -MP -c -o $@ $<

$(B)/unit/%: $(B)/san/tests/unit/%.o $(B)/dom0kit-san.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) -o $@ $< $(B)/dom0kit-san.a -lcmocka $(SHARED_LIBS) $(LIBS)

$(B)/unit/xapi/%: LIBS := $(XAPI_LIBS)
$(B)/unit/xapi/http_turn: LIBS += -Wl,--wrap=clock_now
$(B)/unit/xapi/store_sync: LIBS += -Wl,--wrap=redo_write
$(B)/unit/xapi/sweep: LIBS += -Wl,--wrap=time

# Our xentop with shared libraries, and a hypervisor for it.
$(B)/tests/xentop: $(B)/obj/xenstore/top/main.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS)

$(B)/tests/fakehost.so: tests/screen/fakehost.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -fPIC -shared $(CFLAGS) $(WARN) -o $@ $<

# Of what waits more than it computes, two run on each processor.
TWO_EACH := -j $$((2 * $$(nproc)))

.PHONY: unit
unit: $(UNIT_BIN) ## unit tests, under ASan and UBSan
	@tests/run-all -j $$(nproc) unit $(sort $(UNIT_BIN))

$(B)/diff/%: $(B)/san/tests/diff/%.o $(B)/dom0kit-san.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) -o $@ $< $(B)/dom0kit-san.a $(SHARED_LIBS)

.PHONY: cli
cli: $(B)/bin/xl $(B)/bin/xentop $(B)/tools/modelc $(B)/tests/pty $(B)/tests/show-san $(B)/tests/xentop $(B)/tests/fakehost.so $(B)/tests/fakehv.so $(LINKS) ## our programs on the command line, without Xen
	@tests/run-all $(TWO_EACH) cli $(sort $(wildcard tests/cli/*.sh))

.PHONY: xenstore
xenstore: all ## the XenStore tools beside Debian's, on both daemons
	@tests/xenstore/run

.PHONY: hotplug
hotplug: $(HOTPLUG_LINKS) $(HOTPLUG_SCRIPTS) $(LINKS) $(B)/tests/fakehv.so ## the hotplug program, on loop devices and interfaces of this machine (root)
	@tests/run-all -j $$(nproc) hotplug tests/hotplug/block.sh tests/hotplug/vif.sh tests/hotplug/openvswitch.sh tests/hotplug/odd.sh

# The daemon's door with calls of the tests' own behind it.
$(B)/tests/xapi-serve-san: $(B)/san/tests/xapi/serve.o $(B)/dom0kit-san.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

# The model, and a database of everything, for tests that ask all of it.
$(B)/tests/xapi-model: $(B)/obj/tests/xapi/model.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

$(B)/tests/xapid-san: $(B)/san/xapi/main.o $(B)/dom0kit-san.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

# Those that take longest begin first.
XAPI_LONG := $(addprefix tests/xapi/,record.sh crash.sh commands.sh guest.sh)
.PHONY: xapi
xapi: $(B)/bin/xe $(B)/tests/hv $(B)/tests/xapi-model $(B)/tests/xapi-serve-san $(B)/tests/xapid-san ## the daemon and its parts, without Xen
	@tests/run-all $(TWO_EACH) xapi $(XAPI_LONG) $(filter-out $(XAPI_LONG),$(sort $(wildcard tests/xapi/*.sh)))

# Others' clients: Debian's (scripts/deps), and those of npm, of the versions that
# are written down beside them.
$(B)/clients/.done: $(shell find tests/clients/npm -type f)
	@rm -rf $(@D) && mkdir -p $(B) && cp -r tests/clients/npm $(@D)
	$(call say,NPM,$(@D))
	$(Q)cd $(@D) && npm ci --no-audit --no-fund --fetch-retries=5 --loglevel=error && touch .done

.PHONY: clients
clients: $(B)/tests/xapid-san $(B)/clients/.done ## XenAPI clients that others wrote, against the daemon, without Xen
	@tests/run-all $(TWO_EACH) clients $(sort $(wildcard tests/clients/*.sh))

.PHONY: diff
diff: $(DIFF_BIN) ## our parsers against those of libxlutil, on the same input
	@tests/run-all diff $(sort $(DIFF_BIN))

# Fuzzing: clang's instrumentation in objects of its own, of what parses.
FUZZ_SECONDS ?= 60
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_OBJS := $(patsubst %.c,$(B)/fuzz-obj/%.o,$(filter lib/% xenstore/% xl/domain/% xl/conf.c xapi/% $(GEN)/%,$(SRCS)))

$(B)/fuzz-obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CLANG,$< (fuzzing))
	$(Q)clang $(CPPFLAGS) -O1 -g $(FUZZ_SAN) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(B)/dom0kit-fuzz.a: $(FUZZ_OBJS)

$(B)/fuzz/%: $(B)/fuzz-obj/tests/fuzz/%.o $(B)/dom0kit-fuzz.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)clang $(FUZZ_SAN) -fsanitize=fuzzer -o $@ $< $(B)/dom0kit-fuzz.a $(SHARED_LIBS) $(XAPI_LIBS)

.PHONY: fuzz fuzz-smoke
fuzz: $(FUZZ_BIN) $(B)/tests/xapi-model $(B)/tests/xapid-san ## look for inputs that break a parser, and calls that break the daemon, FUZZ_SECONDS (60) each
	@tests/run-fuzz fuzz $(FUZZ_SECONDS) -1 $(sort $(FUZZ_BIN))
	@SEED=now SECONDS=$(FUZZ_SECONDS) tests/xapi/fuzz.sh
fuzz-smoke: $(FUZZ_BIN) ## the inputs that once did, and 10000 new ones each
	@tests/run-fuzz fuzz-smoke 30 10000 $(sort $(FUZZ_BIN))

# The daemon's verbs on Xen, for tests/dom0/71-hv.sh.
$(B)/tests/hv: $(B)/obj/tests/dom0/hv.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

# Costs of the daemon's database, for tests/bench/db.sh.
$(B)/tests/bench-db: $(B)/obj/tests/bench/db.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS) $(XAPI_LIBS)

# Lets Debian's own xl do its dry runs on a machine without Xen:
#   LD_PRELOAD=build/tests/fakexen.so /usr/lib/xen-4.17/bin/xl create -n FILE
$(B)/tests/fakexen.so: tests/parity/fakexen.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -fPIC -shared $(CFLAGS) $(WARN) -o $@ $<

# Lets Debian's xenstored and oxenstored serve their socket without Xen.
$(B)/tests/fakehv.so: tests/xenstore/fakehv.c
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS) -fPIC -shared $(CFLAGS) $(WARN) -o $@ $<

$(B)/tests/compare: $(B)/obj/tests/parity/compare.o
$(B)/tests/writers: $(B)/obj/tests/bench/writers.o
$(B)/tests/churn: $(B)/obj/tests/guests/churn.o
$(B)/tests/floor: $(B)/obj/tests/bench/floor.o
$(B)/tests/compare $(B)/tests/writers $(B)/tests/churn $(B)/tests/floor: $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/dom0kit.a $(STATIC_LIBS)

# A terminal for tests of what draws on one, and the monitor's screen over kept
# readings.
$(B)/tests/pty: $(B)/obj/tests/screen/pty.o $(B)/obj/tests/screen/vt.o $(B)/dom0kit.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -static -o $@ $^ -lm

$(B)/tests/show-san: $(B)/san/tests/screen/show.o $(B)/dom0kit-san.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN) -o $@ $^ $(SHARED_LIBS)

.PHONY: fakexen parity parity-here
parity: $(B)/bin/xl $(B)/tests/compare ## our dry runs against stock xl's (in a Dom0)
	@tests/parity/run
# Our xl with shared libraries, libxenstore among them, so that fakexen reaches
# it too.
$(B)/tests/xl: $(B)/obj/xl/main.o $(filter-out $(B)/obj/xenstore/xs%.o $(B)/obj/lib/rt.o $(B)/obj/xapi/% $(B)/obj/xl/hotplug/% $(B)/obj/$(B)/%,$(OBJS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) -no-pie $(CFLAGS) $(LDFLAGS) -o $@ $^ $(SHARED_LIBS)

parity-here: $(B)/tests/xl $(B)/tests/compare $(B)/tests/fakexen.so ## the same on a machine without Xen
	@PRELOAD=$(CURDIR)/$(B)/tests/fakexen.so OUR_XL=$(B)/tests/xl tests/parity/run

.PHONY: lab
lab: all guests ## shell in a Xen Dom0 under QEMU; RUN=script runs that script in it
	@scripts/lab $(LAB_OPTS) $(if $(RUN),--run $(RUN))

# The lab: what scripts/lab needs on the host and puts into the Dom0.
LABD := $(B)/lab-parts

.PHONY: lab-parts
lab-parts: $(LABD)/client $(LABD)/xen $(LABD)/initrd

$(LABD)/client: scripts/lab.d/client.c scripts/lab.d/wire.h
$(LABD)/agent: scripts/lab.d/agent.c scripts/lab.d/wire.h
$(LABD)/agent: LDFLAGS += -static
$(LABD)/client $(LABD)/agent:
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARN) $(LDFLAGS) -o $@ $<

$(LABD)/xen: $(lastword $(sort $(wildcard /boot/xen-*-amd64.gz)))
	@mkdir -p $(@D)
	$(Q)test -n '$<' || { echo 'no Xen in /boot; run scripts/deps' >&2; exit 1; }
	$(Q)zcat $< >$@

$(LABD)/initrd: $(LABD)/agent $(wildcard scripts/lab.d/*-* scripts/lab.d/kernel) $(wildcard /boot/vmlinuz-*)
	$(call say,INITRD,$@)
	$(Q)scripts/lab.d/mkinitrd $< $@

# Guests for the lab: build/guests.
G := $(B)/guests

.PHONY: guests
guests: $(G)/tiny $(G)/guest.initrd $(G)/hvm.img $(G)/cfg.done ## guests for the lab, in build/guests

$(G)/tiny: tests/guests/tiny.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 -O2 $(WARN) -ffreestanding -fno-pic -no-pie -fno-stack-protector \
		-fcf-protection=none -fno-asynchronous-unwind-tables -mgeneral-regs-only -mno-red-zone \
		-nostdlib -static -Wl,--build-id=none,-Ttext-segment=0x100000,-z,noseparate-code,-s -o $@ $<

$(G)/xs $(G)/cpucheck: $(G)/%: tests/guests/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -O2 $(WARN) -static -s -o $@ $<

$(G)/guest.initrd: $(G)/xs $(G)/cpucheck $(wildcard tests/guests/linux-*) scripts/mkguests scripts/lab.d/add-modules $(wildcard /boot/vmlinuz-*)
	$(call say,GUEST,$@)
	$(Q)scripts/mkguests linux $(G)

$(G)/hvm.img: $(G)/guest.initrd
	$(call say,GUEST,$@)
	$(Q)scripts/mkguests disk $(G)

$(G)/cfg.done: $(wildcard tests/guests/*.cfg) scripts/mkguests
	@mkdir -p $(@D)
	$(Q)scripts/mkguests cfg $(G) && touch $@

.PHONY: deps
deps: ## install what is missing
	@scripts/deps

.PHONY: demo
demo: ## boot the Dom0 and show the main job on real guests
	@scripts/deps build lab
	@$(MAKE) --no-print-directory -j$$(nproc) all guests
	@scripts/demo

.PHONY: check
check: deps ## install, build, run every test
	@tests/check

.PHONY: dom0
dom0: all guests $(B)/tests/compare ## the tests that need Xen, in the Dom0; T=pattern runs some
	@set -f; tests/run-dom0 $(T)

.PHONY: bench
bench: all $(B)/tests/bench-db ## our programs against stock ones, side by side in one Dom0
	@tests/bench/db.sh
	@tests/bench/xenstore.sh
	@tests/bench/door.sh
	@tests/bench/api.sh
	@tests/bench/run

.PHONY: docs
docs: $(B)/bin/xl $(B)/bin/xenstore $(B)/bin/xentop $(B)/bin/xapid ## manuals (man, Markdown) and completion into build/docs
	@mkdir -p $(B)/docs
	$(call say,DOCS,$(B)/docs)
	$(Q)$(B)/bin/xapid __doc man xenapi >$(B)/docs/xenapi.7
	$(Q)$(B)/bin/xapid __doc markdown xenapi >$(B)/docs/xenapi.md
	$(Q)$(B)/bin/xapid __doc markdown parity >$(B)/docs/parity.md
	$(Q)set -e; for page in xe.1 xapid.8 xapi.conf.5; do \
		$(B)/bin/xapid __doc man $${page%.*} >$(B)/docs/$$page; \
		$(B)/bin/xapid __doc markdown $${page%.*} >$(B)/docs/$$page.md; \
	done
	$(Q)set -e; for program in xl xenstore xentop; do \
		doc="$(B)/bin/$$program __doc"; \
		$$doc pages | while read -r page section; do \
			$$doc man $$page >$(B)/docs/$$page.$$section; \
			$$doc markdown $$page >$(B)/docs/$$page.$$section.md; \
		done; \
		$$doc bash >$(B)/docs/$$program.bash; \
	done

.PHONY: check-house
check-house: ## layering, licences and manners of the sources
	@scripts/check-house

.PHONY: install
install: all docs ## install under DESTDIR and PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/dom0kit \
		$(DESTDIR)$(PREFIX)/share/doc/dom0kit/examples \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m755 $(B)/bin/xl $(B)/bin/xenstore $(B)/bin/xentop $(B)/bin/xapid $(B)/bin/xe $(DESTDIR)$(PREFIX)/bin
	cp -P $(LINKS) $(DESTDIR)$(PREFIX)/bin
	install -m755 $(HOTPLUG) $(HOTPLUG_SCRIPTS) $(B)/libexec/xl-keeper $(DESTDIR)$(PREFIX)/libexec/dom0kit
	cp -P $(HOTPLUG_LINKS) $(DESTDIR)$(PREFIX)/libexec/dom0kit
	install -m644 README.md LICENSE docs/*.md $(B)/docs/xenapi.md $(B)/docs/parity.md $(DESTDIR)$(PREFIX)/share/doc/dom0kit
	install -m644 configs/examples/* $(DESTDIR)$(PREFIX)/share/doc/dom0kit/examples
	install -D -m644 configs/systemd/xapid.service $(DESTDIR)$(PREFIX)/lib/systemd/system/xapid.service
	sed -i 's|@prefix@|$(PREFIX)|' $(DESTDIR)$(PREFIX)/lib/systemd/system/xapid.service
	install -D -m644 configs/pam.d/xapi $(DESTDIR)/etc/pam.d/xapi
	test -e $(DESTDIR)/etc/xapi.conf || install -D -m644 configs/xapi.conf $(DESTDIR)/etc/xapi.conf
	install -m644 $(B)/docs/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m644 $(B)/docs/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m644 $(B)/docs/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m644 $(B)/docs/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	for program in xl xenstore xentop; do install -m644 $(B)/docs/$$program.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program; done
	install -m644 configs/completion/xe $(DESTDIR)$(PREFIX)/share/bash-completion/completions/xe

.PHONY: clean
clean: ## remove build/
	rm -rf $(B)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/  \1|\2/p' Makefile | column -t -s '|'

.SECONDARY:
-include $(shell find $(B) -name unpacked -prune -o -type f -name '*.d' -print 2>/dev/null)
