#include "llm/keys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define KEY_BYTES_MAX 8192
#define KEYS_FILE_BYTES_MAX (256u * 1024)

/* A key goes into a header line: a byte that could end the line must not get there. */
static enum err_code keys_accept(struct str key, const char *where, struct secret *out, struct err *e)
{
    key = str_trim(key);
    if (!key.len)
        return ERR_OK;
    if (key.len > KEY_BYTES_MAX)
        return err_set(e, ERR_MISSING_KEY, "the key in %s is longer than %d bytes", where, KEY_BYTES_MAX);
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.at[i] <= 0x20 || (unsigned char)key.at[i] >= 0x7f)
            return err_set(e, ERR_MISSING_KEY,
                           "the key in %s holds a space, a line break or another byte that no key has: "
                           "it must be one word",
                           where);
    secret_set(out, key);
    return ERR_OK;
}

static enum err_code keys_from_file(const char *variable, const char *path, struct secret *out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(KEY_BYTES_MAX + 64);
    struct err why = ERR_INIT;
    char where[600];
    enum err_code code;

    if (file_read(path, KEY_BYTES_MAX + 64, &text, &why) != ERR_OK)
        return err_set(e, ERR_MISSING_KEY, "%s_FILE names a file that cannot be read: %s", variable, why.text);
    snprintf(where, sizeof where, "%s (named by %s_FILE)", path, variable);
    code = keys_accept(buf_str(&text), where, out, e);
    if (text.bytes)
        sodium_memzero(text.bytes, text.cap);
    if (code == ERR_OK && !secret_is_set(out))
        return err_set(e, ERR_MISSING_KEY, "%s is empty", where);
    return code;
}

/* NAME=value, `export NAME=value`, quotes around the value and # lines, as people write such files. */
static bool keys_line(struct str line, const char *variable, struct str *value)
{
    ptrdiff_t eq;

    line = str_trim(line);
    if (str_starts(line, S("export ")))
        line = str_trim(str_from(line, 7));
    eq = str_find_byte(line, '=');
    if (eq < 0 || !str_is(str_trim(str_sub(line, 0, (size_t)eq)), variable))
        return false;
    *value = str_trim(str_from(line, (size_t)eq + 1));
    if (value->len >= 2 && (value->at[0] == '"' || value->at[0] == '\'') && value->at[value->len - 1] == value->at[0])
        *value = str_sub(*value, 1, value->len - 2);
    return true;
}

static enum err_code keys_from_home(const struct provider *p, const char *path, struct secret *out,
                                    const char **variable, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(KEYS_FILE_BYTES_MAX);
    struct str rest, line, value;
    enum err_code code = ERR_OK;
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? ERR_OK
                   : err_errno(e, ERR_MISSING_KEY, errno, "%s cannot be looked at", path);
    if (st.st_mode & 077)
        return err_set(e, ERR_MISSING_KEY, "%s can be read or written by others (mode %04o): run chmod 600 %s", path,
                       (unsigned)st.st_mode & 07777, path);
    TRY(file_read(path, KEYS_FILE_BYTES_MAX, &text, e));
    for (const char *const *name = p->key_variables; *name && code == ERR_OK && !secret_is_set(out); name++) {
        rest = buf_str(&text);
        while (code == ERR_OK && str_split(&rest, '\n', &line)) {
            if (!keys_line(line, *name, &value))
                continue;
            code = keys_accept(value, path, out, e);
            *variable = *name;
        }
    }
    if (text.bytes)
        sodium_memzero(text.bytes, text.cap);
    return code;
}

static enum err_code keys_look(const struct provider *p, const char *home, struct secret *out, const char **variable,
                               struct err *e)
{
    AUTO(freep) char *path = NULL;

    for (const char *const *name = p->key_variables; *name; name++) {
        const char *value = getenv(*name), *file;
        char file_variable[128];

        *variable = *name;
        if (value && str_trim(str_c(value)).len)
            return keys_accept(str_c(value), *name, out, e);
        snprintf(file_variable, sizeof file_variable, "%s_FILE", *name);
        file = getenv(file_variable);
        if (file && *file)
            return keys_from_file(*name, file, out, e);
    }
    *variable = p->key_variables[0];
    if (!home || !*home)
        return ERR_OK;
    if (asprintf(&path, "%s/keys.env", home) < 0)
        return ERR_OK;
    return keys_from_home(p, path, out, variable, e);
}

enum err_code keys_find(const struct provider *p, const char *home, struct secret *out, const char **variable,
                        struct err *e)
{
    const char *found = NULL;

    secret_dispose(out);
    if (variable)
        *variable = NULL;
    if (!p->key_variables || !p->key_variables[0])
        return ERR_OK;
    TRY(keys_look(p, home, out, &found, e));
    if (variable)
        *variable = found;
    if (!secret_is_set(out) && p->key_needed)
        return err_set(e, ERR_MISSING_KEY,
                       "%s is not set (%s needs a key: export %s=..., or put it into a file and set %s_FILE)", found,
                       p->name, found, found);
    return ERR_OK;
}

enum err_code keys_find_part(const struct provider *p, size_t part, const char *home, struct secret *out, struct err *e)
{
    const char *names[] = { p->key_parts[part], NULL };
    struct provider one = *p;

    if (!names[0])
        return ERR_OK;
    one.key_variables = names;
    one.key_needed = part == 0;
    return keys_find(&one, home, out, NULL, e);
}

bool keys_exist(const struct provider *p, const char *home)
{
    AUTO_SECRET struct secret key = SECRET_INIT;

    return keys_find(p, home, &key, NULL, NULL) == ERR_OK && secret_is_set(&key);
}
