/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* options: see options.h. Each is a row; its value comes as `key=value`, as
 * `-x value` or, what takes none, as `--key`. */
#include "xapi/xe/options.h"

#include <stddef.h>
#include <string.h>

#include "lib/file.h"
#include "lib/slot.h"

#define ENV "XE_EXTRA_ARGS"

struct row {
    struct slot slot;
    const char *switches[2]; /* beside key=value */
};

/* clang-format off */
#define WORD(member) SLOT_WORD(struct xe_options, member)
#define SWITCH(member) SLOT_BOOL(struct xe_options, member)
static const struct row rows[] = {
    {{.name = "server",       WORD(server),        .unit = "HOST", .doc = "Whom to speak to (127.0.0.1: by its socket, if it is there)."}, {"-s", "-h"}},
    {{.name = "port",         SLOT_INT(struct xe_options, port),           .unit = "PORT", .min = 1, .max = 65535, .doc = "Port (443, without TLS 80)."}, {"-p"}},
    {{.name = "username",     WORD(username),      .unit = "USER", .doc = "Who logs in (root)."}, {"-u"}},
    {{.name = "password",     WORD(password),      .unit = "PASSWORD", .doc = "With which password."}, {"-pw"}},
    {{.name = "passwordfile", WORD(password_file), .unit = "FILE", .doc = "File with the user's name and the password, a line each."}, {"-pwf"}},
    {{.name = "nossl",        SWITCH(nossl),         .doc = "Plain TCP."}, {"--nossl"}},
    {{.name = "debug",        SWITCH(debug),         .doc = "Says what the client does."}, {"--debug"}},
    {{.name = "debugonfail",  SWITCH(debug_on_fail), .doc = "The same, when the command has failed."}, {"--debug-on-fail"}},
    {{.name = "traceparent",  WORD(traceparent),   .unit = "CONTEXT", .doc = "W3C trace context of the caller."}, {"--traceparent"}},
};
/* clang-format on */

/* ---- one setting --------------------------------------------------------- */

static const struct row *find(const char *key, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strlen(rows[i].slot.name) == len &&
            !strncmp(rows[i].slot.name, key, len))
            return &rows[i];
    return NULL;
}

static const struct row *find_switch(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t j = 0; j < ARRAY_LEN(rows[i].switches); j++)
            if (text_eq(rows[i].switches[j], word))
                return &rows[i];
    return NULL;
}

static struct err *set(struct pool *p, struct xe_options *o,
                       const struct row *row, const char *text)
{
    struct fill fill = {.pool = p, .base = o};

    return slot_read(&row->slot, value_string(p, text), &fill);
}

/* `key=value`, if it is one of ours. */
static struct err *try_pair(struct pool *p, struct xe_options *o,
                            const char *word, bool *ret_taken)
{
    const char *equals = strchr(word, '=');
    const struct row *row = equals ? find(word, (size_t)(equals - word)) : NULL;

    *ret_taken = row;
    return row ? set(p, o, row, equals + 1) : NULL;
}

static void keep(struct pool *p, struct xe_options *o, const char *word)
{
    *pool_push(p, o->words, o->n_words) = word;
}

static struct err *pair_or_keep(struct pool *p, struct xe_options *o,
                                const char *word)
{
    bool taken;

    TRY(try_pair(p, o, word, &taken));
    if (!taken)
        keep(p, o, word);
    return NULL;
}

/* ---- ~/.xe and the environment ------------------------------------------- */

/* One line without "=" and none of the file counts. */
static struct err *read_file(struct pool *p, struct xe_options *o,
                             struct xe_options *extra)
{
    const char *home = getenv("HOME");
    const char *path = home ? pool_printf(p, "%s/.xe", home) : NULL;
    char *text, **lines;
    size_t len, n;

    if (!path || !file_exists(path))
        return NULL;
    TRY(file_read(p, path, XE_FILE_MAX, &text, &len));
    lines = text_split(p, text, '\n', &n);
    for (size_t i = 0; i < n; i++) {
        lines[i] = text_trim(p, lines[i]);
        if (*lines[i] && !strchr(lines[i], '=')) {
            fprintf(
                stderr,
                "xe: %s:%zu: \"key=value\" is wanted; the file is ignored\n",
                path, i + 1);
            return NULL;
        }
    }
    for (size_t i = 0; i < n; i++) {
        bool taken = true;

        if (*lines[i])
            TRY(err_wrap(try_pair(p, o, lines[i], &taken), "%s:%zu", path,
                         i + 1));
        if (!taken)
            keep(p, extra, lines[i]);
    }
    return NULL;
}

/* Words with commas between them; a backslash takes the comma's meaning. */
static struct err *read_env(struct pool *p, struct xe_options *o,
                            struct xe_options *extra)
{
    const char *text = getenv(ENV);
    AUTO_STR struct str word = STR_INIT(XE_FILE_MAX);

    if (!text || !*text)
        return NULL;
    for (const char *s = text;; s++) {
        if (*s == '\\' && s[1] == ',') {
            str_addc(&word, *++s);
        } else if (*s && *s != ',') {
            str_addc(&word, *s);
        } else {
            const char *whole = pool_str(p, str_text(&word));
            bool taken;

            TRY(err_wrap(try_pair(p, o, whole, &taken), ENV));
            if (!taken && *whole)
                keep(p, extra, whole);
            str_clear(&word);
        }
        if (!*s)
            return NULL;
    }
}

/* ---- the command line ---------------------------------------------------- */

static struct err *read_words(struct pool *p, int argc, char *const *argv,
                              struct xe_options *o)
{
    for (int i = 1; i < argc; i++) {
        const struct row *row = find_switch(argv[i]);

        if (!strcmp(argv[i], "-help") || !strcmp(argv[i], "--help"))
            o->help = true;
        else if (!strcmp(argv[i], "-version"))
            o->version = true;
        else if (!row)
            TRY(pair_or_keep(p, o, argv[i]));
        else if (!row->slot.unit)
            TRY(set(p, o, row, "true"));
        else if (i + 1 < argc)
            TRY(set(p, o, row, argv[++i]));
        else
            return ERR_AS(usage, "%s: a %s is wanted behind it", argv[i],
                          row->slot.unit);
    }
    return NULL;
}

static struct err *read_password(struct pool *p, struct xe_options *o)
{
    char *text, **lines;
    size_t len, n;

    if (!o->password_file)
        return NULL;
    TRY(file_read(p, o->password_file, XE_FILE_MAX, &text, &len));
    lines = text_split(p, text, '\n', &n);
    if (n < 2 || !*lines[0])
        return ERR_AS(input,
                      "%s: a line with the user's name and one with the "
                      "password are wanted",
                      o->password_file);
    o->username = lines[0];
    o->password = lines[1];
    return NULL;
}

struct err *xe_options_read(struct pool *p, int argc, char *const *argv,
                            struct xe_options *ret)
{
    struct xe_options o = {
        .server = XE_SERVER, .username = "root", .password = "null"};
    struct xe_options extra = {0};

    o.traceparent = getenv("TRACEPARENT");
    TRY(read_file(p, &o, &extra));
    TRY(read_env(p, &o, &extra));
    TRY(read_words(p, argc, argv, &o));
    for (size_t i = 0; i < extra.n_words; i++)
        keep(p, &o, extra.words[i]);
    TRY(read_password(p, &o));
    *ret = o;
    return NULL;
}

void xe_options_help(struct str *out)
{
    str_add(out,
            "Usage: xe [CONNECTION] COMMAND [WORD...]\n\n"
            "`xe help` lists the commands of the server, `xe help COMMAND` "
            "explains one.\n\nConnection, anywhere on the line, in "
            "~/.xe (a line each) or in " ENV " (with commas between):\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct slot *slot = &rows[i].slot;

        str_addf(out, "  %-15s %s=%s\n                  %s\n",
                 rows[i].switches[0], slot->name,
                 slot->unit ? slot->unit : "true", slot->doc);
    }
    str_add(out, "  -version\n  -help, --help\n");
}
