/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz: what the targets for libFuzzer share. A finding is kept as a file of
 * tests/fuzz/corpus/TARGET, which each run tries first.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>

#include "lib/diag.h"
#include "lib/slot.h"
#include "lib/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Text in which a byte over 0x7f is the name of a row: 0x80 is the first, and
 * from the 127th on it is 0xff and one more byte. So a target needs no list of
 * the names that its table has.
 */
static inline void fuzz_expand(const uint8_t *data, size_t size,
                               const struct slot *rows, struct str *out)
{
    size_t n_rows = 0;

    while (rows[n_rows].name)
        n_rows++;
    for (size_t i = 0; i < size; i++) {
        size_t row = data[i] - 0x80u;

        if (data[i] < 0x80) {
            str_addc(out, (char)data[i]);
            continue;
        }
        if (data[i] == 0xff && i + 1 < size)
            row += data[++i];
        str_add(out, rows[row % n_rows].name);
    }
}

/* Whatever was complained about can be shown, as text and as a list. */
static inline void fuzz_show(const struct diags *diags)
{
    AUTO_STR struct str out = STR_INIT(STR_MAX);

    diags_format(diags, &out);
    (void)diags_to_value(diags, diags->pool);
    for (size_t i = 0; i < diags->n; i++) {
        const struct place *place = &diags->list[i].place;

        if (!place->source || place->start == PLACE_WHOLE ||
            (place->start <= place->end && place->end <= place->source->len))
            continue;
        fprintf(stderr, "at %zu to %zu of %zu: %s\n", place->start, place->end,
                place->source->len, diags->list[i].text);
        abort();
    }
}

/* The property has to hold; says which one did not. */
static inline void fuzz_must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

#endif
