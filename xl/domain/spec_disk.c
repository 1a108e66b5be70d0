/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_disk: one disk of xl-disk-configuration(5), as libxlutil's
 * xlu_disk_parse understands it; tests/diff/disk.c holds it to that.
 *
 * (It knows more in one thing: `trusted` and `untrusted`, which that page has
 * and libxlutil 4.17 takes for a path.)
 *
 * A disk is read from left to right, a part at a time. At each place every
 * rule says how far it would reach; the one that reaches farthest wins, and of
 * equals the first. That is what makes `cdrom` a setting and `cdromx` a word,
 * and what lets `target=` and the old prefixes (`phy:`) see to the line's end.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "xl/domain/spec.h"

/* clang-format off */
static const struct slot_choice formats[] = {
    {"raw",   LIBXL_DISK_FORMAT_RAW,   "Blocks as they are."},
    {"qcow2", LIBXL_DISK_FORMAT_QCOW2, "QEMU's image format."},
    {"qcow",  LIBXL_DISK_FORMAT_QCOW,  "QEMU's first image format."},
    {"vhd",   LIBXL_DISK_FORMAT_VHD,   "Virtual PC's image format."},
    {"qed",   LIBXL_DISK_FORMAT_QED,   "QEMU's enhanced disk format."},
    {"empty", LIBXL_DISK_FORMAT_EMPTY, "A drive without a medium."},
    {"",      LIBXL_DISK_FORMAT_RAW,   "As raw."},
    {NULL},
};

static const struct slot_choice backends[] = {
    {"phy",        LIBXL_DISK_BACKEND_PHY,        "The kernel's block backend."},
    {"qdisk",      LIBXL_DISK_BACKEND_QDISK,      "QEMU."},
    {"tap",        LIBXL_DISK_BACKEND_TAP,        "Tapdisk, of older Xen."},
    {"standalone", LIBXL_DISK_BACKEND_STANDALONE, "A daemon of its own."},
    {NULL},
};

static const struct slot_choice specifications[] = {
    {"xen",    LIBXL_DISK_SPECIFICATION_XEN,    "Xen's block protocol."},
    {"virtio", LIBXL_DISK_SPECIFICATION_VIRTIO, "Virtio (Arm)."},
    {NULL},
};

static const struct slot_choice accesses[] = {
    {"rw", 1, "Read and write."},
    {"w",  1, "Read and write."},
    {"ro", 0, "Read only."},
    {"r",  0, "Read only."},
    {"",   1, "Read and write."},
    {NULL},
};

static const struct slot_choice devtypes[] = {
    {"disk",  0, "A disk."},
    {"cdrom", 1, "A CD drive: read only, the medium can be changed."},
    {NULL},
};

#define D libxl_device_disk
static struct err *port_read(const struct slot *, const struct value *, void *,
                             struct fill *);
static const struct slot_kind kind_port = {
    .name = "number", .read = port_read, .takes_word = true};

static const struct slot disk_rows[] = {
    {"target",         SPEC_TEXT_ONCE(D, pdev_path),       .unit = "PATH",
     .doc = "Block device or image file; takes all that follows, so it comes last."},
    {"format",         SPEC_WORD_ONCE(D, format, formats), .unit = "FORMAT",
     .doc = "Format of the image."},
    {"vdev",           SPEC_TEXT_ONCE(D, vdev),            .unit = "VDEV",
     .doc = "Name in the guest: xvda, hda, sda, d0p1 ..."},
    {"access",         SPEC_WORD(D, readwrite, accesses),  .unit = "rw|ro",
     .doc = "Whether the guest may write."},
    {"devtype",        SPEC_WORD(D, is_cdrom, devtypes),   .unit = "TYPE",
     .doc = "Disk or CD drive."},
    {"cdrom",          SPEC_FLAG(D, is_cdrom, 1),
     .doc = "As devtype=cdrom."},
    {"backend",        SPEC_TEXT_ONCE(D, backend_domname), .unit = "DOMAIN",
     .doc = "The domain that serves the disk; Dom0 unless given."},
    {"backendtype",    SPEC_WORD_ONCE(D, backend, backends), .unit = "TYPE",
     .doc = "What serves the disk; chosen by what the target is unless given."},
    {"script",         SPEC_TEXT_ONCE(D, script),          .unit = "SCRIPT",
     .doc = "Hotplug script that makes the target a block device."},
    {"direct-io-safe", SLOT_FLAG(D, direct_io_safe),
     .doc = "The target may be opened past the page cache."},
    {"discard",        SPEC_DEFBOOL_FLAG(D, discard_enable, 1),
     .doc = "The guest may give blocks back (TRIM)."},
    {"no-discard",     SPEC_DEFBOOL_FLAG(D, discard_enable, 0),
     .doc = "The guest cannot give blocks back."},
    {"specification",  SPEC_WORD_ONCE(D, specification, specifications), .unit = "NAME",
     .doc = "The protocol that the guest sees."},
    {"trusted",        SPEC_DEFBOOL_FLAG(D, trusted, 1),
     .doc = "The guest may trust the backend."},
    {"untrusted",      SPEC_DEFBOOL_FLAG(D, trusted, 0),
     .doc = "The guest should guard itself against the backend."},
    {"colo",           SPEC_DEFBOOL_FLAG(D, colo_enable, 1),
     .doc = "Replicate the disk for COLO."},
    {"no-colo",        SPEC_DEFBOOL_FLAG(D, colo_enable, 0),
     .doc = "Do not replicate the disk."},
    {"colo-host",      SPEC_TEXT_ONCE(D, colo_host),       .unit = "HOST",
     .doc = "Host of the secondary (COLO)."},
    {"colo-port",      .kind = &kind_port, SPEC_AT(D, colo_port), .unit = "PORT",
     .doc = "Port of the secondary (COLO)."},
    {"colo-export",    SPEC_TEXT_ONCE(D, colo_export),     .unit = "NAME",
     .doc = "NBD export of the secondary (COLO)."},
    {"active-disk",    SPEC_TEXT_ONCE(D, active_disk),     .unit = "PATH",
     .doc = "Active disk of the secondary (COLO)."},
    {"hidden-disk",    SPEC_TEXT_ONCE(D, hidden_disk),     .unit = "PATH",
     .doc = "Hidden disk of the secondary (COLO)."},
    {NULL},
};
#undef D

const struct slot_table disk_keys = {
    .rows = disk_rows, .noun = "disk setting", .unknown_is_error = true};

/* What stood before the target of old: now found out from the target. */
static const struct prefix {
    const char *name;
    const char *format; /* what it says of the format, or NULL */
    const char *script; /* the hotplug script it stands for, or NULL */
} prefixes[] = {
    {"raw",     "raw",   NULL},
    {"qcow",    "qcow",  NULL},
    {"qcow2",   "qcow2", NULL},
    {"vhd",     "vhd",   NULL},
    {"iscsi",   NULL,    "block-iscsi"},
    {"nbd",     NULL,    "block-nbd"},
    {"enbd",    NULL,    "block-enbd"},
    {"drbd",    NULL,    "block-drbd"},
    {"tapdisk", NULL,    NULL},
    {"tap",     NULL,    NULL},
    {"tap2",    NULL,    NULL},
    {"aio",     NULL,    NULL},
    {"ioemu",   NULL,    NULL},
    {"file",    NULL,    NULL},
    {"phy",     NULL,    NULL},
    {NULL},
};
/* clang-format on */

struct scan {
    const struct value *value;
    const char *text;
    size_t at, len;
    libxl_device_disk *disk;
    struct fill fill;
    bool had_prefix; /* then no positional format */
    bool had_access; /* the positional one */
    size_t n_before; /* errors there were before this disk */
};

enum part_kind {
    PART_NONE,
    PART_SPACE,
    PART_SETTING, /* row: a word alone or name=value */
    PART_UNKNOWN, /* name=value of no row */
    PART_PREFIX,
    PART_UNKNOWN_PREFIX,
    PART_POSITIONAL,
};

struct part {
    enum part_kind kind;
    size_t reach; /* from here, what decides */
    size_t used;  /* what it takes */
    const struct slot *row;
    const struct prefix *prefix;
};

/* ---- what stands here ---------------------------------------------------- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_lower_or_digit(char c)
{
    return is_lower(c) || (c >= '0' && c <= '9');
}

static size_t to_line_end(const char *s)
{
    return strcspn(s, "\n");
}

/* With the comma that ends it, if one does. */
static size_t with_comma(const char *s, size_t n)
{
    return n + (s[n] == ',');
}

static void offer(struct part *best, struct part part)
{
    if (part.reach > best->reach)
        *best = part;
}

static void offer_space(struct part *best, const char *s)
{
    size_t n = strspn(s, " \t\n");

    if (n)
        offer(best, (struct part){.kind = PART_SPACE,
                                  .reach = n + to_line_end(s + n),
                                  .used = n});
}

static size_t reach_of_row(const struct slot *row, const char *s)
{
    size_t n = strlen(row->name);

    if (strncmp(s, row->name, n))
        return 0;
    if (!row->kind->takes_word)
        return with_comma(s, n);
    if (s[n] != '=')
        return 0;
    if (row == &disk_rows[0])
        return n + to_line_end(s + n);
    return with_comma(s, n + strcspn(s + n, ","));
}

static void offer_settings(struct part *best, const char *s)
{
    size_t n;

    for (const struct slot *row = disk_rows; row->name; row++) {
        n = reach_of_row(row, s);
        offer(best,
              (struct part){
                  .kind = PART_SETTING, .reach = n, .used = n, .row = row});
    }
}

/* `name=` and one character is what libxlutil needs to see one. */
static void offer_unknown(struct part *best, const char *s)
{
    size_t n = 0;

    while (is_lower_or_digit(s[n]) || s[n] == '-')
        n++;
    if (!is_lower(s[0]) || s[n] != '=' || !s[n + 1] || s[n + 1] == ',')
        return;
    n = with_comma(s, n + 2);
    offer(best, (struct part){.kind = PART_UNKNOWN, .reach = n, .used = n});
}

static void offer_prefixes(struct part *best, const char *s)
{
    size_t n = 0, reach;

    while (is_lower_or_digit(s[n]))
        n++;
    if (!is_lower(s[0]) || s[n] != ':')
        return;
    for (const struct prefix *p = prefixes; p->name; p++) {
        if (strlen(p->name) == n && !strncmp(p->name, s, n))
            offer(best, (struct part){.kind = PART_PREFIX,
                                      .reach = n + to_line_end(s + n),
                                      .used = n + 1,
                                      .prefix = p});
    }
    reach = n + 1;
    if (s[reach] && !is_lower_or_digit(s[reach]))
        reach += 1 + to_line_end(s + reach + 1);
    offer(best, (struct part){.kind = PART_UNKNOWN_PREFIX,
                              .reach = reach,
                              .used = n + 1});
}

static void offer_positional(struct part *best, const char *s)
{
    size_t n = with_comma(s, strcspn(s, "=,"));

    offer(best, (struct part){.kind = PART_POSITIONAL, .reach = n, .used = n});
}

static struct part part_at(const char *s)
{
    struct part best = {.kind = PART_NONE};

    offer_space(&best, s);
    offer_settings(&best, s);
    offer_unknown(&best, s);
    offer_prefixes(&best, s);
    offer_positional(&best, s);
    return best;
}

/* ---- what it does -------------------------------------------------------- */

static struct value *sub(const struct scan *s, size_t start, size_t end)
{
    return value_substring(s->fill.pool, s->value, start, end);
}

static bool failed(const struct scan *s)
{
    return s->fill.diags->n_errors > s->n_before;
}

static void set(struct scan *s, const char *name, const struct value *value)
{
    struct err *e = slot_read(slot_find(disk_rows, name), value, &s->fill);

    if (e)
        diag_err(s->fill.diags, value->place, e);
}

/* libxlutil takes what atoi makes of it, and 0 for a mistake. So do we, and
 * warn of the rest. */
static struct err *port_read(const struct slot *slot, const struct value *value,
                             void *field, struct fill *f)
{
    int64_t port;
    struct err *e = text_to_int(value->s.text, 10, 1, 65535, &port);
    long loose = strtol(value->s.text, NULL, 10);

    (void)slot;
    if (e && (int)loose == 0)
        return e;
    if (e)
        diag_warning(f->diags, value->place, "colo-port: %s", err_text(e));
    err_free(e);
    *(int *)field = (int)loose;
    return NULL;
}

/* The word at [start, end) without the comma that ended it. */
static size_t word_end(const struct scan *s, size_t used)
{
    size_t end = s->at + used;

    return end > s->at && s->text[end - 1] == ',' ? end - 1 : end;
}

static void check_target(struct scan *s, size_t start, size_t end)
{
    const char *comma = memchr(s->text + start, ',', end - start);
    size_t rest;

    if (!comma)
        return;
    rest = (size_t)(comma - s->text);
    diag_warning(s->fill.diags, sub(s, rest, end)->place,
                 "'target' takes all that follows, so '%s' is part of the "
                 "path: put 'target=' last if it is not",
                 pool_strn(s->fill.pool, comma, end - rest));
}

static void take_setting(struct scan *s, const struct part *part)
{
    size_t start = s->at, end = word_end(s, part->used);

    if (!part->row->kind->takes_word) {
        set(s, part->row->name, value_nil(s->fill.pool));
        return;
    }
    start += strlen(part->row->name) + 1;
    if (part->row == &disk_rows[0])
        check_target(s, start, end);
    set(s, part->row->name, sub(s, start, end));
}

static void take_prefix(struct scan *s, const struct part *part)
{
    const struct prefix *prefix = part->prefix;
    struct value *word = sub(s, s->at, s->at + part->used);
    struct value *meaning = value_copy(s->fill.pool, word);

    s->had_prefix = true;
    diag_add(s->fill.diags, DIAG_NOTE, word->place,
             "prefix '%s' is deprecated: use '%s%s'", word->s.text,
             prefix->format   ? "format="
             : prefix->script ? "script="
                              : "target=",
             prefix->format   ? prefix->format
             : prefix->script ? prefix->script
                              : "");
    if (!prefix->format && !prefix->script)
        return;
    meaning->s.text = prefix->format ? prefix->format : prefix->script;
    meaning->s.len = strlen(meaning->s.text);
    set(s, prefix->format ? "format" : "script", meaning);
}

/* hdc:cdrom: the type of device behind the name, as it was written of old. */
static void take_vdev(struct scan *s, size_t start, size_t end)
{
    const char *colon = memrchr(s->text + start, ':', end - start);
    struct value *type;

    if (!colon) {
        set(s, "vdev", sub(s, start, end));
        return;
    }
    type = sub(s, (size_t)(colon - s->text) + 1, end);
    set(s, "vdev", sub(s, start, (size_t)(colon - s->text)));
    set(s, "devtype", type);
}

static bool wants_format(const struct scan *s)
{
    return !s->had_prefix && !s->disk->format;
}

/* target, format, vdev, access: what is not there yet, in that order. */
static void take_positional(struct scan *s, const struct part *part)
{
    size_t end = word_end(s, part->used);
    struct value *word = sub(s, s->at, end);

    if (failed(s))
        return;
    if (!s->disk->pdev_path) {
        set(s, "target", word);
    } else if (wants_format(s) && !*s->disk->pdev_path &&
               strchr(word->s.text, ':')) {
        /* ",hdc:cdrom": an empty drive, as it was written of old. */
        s->disk->format = LIBXL_DISK_FORMAT_EMPTY;
        take_vdev(s, s->at, end);
    } else if (wants_format(s)) {
        set(s, "format", word);
    } else if (!s->disk->vdev) {
        take_vdev(s, s->at, end);
    } else if (!s->had_access) {
        s->had_access = true;
        set(s, "access", word);
    } else {
        diag_error(s->fill.diags, word->place,
                   "'%s' is one word too many: a disk has a target, a format, "
                   "a vdev and an access, other settings are name=value",
                   word->s.text);
    }
}

/* Past the whole of name=value, for the next part. */
static size_t take_unknown(struct scan *s)
{
    size_t name = strcspn(s->text + s->at, "=,");
    size_t used = with_comma(s->text + s->at, strcspn(s->text + s->at, ","));
    struct value *word = sub(s, s->at, s->at + name);

    spec_unknown(&disk_keys, word->s.text, word->place, s->fill.diags);
    return used;
}

/* An equals sign where no name stands before it. At the very end libxlutil
 * does not see it. */
static size_t take_stray(struct scan *s)
{
    struct place place = sub(s, s->at, s->at + 1)->place;
    const char *text = s->text + s->at;

    assert(*text == '=');
    if (!text[1])
        diag_warning(s->fill.diags, place, "'=' without a setting");
    else
        diag_error(s->fill.diags, place,
                   "'=' without a setting: want name=value");
    return with_comma(text, strcspn(text, ","));
}

static size_t take_part(struct scan *s)
{
    struct part part = part_at(s->text + s->at);
    struct value *word;

    switch (part.kind) {
    case PART_NONE:
        return take_stray(s);
    case PART_UNKNOWN:
        return take_unknown(s);
    case PART_SPACE:
        break;
    case PART_SETTING:
        take_setting(s, &part);
        break;
    case PART_PREFIX:
        take_prefix(s, &part);
        break;
    case PART_UNKNOWN_PREFIX:
        word = sub(s, s->at, s->at + part.used);
        diag_error(s->fill.diags, word->place,
                   "'%s' is no kind of disk that is known: for a path that "
                   "has a colon write 'target=%s...' at the end",
                   word->s.text, word->s.text);
        return s->len - s->at;
    case PART_POSITIONAL:
        take_positional(s, &part);
        break;
    }
    return part.used;
}

/* ---- the whole ----------------------------------------------------------- */

/* xvda, hda1, sdaa, d0p1, or a number, as xen-vbd-interface(7) has it. */
static bool is_vdev(const char *name)
{
    static const char *const families[] = {"xvd", "hd", "sd", "vd"};
    int used = -1;

    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        const char *rest = name + strlen(families[i]);
        size_t letters;

        if (!text_has_prefix(name, families[i]))
            continue;
        letters = strspn(rest, "abcdefghijklmnopqrstuvwxyz");
        return letters && !rest[letters + strspn(rest + letters, "0123456789")];
    }
    if (sscanf(name, "d%*up%*u%n", &used) == 0 && used > 0 && !name[used])
        return true;
    if (sscanf(name, "d%*u%n", &used) == 0 && used > 0 && !name[used])
        return true;
    return sscanf(name, "%*i%n", &used) == 0 && used > 0 && !name[used];
}

static void finish(struct scan *s)
{
    libxl_device_disk *disk = s->disk;

    if (!disk->format)
        disk->format = LIBXL_DISK_FORMAT_RAW;
    if (disk->is_cdrom) {
        disk->removable = 1;
        disk->readwrite = 0;
        if (!disk->pdev_path || !*disk->pdev_path)
            disk->format = LIBXL_DISK_FORMAT_EMPTY;
    }
    if (failed(s))
        return;
    if (!disk->vdev)
        diag_error(s->fill.diags, s->value->place,
                   "disk has no vdev: want 'vdev=xvda' or "
                   "'TARGET,FORMAT,VDEV,ACCESS'");
    else if (!disk->pdev_path && !disk->removable)
        diag_error(s->fill.diags, s->value->place,
                   "disk '%s' has no target: want 'target=PATH' at the end",
                   disk->vdev);
    else if (!is_vdev(disk->vdev))
        diag_warning(s->fill.diags, s->value->place,
                     "vdev '%s' is no name of a disk: want xvda, hda, sda ...",
                     disk->vdev);
}

void spec_disk_parse(const struct value *value, libxl_device_disk *disk,
                     struct pool *p, struct diags *diags)
{
    struct scan s = {.value = value,
                     .disk = disk,
                     .n_before = diags->n_errors,
                     .fill = {.pool = p, .diags = diags, .base = disk}};

    if (value->kind != VALUE_STRING) {
        diag_error(diags, value->place, "a disk is a string, not a %s",
                   value_kind_name(value->kind));
        return;
    }
    s.text = value->s.text;
    s.len = strlen(s.text);
    disk->readwrite = 1;
    while (s.at < s.len)
        s.at += take_part(&s);
    finish(&s);
}
