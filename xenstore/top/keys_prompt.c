/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys_prompt: see keys_prompt.h. A filter holds while it is typed. */
#include "xenstore/top/keys_prompt.h"

#include <string.h>

#include "lib/utf8.h"
#include "xenstore/top/keys.h"

void prompt_begin(struct view *v, int prompt)
{
    bool filter = prompt == PROMPT_FILTER;

    v->prompt = prompt;
    snprintf(v->text, sizeof(v->text), "%s", filter ? v->filter : "");
    memcpy(v->filter_before, v->filter, sizeof(v->filter));
}

static void set_delay(struct view *v)
{
    AUTO_ERR struct err *e = NULL;
    double delay;

    if (!*v->text)
        return;
    e = text_to_double(v->text, VIEW_DELAY_MIN, VIEW_DELAY_MAX, &delay);
    if (e)
        snprintf(v->message, sizeof(v->message), "Delay: %s", err_text(e));
    else
        v->opts.delay = delay;
}

static void end(struct view *v, bool accept)
{
    if (accept && v->prompt == PROMPT_DELAY)
        set_delay(v);
    if (!accept)
        memcpy(v->filter, v->filter_before, sizeof(v->filter));
    v->prompt = PROMPT_NONE;
}

static void add(struct view *v, int code)
{
    AUTO_STR struct str s = STR_INIT(2 * VIEW_TEXT_MAX);

    str_add(&s, v->text);
    utf8_add_char(&s, (uint32_t)code);
    if (s.len < sizeof(v->text))
        memcpy(v->text, str_text(&s), s.len + 1);
}

static void remove_last(struct view *v)
{
    size_t len = strlen(v->text);

    while (len > 0 && ((unsigned char)v->text[len - 1] & 0xc0) == 0x80)
        len--;
    v->text[len > 0 ? len - 1 : 0] = '\0';
}

void prompt_press(struct view *v, int code)
{
    if (code == '\r' || code == '\n' || code == 27) {
        end(v, code != 27);
        return;
    }
    if (code == KEY_CODE_BACKSPACE || code == '\b' || code == 0x7f)
        remove_last(v);
    else if (code == 0x15)
        v->text[0] = '\0';
    else if (code >= ' ' && code < 0x110000)
        add(v, code);
    if (v->prompt == PROMPT_FILTER)
        memcpy(v->filter, v->text, sizeof(v->filter));
}
