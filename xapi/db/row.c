/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* row: rows in a pool, and as bytes: numbers of eight bytes, texts with their
 * length before them. */
#include "xapi/db/row.h"

#include <string.h>

#define NO_TEXT UINT64_MAX

struct rows *rows_new(void)
{
    struct pool *p = pool_new();
    struct rows *rows = pool_new_of(p, struct rows);

    rows->pool = p;
    return rows;
}

void rows_free(struct rows *rows)
{
    if (rows)
        pool_free(rows->pool);
}

void rows_add(struct rows *rows, const struct row *row)
{
    struct row *copy = pool_push(rows->pool, rows->list, rows->n);

    *copy = *row;
    copy->class = pool_str(rows->pool, row->class);
    copy->ref = pool_str(rows->pool, row->ref);
    copy->field = pool_str(rows->pool, row->field);
    copy->key = pool_str(rows->pool, row->key);
    copy->value = pool_str(rows->pool, row->value);
}

/* ---- packing ------------------------------------------------------------- */

static void add_number(struct str *out, uint64_t number)
{
    str_addn(out, (const char *)&number, sizeof(number));
}

static void add_text(struct str *out, const char *text)
{
    add_number(out, text ? strlen(text) : NO_TEXT);
    if (text)
        str_addn(out, text, strlen(text));
}

void rows_pack(const struct rows *rows, struct str *out)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->list[i];

        add_number(out, row->op);
        add_number(out, row->number);
        add_number(out, row->created);
        add_number(out, row->destroyed);
        add_text(out, row->class);
        add_text(out, row->ref);
        add_text(out, row->field);
        add_text(out, row->key);
        add_text(out, row->value);
    }
}

struct reader {
    const char *at, *end;
    struct pool *pool;
};

static bool read_number(struct reader *r, uint64_t *ret)
{
    if ((size_t)(r->end - r->at) < sizeof(*ret))
        return false;
    memcpy(ret, r->at, sizeof(*ret));
    r->at += sizeof(*ret);
    return true;
}

static bool read_text(struct reader *r, const char **ret)
{
    uint64_t len;

    if (!read_number(r, &len))
        return false;
    *ret = NULL;
    if (len == NO_TEXT)
        return true;
    if (len > (uint64_t)(r->end - r->at))
        return false;
    *ret = pool_strn(r->pool, r->at, len);
    r->at += len;
    return true;
}

static bool read_row(struct reader *r, struct row *row)
{
    uint64_t op;

    if (!read_number(r, &op) || op >= ROW_OPS)
        return false;
    row->op = (enum row_op)op;
    return read_number(r, &row->number) && read_number(r, &row->created) &&
           read_number(r, &row->destroyed) && read_text(r, &row->class) &&
           read_text(r, &row->ref) && read_text(r, &row->field) &&
           read_text(r, &row->key) && read_text(r, &row->value);
}

struct err *rows_unpack(const char *bytes, size_t len, struct rows **ret)
{
    AUTO_ROWS struct rows *rows = rows_new();
    struct reader r = {bytes, bytes + len, rows->pool};

    while (r.at < r.end)
        if (!read_row(&r, pool_push(rows->pool, rows->list, rows->n)))
            return ERR_AS(input, "row %zu of %zu bytes is cut off or is none",
                          rows->n, len);
    *ret = take_ptr(rows);
    return NULL;
}
