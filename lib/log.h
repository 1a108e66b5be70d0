/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log: what happened, for who looks later. Lines go to standard error or to a
 * file; each has a level and a module; a file's lines begin with time and pid.
 * One call is one line: control characters become spaces.
 * Library code logs at debug only; commands print, daemons log.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include "lib/str.h"

enum log_level {
    LOG_DEBUG_,
    LOG_INFO_,
    LOG_WARNING_,
    LOG_ERROR_,
};

/* Process-wide, set once at start: least level shown (until then: warning), and
 * the file (NULL: standard error). A file is reopened when it was moved away
 * (logrotate). An error leaves things as they were. */
struct err *log_open(enum log_level least, const char *path) MUST_USE;
void log_set_level(enum log_level least);
/* Longer texts are left out, and the line says so. */
#define LOG_TEXT_MAX 4096
bool log_shows(enum log_level level);
void log_line(enum log_level level, const char *module, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void log_vline(enum log_level level, const char *module, const char *fmt,
               va_list ap) PRINTF_LIKE(3, 0);
/* For who logs very many lines: it waits, and is written in one go with others
 * by log_write, by the next line that does not wait, and before a fork. Lines
 * wait with the thread. */
void log_later(enum log_level level, const char *module,
               const struct str *text);
void log_write(void);
#define log_debug(module, ...) log_line(LOG_DEBUG_, module, __VA_ARGS__)
#define log_info(module, ...) log_line(LOG_INFO_, module, __VA_ARGS__)
#define log_warning(module, ...) log_line(LOG_WARNING_, module, __VA_ARGS__)
#define log_error(module, ...) log_line(LOG_ERROR_, module, __VA_ARGS__)

#endif
