/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spec_vsnd: paravirtual sound cards, the items of vsnd= in xl.cfg(5). Each is
 * a list of strings: a CARD, its PCM devices, and behind each its STREAMs.
 */
#include <string.h>
#include <strings.h>

#include "lib/str.h"
#include "xl/domain/spec.h"

#define PARTS_MAX 64

/* ---- lists between semicolons -------------------------------------------- */

static struct err *parts_of(const struct value *value, struct pool *p,
                            char ***ret, size_t *ret_n)
{
    const char *text;

    TRY(slot_text(value, p, &text));
    *ret = text_split(p, text, ';', ret_n);
    return *ret_n > PARTS_MAX
               ? ERR_AS(input, "%zu are too many: %d are the most", *ret_n,
                        PARTS_MAX)
               : NULL;
}

static struct err *rates_read(const struct slot *slot,
                              const struct value *value, void *field,
                              struct fill *f)
{
    libxl_vsnd_params *params = f->base;
    char **parts = NULL;
    size_t n = 0;

    (void)slot;
    (void)field;
    TRY(parts_of(value, f->pool, &parts, &n));
    params->sample_rates =
        xrealloc(params->sample_rates, n, sizeof(*params->sample_rates));
    params->num_sample_rates = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t rate;

        TRY(text_to_int(parts[i], 0, 1, UINT32_MAX, &rate));
        params->sample_rates[params->num_sample_rates++] = (uint32_t)rate;
    }
    return NULL;
}

static struct err *formats_read(const struct slot *slot,
                                const struct value *value, void *field,
                                struct fill *f)
{
    libxl_vsnd_params *params = f->base;
    char **parts = NULL;
    size_t n = 0;

    (void)field;
    TRY(parts_of(value, f->pool, &parts, &n));
    params->sample_formats =
        xrealloc(params->sample_formats, n, sizeof(*params->sample_formats));
    params->num_sample_formats = 0;
    for (size_t i = 0; i < n; i++)
        TRY(kind_enum.read(
            slot, value_string(f->pool, parts[i]),
            &params->sample_formats[params->num_sample_formats++], f));
    return NULL;
}

static const struct slot_kind kind_rates = {
    .name = "numbers", .read = rates_read, .takes_word = true};
static const struct slot_kind kind_formats = {
    .name = "words", .read = formats_read, .takes_word = true};

/* ---- rows ---------------------------------------------------------------- */

/* clang-format off */
#define P libxl_vsnd_params
static const struct slot params_rows[] = {
    {"sample-rates",   .kind = &kind_rates,   .unit = "RATE;...",
     .doc = "Sample rates it can do."},
    {"sample-formats", .kind = &kind_formats, .unit = "FORMAT;...",
     .more = libxl_vsnd_pcm_format_string_table,
     .doc = "Sample formats it can do."},
    {"channels-min",   SLOT_INT(P, channels_min), .unit = "NUMBER",
     .doc = "Least number of channels."},
    {"channels-max",   SLOT_INT(P, channels_max), .unit = "NUMBER",
     .doc = "Most channels."},
    {"buffer-size",    SLOT_INT(P, buffer_size),  .unit = "BYTES",
     .doc = "Size of the largest buffer of a stream."},
    {NULL},
};
static const struct slot card_rows[] = {
    {"backend",    STRING_OF(libxl_device_vsnd, backend_domname), .unit = "DOMAIN",
     .doc = "Domain that serves it; domain 0 unless given."},
    {"short-name", STRING_OF(libxl_device_vsnd, short_name), .unit = "TEXT",
     .doc = "Short name of the card."},
    {"long-name",  STRING_OF(libxl_device_vsnd, long_name),  .unit = "TEXT",
     .doc = "Long name of the card."},
    {NULL},
};
static const struct slot pcm_rows[] = {
    {"name", STRING_OF(libxl_vsnd_pcm, name), .unit = "TEXT",
     .doc = "Name of the device within the card."},
    {NULL},
};
static const struct slot stream_rows[] = {
    {"unique-id", STRING_OF(libxl_vsnd_stream, unique_id), .unit = "TEXT",
     .doc = "What its back end knows it by."},
    {"type",      ENUM_OF(libxl_vsnd_stream, type, libxl_vsnd_stream_type_string_table), .unit = "p|c",
     .doc = "Playback or capture."},
    {NULL},
};

#define TABLE(rows_, noun_) {.rows = rows_, .noun = noun_, .unknown_is_error = true}
static const struct slot_table params_keys = TABLE(params_rows, "sound setting"),
    card_keys = TABLE(card_rows, "sound card setting"),
    pcm_keys = TABLE(pcm_rows, "PCM setting"),
    stream_keys = TABLE(stream_rows, "stream setting");
#undef P
/* clang-format on */

/* ---- items --------------------------------------------------------------- */

/* The settings in RECORD: those all items have into PARAMS, others into ITEM.
 */
static void fill_item(const struct slot_table *table,
                      const struct value *record, void *item,
                      libxl_vsnd_params *params, struct fill *f)
{
    struct value *own = value_struct(f->pool), *common = value_struct(f->pool);
    struct fill of_own = {.pool = f->pool, .diags = f->diags, .base = item};
    struct fill of_all = {.pool = f->pool, .diags = f->diags, .base = params};

    value_each(member, record)
    {
        struct value *copy = value_copy(f->pool, member);

        copy->name_place = member->name_place;
        value_set(slot_find(params_rows, member->name) ? common : own,
                  member->name, copy);
    }
    slot_fill(&params_keys, common, 0, &of_all);
    slot_fill(table, own, 0, &of_own);
}

static void add_pcm(libxl_device_vsnd *card, const struct value *record,
                    struct fill *f)
{
    libxl_vsnd_pcm *pcm;

    card->pcms = xrealloc(card->pcms, (size_t)card->num_vsnd_pcms + 1,
                          sizeof(*card->pcms));
    pcm = &card->pcms[card->num_vsnd_pcms++];
    libxl_vsnd_pcm_init(pcm);
    fill_item(&pcm_keys, record, pcm, &pcm->params, f);
}

static void add_stream(libxl_vsnd_pcm *pcm, const struct value *record,
                       struct fill *f)
{
    libxl_vsnd_stream *stream;

    pcm->streams = xrealloc(pcm->streams, (size_t)pcm->num_vsnd_streams + 1,
                            sizeof(*pcm->streams));
    stream = &pcm->streams[pcm->num_vsnd_streams++];
    libxl_vsnd_stream_init(stream);
    fill_item(&stream_keys, record, stream, &stream->params, f);
}

/* "CARD, short-name=Main": what it is comes first. */
static void add_item(const struct value *item, libxl_device_vsnd *card,
                     struct fill *f)
{
    struct value *record = spec_split(item, NULL, f->pool, f->diags);
    const struct value *head = record->kids.first;
    const char *what = head && head->kind == VALUE_NIL ? head->name : "";
    int n = card->num_vsnd_pcms;

    if (item->kind != VALUE_STRING)
        return;
    if (*what)
        value_remove(record, what);
    if (!strcasecmp(what, "card"))
        fill_item(&card_keys, record, card, &card->params, f);
    else if (!strcasecmp(what, "pcm"))
        add_pcm(card, record, f);
    else if (strcasecmp(what, "stream"))
        diag_error(f->diags, item->place,
                   "vsnd: want CARD, PCM or STREAM first, as "
                   "\"CARD, short-name=Main\"");
    else if (!n)
        diag_error(f->diags, item->place, "vsnd: a STREAM without a PCM");
    else
        add_stream(&card->pcms[n - 1], record, f);
}

void spec_vsnd_parse(const struct value *value, libxl_device_vsnd *card,
                     struct pool *p, struct diags *diags)
{
    struct fill f = {.pool = p, .diags = diags};
    size_t n = 0;

    if (value->kind != VALUE_LIST) {
        diag_error(diags, value->place,
                   "vsnd: want a list of strings for each card, as "
                   "[\"CARD\", \"PCM\", \"STREAM\"]");
        return;
    }
    value_each(item, value)
    {
        if (++n > PARTS_MAX) {
            diag_error(diags, item->place, "vsnd: more than %d items of a card",
                       PARTS_MAX);
            return;
        }
        add_item(item, card, &f);
    }
}
