/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether we understand xl.cfg as libxlutil does: odd inputs written by hand,
 * each character in each place, and thousands made by a grammar and damaged.
 */
#include "tests/diff/cfg.h"

#define N_GENERATED 20000

/* clang-format off */
static const char *const odd[] = {
    /* settings and what separates them */
    "", "\n", "  \t\n", ";", ";;\n;", "a=1", "a=1\n", "a=1;", "a=1;b=2", "a=1;;b=2\n", ";a=1", "a=1\n\n\nb=2",
    "a=1 ; ; b=2\n", "a=1;\n;b=2\n", " a\t=\t1 \n", "a =1", "a= 1", "a=1 b=2\n", "a=1,b=2\n", "a=1,\n", "a\n=1\n",
    "a=\n1\n", "a=", "a", "a+", "a+=", "=1\n", "=", "a==1\n", "a=1=2\n", "a=1+=2\n", "a+ =1\n", "a + = 1\n", "a-=1\n",
    "b a=1\n", "a[0]=1\n", "'a'=1\n", "\"a\"=1\n", "1=a\n", "1=1\n", ",\n", "[\n", "]\n", "a=1\n[", "a=1\n]\n", "a=]\n",
    "a=1\n=\nb\n", "(a)=1\n", "a={}\n", "a=(1)\n", "a=1 \\\nb=2\n", "\\\n", "a=\\\n1\n", "a=1\\\n",
    /* names */
    "A=1\n", "aB=1\n", "Ab=1\n", "a1=1\n", "1a=1\n", "_a=1\n", "a_=1\n", ".a=1\n", "a.=1\n", "a..b=1\n", "a.b.c=1\n",
    "a-b=1\n", "-a=1\n", "a:b=1\n", "a/b=1\n", "vif.default.script='x'\n", "\xc3\xa4=1\n", "a\xc3\xa4=1\n", "a\xa0=1\n",
    "\xef\xbb\xbf" "a=1\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1\n",
    /* numbers and words */
    "a=0\n", "a=00\n", "a=010\n", "a=08\n", "a=0x\n", "a=0x10\n", "a=0xfF\n", "a=0Xf\n", "a=1f\n", "a=1F\n", "a=1g\n",
    "a=1x\n", "a=1xx\n", "a=0x0x\n", "a=0b1\n", "a=1e5\n", "a=1.5\n", "a=1.\n", "a=.5\n", "a=1_000\n", "a=1,000\n",
    "a=-1\n", "a=+1\n", "a=- 1\n", "a=1-1\n", "a=18446744073709551616\n", "a=99999999999999999999999999999999999\n",
    "a=b\n", "a=b-c\n", "a=a\n", "a=True\n", "a=None\n", "a=yes\n", "a=ff\n", "a=x1\n", "a=$x\n", "a=`x`\n", "a=1'x'\n",
    "a='x'1\n", "a=1[\n", "a=[1]2\n", "a=1b=2\n", "a=1zb=2\n", "a='x'b=2\n", "a=[1]b=2\n",
    /* strings */
    "a=''\n", "a=\"\"\n", "a='x\"y'\n", "a=\"x'y\"\n", "a='#'\n", "a=';'\n", "a='=[],'\n", "a='x' 'y'\n", "a='x''y'\n",
    "a=\"x\"y\"\n", "a='x\n", "a='x", "a=\"x\ny\"\n", "a=\"x\\\ny\"\n", "a='x\ty'\n", "a='x\ry'\n", "a='x\fy\vz'\n",
    "a='\x01\x7f\x80\xff'\n", "a='\xc3\xa4'\n", "a='\n'\n", "a=\"'\n", "a='\"\n", "'\n", "\"\n", "'", "a='\n", "a=u'x'\n",
    /* escapes */
    "a='\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"'\n", "a=\"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\\"\"\n", "a='x\\'\n", "a='x\\", "a='\\\\'\n",
    "a='\\\\\\'\n", "a='\\x41'\n", "a='\\x4'\n", "a='\\x'\n", "a='\\X41'\n", "a='\\101'\n", "a='x\\101y'\n", "a='\\1011'\n",
    "a='\\0'\n", "a='\\00'\n", "a='\\000'\n", "a='x\\000y'\n", "a='\\777'\n", "a='\\08'\n", "a='\\008'\n", "a='\\180'\n",
    "a='\\1+5'\n", "a='\\1-5'\n", "a='\\1 5'\n", "a='\\1\t5'\n", "a='\\1\r5'\n", "a='\\1\f5'\n", "a='\\1\v5'\n", "a='\\15 '\n",
    "a='\\8'\n", "a='\\e'\n", "a='\\?'\n", "a='\\ '\n", "a='\\#'\n", "a='\\q'\n", "a='\\u0041'\n", "a='\\12'\n", "a='\\1'2'\n",
    /* comments */
    "#\n", "# x\n", "#", "#x", "a=1#x\n", "a=1 # x\n", "a=1 # x", "a='x'# y\n", "a=1;# x\nb=2\n", "a#x\n=1\n", "a= # x\n1\n",
    "# 'x\na=1\n", "# x \\\na=1\n", "#\r\n", "##\n", "a=[1#x\n]\n", "a=[#x\n1]\n", "a=[1#]\n", "a=[# x]", "\t# x\n a=1\n",
    /* lists */
    "a=[]\n", "a=[ ]\n", "a=[\n]\n", "a=[\n\n\n]\n", "a=[1]\n", "a=[1,]\n", "a=[1,\n]\n", "a=[1\n,]\n", "a=[1,,]\n", "a=[,]\n",
    "a=[,1]\n", "a=[\n,1]\n", "a=[1,,2]\n", "a=[1,\n,2]\n", "a=[1 2]\n", "a=['x' 'y']\n", "a=['x'\n'y']\n", "a=[1,2,'x',\"y\"]\n",
    "a=[\n1,\n2\n]\n", "a=[\n\n1\n\n,\n\n2\n\n,\n\n]\n", "a=[1;2]\n", "a=[1;]\n", "a=[;]\n", "a=[b]\n", "a=[b=1]\n", "a=[1=2]\n",
    "a=[1+=2]\n", "a=[1,2\n]\nb=1\n", "a=[1]]\n", "a=[[1]\n", "a=[1\n", "a=[", "a=[1,", "a=[1,\nb=2\n", "a=[[]]\n", "a=[[],[]]\n",
    "a=[[1,2],[3],'x',[[4]]]\n", "a=[1,[2,3],[]]\n", "a=[[\n1\n]\n,\n2]\n", "a=[[1][2]]\n", "a=[[1]2]\n", "a=[1[2]]\n", "a=[(1)]\n",
    "a=[-1]\n", "a=['x\n']\n", "a=['x\n", "a=[1] [2]\n", "a=[1],[2]\n", "disk = [ 'phy:/dev/vg/x,xvda,w', 'file:/x,hdc:cdrom,r' ]\n",
    "a=[1] # x\n", "a=[1];b=[2]\n", "a=[1]\n;b=[2]\n",
    /* again and += */
    "a=1\na=2\n", "a=1\na=[2]\n", "a=[1]\na=2\n", "a=[1]\na=[2]\n", "a+=1\n", "a+=[1]\n", "a+=''\n", "a='x'\na+='y'\n",
    "a='x'\na+=''\n", "a=''\na+='x'\n", "a=1\na+=2\n", "a='x'\na+=1\na+='z'\n", "a=[1]\na+=[2]\n", "a=[1]\na+=[]\n", "a=[]\na+=[]\n",
    "a=[]\na+=[1]\n", "a=[1]\na+=[[2]]\n", "a='x'\na+=['y']\n", "a=['x']\na+='y'\n", "a=1\na+=[]\n", "a=[]\na+=''\n",
    "a+=1\na=2\n", "a+=[1]\na=2\na+=3\n", "a=1\nb=2\na+=3\nb+=4\n", "a=1\nb+=a\n", "a=1;a+=2;a+=3;b=4;a+=5\n", "a+=1\na+=[2]\n",
    "a=[1]\na+=2\na+=[3]\n", "a = 'x' + 'y'\n", "a=[1]+[2]\n", "a='x'+'y'\n",
    /* line ends */
    "a=1\r\n", "a=1\r\nb=2\r\n", "a=[1,\r\n2]\r\n", "\r\n", "\r", "a=1\rb=2\n", "a=1\r", "a='x\r\n", "a='x\r\ny'\n", "a=1 \r\n",
    "a=1#x\r\n", "#x\r\n\r\n#y", "a=1\r\r\n", "a=\r\n1\r\n", "\ra=1\r\n", "a=1\n\r", "\fa=1\n", "\va=1\n", "a=1\f\n", "a=\xa0" "1\n",
    /* Python, which xm ran */
    "import os\n", "from os import path\n", "def f():\n  return 1\n", "a = f(1)\n", "a = '%s' % b\n", "if 1:\n  a=1\n", "a=1 if b else 2\n",
    "a = { 'b': 1 }\n", "a = ( 1, 2 )\n", "print('x')\n", "a = b = 1\n", "a, b = 1, 2\n", "\"\"\"x\"\"\"\n", "a='''x'''\n",
};
/* clang-format on */

/* Each byte on its own, and in places where it might mean something. */
static void try_each_byte(struct diff_run *run)
{
    static const char *const places[] = {
        "%c",         "%ca=1\n",      "a%c=1\n",      "a=%c1\n",
        "a=1%c\n",    "a=1%c",        "a='%c'\n",     "a=\"%c\"\n",
        "a='\\%c'\n", "a='\\1%c2'\n", "a='\\12%c'\n", "a=[%c]\n",
        "a=[1%c]\n",  "a=[1%c2]\n",   "a=1%cb=2\n",   "a%c+=1\n",
        "a+%c=1\n",   "#%c\n",        "a%c",          "a=[1,%c",
        "a=x%c\n",    "a=0x%c\n",     "%c%c",         "a=1\n%c\nb=2\n",
    };
    char text[64];

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        for (int c = 0; c < 256; c++) {
            size_t len = 0;

            for (const char *at = places[i]; *at; at++) {
                if (at[0] == '%' && at[1] == 'c') {
                    text[len++] = (char)c;
                    at++;
                } else {
                    text[len++] = *at;
                }
            }
            diff_try(run, text, len);
        }
    }
}

static void try_sizes(struct diff_run *run)
{
    static const size_t sizes[] = {1, 10, 63, 64, 65, 66, 1000, 9000, 20000};
    struct str s = STR_INIT(STR_MAX);

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        str_clear(&s);
        str_add(&s, "a=");
        str_repeat(&s, '[', sizes[i]);
        str_repeat(&s, ']', sizes[i]);
        diff_try(run, s.text, s.len);
        str_clear(&s);
        str_repeat(&s, 'a', sizes[i]);
        str_add(&s, "='");
        str_repeat(&s, 'x', 10 * sizes[i]);
        str_add(&s, "'\nb=[");
        for (size_t j = 0; j < sizes[i]; j++)
            str_add(&s, "1,\n");
        str_add(&s, "]#");
        str_repeat(&s, '#', sizes[i]);
        str_add(&s, "\n");
        diff_try(run, s.text, s.len);
        str_clear(&s);
        for (size_t j = 0; j < sizes[i]; j++)
            str_addf(&s, "a%s=%zu\n", j % 3 ? "+" : "", j);
        diff_try(run, s.text, s.len);
    }
    str_done(&s);
}

/* ---- by a grammar ------------------------------------------------------ */

/* Now and then, what does not belong there. */
static void add_oddity(struct diff_rng *r, struct str *s)
{
    if (!diff_rand(r, 60))
        str_add(s, DIFF_PICK(r, ",", ";", "\n", "\r\n", "#c\n", "=", "+=", "[",
                             "]", "'", "\"", "x", "-", "1", "\\", "\\n", "A",
                             "()", " ", "\t", "\xff", "b=2\n"));
}

static void add_space(struct diff_rng *r, struct str *s)
{
    str_add(s, DIFF_PICK(r, "", "", "", "", " ", " ", "  ", "\t"));
    add_oddity(r, s);
}

static void add_lines(struct diff_rng *r, struct str *s)
{
    add_space(r, s);
    str_add(s, DIFF_PICK(r, "", "", "", "\n", "\n\n", "# c, ']\n", "\r\n"));
    add_space(r, s);
}

static void add_string(struct diff_rng *r, struct str *s)
{
    const char *quote = DIFF_PICK(r, "'", "\"");

    str_add(s, quote);
    for (unsigned n = diff_rand(r, 6); n; n--)
        str_add(s,
                DIFF_PICK(r, "x", "y z", "#", ";", "[", "]", ",", "=", "1",
                          "\\n", "\\t", "\\\\", "\\'", "\\\"", "\\123", "\\0",
                          "/dev/x", "\xc3\xa4", diff_rand(r, 30) ? "k" : "\\q",
                          diff_rand(r, 30) ? "k" : "'"));
    str_add(s, quote);
}

static void add_value(struct diff_rng *r, struct str *s, unsigned depth)
{
    unsigned kind = diff_rand(r, depth < 5 ? 6 : 4), n;

    if (kind < 2) {
        add_string(r, s);
        return;
    }
    if (kind < 4) {
        str_add(s, DIFF_PICK(r, "0", "1", "0x1f", "010", "64", "1f", "2x"));
        return;
    }
    str_add(s, "[");
    for (n = diff_rand(r, 4); n; n--) {
        add_lines(r, s);
        add_value(r, s, depth + 1);
        add_lines(r, s);
        if (n > 1 || !diff_rand(r, 3))
            str_add(s, ",");
    }
    add_lines(r, s);
    str_add(s, "]");
}

static void add_setting(struct diff_rng *r, struct str *s)
{
    add_space(r, s);
    str_add(s, DIFF_PICK(r, "a", "b", "a1", "vif.x", "name", "c_d"));
    add_space(r, s);
    str_add(s, DIFF_PICK(r, "=", "=", "="));
    add_space(r, s);
    add_value(r, s, 0);
    add_space(r, s);
}

static void add_addition(struct diff_rng *r, struct str *s)
{
    bool list = diff_rand(r, 2);

    str_addf(s, "%s%s", list ? "l" : "s", DIFF_PICK(r, "=", "+=", " += "));
    if (list)
        str_add(s, DIFF_PICK(r, "[]", "[1]", "[1,'x']", "[[2]]"));
    else
        add_string(r, s);
}

static void generate(struct diff_rng *r, struct str *s)
{
    for (unsigned n = diff_rand(r, 6); n; n--) {
        if (diff_rand(r, 3))
            add_setting(r, s);
        else
            add_addition(r, s);
        if (n > 1 || diff_rand(r, 2))
            str_add(s, DIFF_PICK(r, "\n", "\n", ";", "\n\n", " # c\n", ";\n",
                                 diff_rand(r, 10) ? "\n" : "\r\n"));
    }
    if (!diff_rand(r, 4))
        diff_damage(r, s, "a1=+'\"[],;#\\ \t\nA-.x_");
}

int main(void)
{
    struct diff_run run = {.pair = &cfg_pair};
    struct diff_rng rng = {.state = 1};
    struct str s = STR_INIT(STR_MAX);

    for (size_t i = 0; i < ARRAY_LEN(odd); i++)
        diff_try(&run, odd[i], strlen(odd[i]));
    try_each_byte(&run);
    try_sizes(&run);
    for (size_t i = 0; i < N_GENERATED; i++) {
        str_clear(&s);
        generate(&rng, &s);
        diff_try(&run, str_text(&s), s.len);
    }
    str_done(&s);
    return diff_end(&run);
}
