/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sample_file: samplers that keep readings in a file and play them again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "xenstore/top/sample_json.h"

#define LINE_MAX_ (64u << 20)

/* ---- play ---------------------------------------------------------------- */

struct replay {
    FILE *file;
    const char *path;
    struct pool *pool;
    struct str line; /* the last one */
    size_t number;
};

static void replay_close(void *state)
{
    struct replay *r = state;

    if (r->file != stdin)
        fclose(r->file);
    str_done(&r->line);
    pool_free(r->pool);
}

/* Reads a line, of which no more than LINE_MAX_ is kept. */
static void read_line(FILE *file, struct str *line)
{
    char part[8192];

    while (fgets(part, sizeof(part), file)) {
        str_add(line, part);
        if (strchr(part, '\n') || str_full(line))
            break;
    }
}

/* The next line into r->line; at the end the one before stays. */
static struct err *next_line(struct replay *r)
{
    AUTO_STR struct str line = STR_INIT(LINE_MAX_);

    read_line(r->file, &line);
    if (ferror(r->file))
        return err_errno(errno, "cannot read '%s'", r->path);
    if (str_full(&line))
        return ERR_AS(input, "%s:%zu: a line over %u MB", r->path,
                      r->number + 1, LINE_MAX_ >> 20);
    if (line.len) {
        str_done(&r->line);
        r->line = line;
        line = (struct str)STR_INIT(0);
        r->number++;
    }
    return r->number ? NULL : ERR_AS(input, "no readings in '%s'", r->path);
}

static bool replay_over(void *state)
{
    FILE *file = ((struct replay *)state)->file;
    int c = getc(file);

    return c == EOF || ungetc(c, file) == EOF;
}

static struct err *replay_take(void *state, struct pool *p,
                               const struct sample **ret)
{
    struct replay *r = state;

    TRY(next_line(r));
    return err_wrap(sample_from_json(p, str_text(&r->line), r->line.len, ret),
                    "%s:%zu", r->path, r->number);
}

struct err *sampler_replay(const char *path, struct sampler **ret)
{
    static const struct sampler_kind kind = {.take = replay_take,
                                             .over = replay_over,
                                             .close = replay_close,
                                             .no_wait = true};
    bool std = !strcmp(path, "-");
    FILE *file = std ? stdin : fopen(path, "re");
    struct replay *r;
    struct pool *p;

    if (!file)
        return err_errno(errno, "cannot open '%s'", path);
    p = pool_new();
    r = pool_new_of(p, struct replay);
    r->pool = p;
    r->file = file;
    r->path = std ? "standard input" : pool_str(p, path);
    *ret = sampler_new(&kind, r);
    return NULL;
}

/* ---- record -------------------------------------------------------------- */

struct recorder {
    struct sampler *of;
    const char *path;
    struct pool *pool;
    int fd;
};

static void record_close(void *state)
{
    struct recorder *r = state;

    sampler_close(r->of);
    close(r->fd);
    pool_free(r->pool);
}

static void record_set_parts(void *state, unsigned parts)
{
    sampler_set_parts(((struct recorder *)state)->of, parts);
}

static bool record_over(void *state)
{
    return sampler_over(((struct recorder *)state)->of);
}

static struct err *record_take(void *state, struct pool *p,
                               const struct sample **ret)
{
    struct recorder *r = state;
    AUTO_STR struct str line = STR_INIT(LINE_MAX_);

    TRY(sampler_take(r->of, p, ret));
    sample_to_json(*ret, &line);
    str_addc(&line, '\n');
    return err_wrap(file_write_all(r->fd, str_text(&line), line.len),
                    "cannot write to '%s'", r->path);
}

struct err *sampler_record(struct sampler **s, const char *path)
{
    static const struct sampler_kind kind = {.take = record_take,
                                             .over = record_over,
                                             .close = record_close,
                                             .set_parts = record_set_parts};
    struct recorder *r;
    struct pool *p;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

    if (fd < 0)
        return err_errno(errno, "cannot open '%s'", path);
    p = pool_new();
    r = pool_new_of(p, struct recorder);
    r->pool = p;
    r->path = pool_str(p, path);
    r->fd = fd;
    r->of = *s;
    *s = sampler_new(&kind, r);
    return NULL;
}
