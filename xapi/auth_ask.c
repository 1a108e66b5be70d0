/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth_ask: PAM, or a file of hashes; see auth.h. */
#include "xapi/auth_ask.h"

#include <crypt.h>
#include <security/pam_appl.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/auth.h"

#define SERVICE "xapi"

/* ---- PAM ----------------------------------------------------------------- */

/* Every question that is not to be echoed is for the password. */
static int converse(int n, const struct pam_message **asked,
                    struct pam_response **ret, void *password)
{
    struct pam_response *answers;

    if (n <= 0 || n > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    answers = xcalloc((size_t)n, sizeof(*answers));
    for (int i = 0; i < n; i++)
        if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            answers[i].resp = xstrdup(password);
    *ret = answers;
    return PAM_SUCCESS;
}

static struct err *ask_pam(const char *user, const char *password)
{
    struct pam_conv conv = {converse, (char *)(uintptr_t)password};
    pam_handle_t *pam = NULL;
    int status = pam_start(SERVICE, user, &conv, &pam);
    struct err *e = NULL;

    if (status == PAM_SUCCESS)
        status = pam_authenticate(pam, 0);
    if (status == PAM_SUCCESS)
        status = pam_acct_mgmt(pam, 0);
    if (status != PAM_SUCCESS)
        e = ERR("%s", pam_strerror(pam, status));
    pam_end(pam, status);
    return e;
}

/* ---- a file -------------------------------------------------------------- */

static struct err *wrong(void)
{
    return ERR("no such user, or another password");
}

/* As long for a user that there is not as for one that there is. */
static struct err *compare(const char *password, const char *hash)
{
    static struct crypt_data data;
    const char *mine = crypt_r(password, hash, &data);

    return mine && *hash != '*' && !strcmp(mine, hash) ? NULL : wrong();
}

static struct err *ask_file(const char *path, const char *user,
                            const char *password)
{
    AUTO_POOL struct pool *p = pool_new();
    const char *hash = NULL, *other;
    char *text, **lines;
    size_t len, n;

    TRY(file_read(p, path, AUTH_FILE_MAX, &text, &len));
    lines = text_split(p, text, '\n', &n);
    for (size_t i = 0; i < n && !hash; i++) {
        const char *colon = strchr(lines[i], ':');

        if (colon && strlen(user) == (size_t)(colon - lines[i]) &&
            !strncmp(lines[i], user, strlen(user)))
            hash = text_trim(p, colon + 1);
    }
    if (hash)
        return compare(password, hash);
    TRY(auth_hash(p, password, &other));
    return wrong();
}

/* ---- either -------------------------------------------------------------- */

struct err *auth_ask(const char *method, const char *user, const char *password)
{
    if (!*user)
        return ERR("no user name");
    return strcmp(method, AUTH_PAM) ? ask_file(method, user, password)
                                    : ask_pam(user, password);
}

struct err *auth_ask_check(const char *method)
{
    AUTO_POOL struct pool *p = pool_new();
    char *text, **lines;
    size_t len, n;

    if (!strcmp(method, AUTH_PAM))
        return NULL;
    TRY(file_read(p, method, AUTH_FILE_MAX, &text, &len));
    lines = text_split(p, text, '\n', &n);
    for (size_t i = 0; i < n; i++) {
        const char *line = text_trim(p, lines[i]);

        if (*line && *line != '#' && !strchr(line, ':'))
            return ERR_AS(input,
                          "%s:%zu: \"user:hash\" is wanted (see xapid --hash)",
                          method, i + 1);
    }
    return NULL;
}

struct err *auth_hash(struct pool *p, const char *password, const char **ret)
{
    static struct crypt_data data;
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash;

    if (!crypt_gensalt_rn(NULL, 0, NULL, 0, salt, sizeof(salt)))
        return ERR("crypt(3) makes no salt");
    hash = crypt_r(password, salt, &data);
    if (!hash || *hash == '*')
        return ERR("crypt(3) makes no hash");
    *ret = pool_str(p, hash);
    return NULL;
}
