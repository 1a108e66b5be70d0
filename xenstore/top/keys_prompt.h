/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keys_prompt: the line at the bottom in which a delay or a filter is typed. */
#ifndef XENSTORE_TOP_KEYS_PROMPT_H
#define XENSTORE_TOP_KEYS_PROMPT_H

#include "xenstore/top/view.h"

/* PROMPT is an enum view_prompt. */
void prompt_begin(struct view *v, int prompt);
/* A key while one is open: a character, Backspace, Ctrl-U, Enter, Escape. */
void prompt_press(struct view *v, int code);

#endif
