/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cli/fields: the rows of xe's generated commands. */
#ifndef XAPI_CLI_FIELDS_H
#define XAPI_CLI_FIELDS_H

enum cli_field_flag {
    CLI_LIST = 1,       /* shown by CLASS-list without params= */
    CLI_DEPRECATED = 2, /* shown with that mark */
    CLI_ANY_CASE = 4,   /* filters compare without case */
    CLI_COMMAS = 8,     /* a set's items have ", " between them, not "; " */
    /* In place of CLI_LIST, where classes share their fields. */
    CLI_LIST_TEMPLATE = 16,
    CLI_LIST_SNAPSHOT = 32,
    /* Only a call can say it: not in lists. The path is "CALL", of the object;
     * "CALL:FIELD:TEXT", of the object that FIELD refers to, with a TEXT in
     * which {FIELD} is the object's; or, of a map, "CALL:NAMES", whose result
     * are data sources: those named NAMES0, NAMES1 ... */
    CLI_EXPENSIVE = 64,
    CLI_HIDDEN = 128, /* shown to who names it */
    /* Marked as read-only, but set as a whole: all keys of a map at once. */
    CLI_WHOLE = 256,
    CLI_KIB = 512,       /* with CLI_EXPENSIVE: of bytes, shown as KiB */
    CLI_PROPERTY = 1024, /* a map, read-only but for CLASS.set_property */
    CLI_LIST_ANY_VM = CLI_LIST | CLI_LIST_TEMPLATE | CLI_LIST_SNAPSHOT,
};

struct cli_field {
    const char *name;
    const char *mark; /* "RO", "RW", "SRO", "SRW", "MRO", "MRW" */
    const char *path; /* "name_label", "VM.name_label" */
    unsigned flags;
};

/* Which of the generated commands there are, beside list, param-list and
 * param-get. */
enum cli_class_flag {
    CLI_SET = 1,
    CLI_ADD = 2,
    CLI_REMOVE = 4,
    CLI_CLEAR = 8,
    CLI_LIST_COMMON = 16, /* CLASS-list is in the short help */
};

#define CLI_FILTERS_MAX 2

struct cli_class {
    const char *name;  /* "vm" */
    const char *model; /* "VM" */
    const struct cli_field *fields;
    unsigned flags;
    /* What CLASS-list shows without --all. */
    struct {
        const char *name, *value;
    } filters[CLI_FILTERS_MAX];
    unsigned list; /* the flag of what CLASS-list shows; 0: CLI_LIST */
};

extern const struct cli_class cli_classes[];

#endif
