/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cfg_lex: how far a token is looked for. Behind the last byte it may look at
 * is memory that cannot be read, so looking on is a crash: what makes a long
 * line of many strings take a time that grows with its square, found without a
 * clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xl/domain/cfg_lex.h"

struct edge {
    char *pages;
    size_t size; /* of each of the two pages */
};

static void edge_open(struct edge *e)
{
    e->size = (size_t)sysconf(_SC_PAGESIZE);
    e->pages = mmap(NULL, 2 * e->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(e->pages, MAP_FAILED);
    assert_int_equal(mprotect(e->pages + e->size, e->size, PROT_NONE), 0);
}

static void edge_close(struct edge *e)
{
    munmap(e->pages, 2 * e->size);
}

/* TEXT just before the edge, in a source that goes on behind it. */
static struct source edge_source(struct edge *e, const char *text)
{
    size_t len = strlen(text);

    memcpy(e->pages + e->size - len, text, len);
    return (struct source){
        .name = "F", .text = e->pages + e->size - len, .len = len + e->size};
}

static void assert_token(const char *text, enum cfg_token_kind kind, size_t len)
{
    struct edge e;
    struct source source;
    size_t at = 0;

    edge_open(&e);
    source = edge_source(&e, text);
    assert_int_equal(cfg_lex(&source, &at).kind, kind);
    assert_int_equal(at, len);
    edge_close(&e);
}

static void looks_at_its_token_alone(void **state)
{
    (void)state;
    assert_token("\"abc\"", CFG_STRING, 5);
    assert_token("'abc'", CFG_STRING, 5);
    assert_token("  \"a\\\"b\"", CFG_STRING, 8);
    assert_token("\"\"", CFG_STRING, 2);
    assert_token("'open\n", CFG_UNCLOSED, 5);
    assert_token("'open\\\n", CFG_UNCLOSED, 6);
    assert_token("'open\r\n", CFG_UNCLOSED, 5);
    assert_token("# 'comment'\n", CFG_NEWLINE, 12);
    assert_token(" [", CFG_OPEN, 2);
    assert_token(",", CFG_COMMA, 1);
    assert_token("+=", CFG_ADD, 2);
}

/* A word's end is seen by the one character behind it. */
static void looks_one_further_for_words(void **state)
{
    (void)state;
    assert_token("name ", CFG_NAME, 4);
    assert_token("0x10,", CFG_NUMBER, 4);
    assert_token("No-Name;", CFG_WORD, 7);
}

static void ends_with_the_source(void **state)
{
    static const char *const texts[] = {"\"abc", "\"abc\\", "'", "'\\", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t at = 0, len = strlen(texts[i]);
        struct source source = {"F", texts[i], len};
        struct cfg_token token = cfg_lex(&source, &at);

        assert_int_equal(token.kind, len ? CFG_UNCLOSED : CFG_END);
        assert_int_equal(at, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_its_token_alone),
        cmocka_unit_test(looks_one_further_for_words),
        cmocka_unit_test(ends_with_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
