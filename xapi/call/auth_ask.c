/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* auth_ask: PAM, or a file of hashes; see auth.h. */
#include "xapi/call/auth_ask.h"

#include <crypt.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "xapi/call/auth.h"

#define SERVICE "xapi"
#define LOCK_SECONDS 30

/* ---- PAM ----------------------------------------------------------------- */

struct answers {
    const char *password, *new; /* NEW may be NULL */
};

/* "Current password:", "Old password:", "(current) UNIX password:" */
static bool is_old(const char *question)
{
    return strcasestr(question, "current") || strcasestr(question, "old");
}

/* Every question that is not to be echoed is for a password. */
static int converse(int n, const struct pam_message **asked,
                    struct pam_response **ret, void *arg)
{
    const struct answers *a = arg;
    struct pam_response *answers;

    if (n <= 0 || n > PAM_MAX_NUM_MSG)
        return PAM_CONV_ERR;
    if (!ret) /* some modules say things and want no answer */
        return PAM_SUCCESS;
    answers = xcalloc((size_t)n, sizeof(*answers));
    for (int i = 0; i < n; i++)
        if (asked[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            answers[i].resp = xstrdup(
                a->new && !is_old(asked[i]->msg) ? a->new : a->password);
    *ret = answers;
    return PAM_SUCCESS;
}

static struct err *run_pam(const char *user, const struct answers *a)
{
    struct pam_conv conv = {converse, (void *)(uintptr_t)a};
    pam_handle_t *pam = NULL;
    int status = pam_start(SERVICE, user, &conv, &pam);
    struct err *e = NULL;

    if (status == PAM_SUCCESS)
        status = a->new ? pam_chauthtok(pam, 0) : pam_authenticate(pam, 0);
    if (status == PAM_SUCCESS && !a->new)
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

static bool is_of(const char *line, const char *user)
{
    size_t len = strlen(user);

    return !strncmp(line, user, len) && line[len] == ':';
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
    for (size_t i = 0; i < n && !hash; i++)
        if (is_of(lines[i], user))
            hash = text_trim(p, strchr(lines[i], ':') + 1);
    if (hash)
        return compare(password, hash);
    TRY(auth_hash(p, password, &other));
    return wrong();
}

/* In one step, after others that change it. */
static struct err *change_file(const char *path, const char *user,
                               const char *new)
{
    AUTO_POOL struct pool *p = pool_new();
    AUTO_STR struct str out = STR_INIT(AUTH_FILE_MAX);
    AUTO_FD int lock = -1;
    const char *hash;
    bool found = false;
    char *text, **lines;
    size_t len;

    if (!*new)
        return ERR("the new password is empty");
    TRY(file_lock(pool_printf(p, "%s.lock", path), LOCK_SECONDS, &lock));
    TRY(file_read(p, path, AUTH_FILE_MAX, &text, &len));
    TRY(auth_hash(p, new, &hash));
    for (lines = text_split(p, text, '\n', NULL); *lines; lines++)
        if (!found && is_of(*lines, user)) {
            str_addf(&out, "%s:%s\n", user, hash);
            found = true;
        } else if (**lines) {
            str_addf(&out, "%s\n", *lines);
        }
    if (!found || str_full(&out))
        return found ? ERR("%s is too large", path) : wrong();
    return file_write(path, str_text(&out), out.len, 0600);
}

/* ---- either -------------------------------------------------------------- */

struct err *auth_ask(const char *method, const char *user, const char *password)
{
    if (!*user)
        return ERR("no user name");
    return strcmp(method, AUTH_PAM)
               ? ask_file(method, user, password)
               : run_pam(user, &(const struct answers){password, NULL});
}

struct err *auth_ask_change(const char *method, const char *user,
                            const char *password, const char *new)
{
    return strcmp(method, AUTH_PAM)
               ? change_file(method, user, new)
               : run_pam(user, &(const struct answers){password, new});
}

/* ---- who there is -------------------------------------------------------- */

#define ENTRY_BYTES 65536
#define GROUPS_MAX 4096

static struct err *no_user(const char *name)
{
    return ERR_AS(not_found, "there is no user \"%s\"", name);
}

static struct err *find_in_file(struct pool *p, const char *path,
                                const char *name, struct auth_user *ret)
{
    char *text, **lines;
    size_t len;

    TRY(file_read(p, path, AUTH_FILE_MAX, &text, &len));
    for (lines = text_split(p, text, '\n', NULL); *lines; lines++)
        if (*name && is_of(*lines, name)) {
            *ret = (struct auth_user){.name = pool_str(p, name),
                                      .full_name = "",
                                      .uid = "",
                                      .gid = ""};
            return NULL;
        }
    return no_user(name);
}

static void take_groups(struct pool *p, const struct passwd *entry,
                        struct auth_user *ret)
{
    gid_t *ids = pool_alloc(p, GROUPS_MAX * sizeof(*ids));
    char *text = pool_alloc(p, ENTRY_BYTES);
    int n = GROUPS_MAX;

    if (getgrouplist(entry->pw_name, entry->pw_gid, ids, &n) < 0)
        n = GROUPS_MAX;
    for (int i = 0; i < n; i++) {
        struct group group, *found = NULL;

        if (!getgrgid_r(ids[i], &group, text, ENTRY_BYTES, &found) && found)
            *pool_push(p, ret->groups, ret->n_groups) =
                pool_str(p, found->gr_name);
    }
}

static struct err *find_in_system(struct pool *p, const char *name,
                                  struct auth_user *ret)
{
    char *text = pool_alloc(p, ENTRY_BYTES);
    struct passwd entry, *found = NULL;
    int status = getpwnam_r(name, &entry, text, ENTRY_BYTES, &found);

    if (status)
        return err_errno(status, "user \"%s\"", name);
    if (!found)
        return no_user(name);
    *ret = (struct auth_user){
        .name = entry.pw_name,
        .full_name = pool_strn(p, entry.pw_gecos, strcspn(entry.pw_gecos, ",")),
        .uid = pool_printf(p, "%u", entry.pw_uid),
        .gid = pool_printf(p, "%u", entry.pw_gid)};
    take_groups(p, &entry, ret);
    return NULL;
}

struct err *auth_ask_user(struct pool *p, const char *method, const char *name,
                          struct auth_user *ret)
{
    return strcmp(method, AUTH_PAM) ? find_in_file(p, method, name, ret)
                                    : find_in_system(p, name, ret);
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
