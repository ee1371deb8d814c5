#include "eval/owner.h"

#include <stdio.h>
#include <unistd.h>

static bool owner_start_time(int64_t pid, int64_t *ticks)
{
    AUTO_BUF struct buf stat = BUF_INIT(4096);
    char path[64];
    struct str rest, field;
    ptrdiff_t after_name = -1;

    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    if (file_read(path, 4096, &stat, NULL) != ERR_OK)
        return false;
    for (size_t i = 0; i < stat.len; i++)           /* the name may hold anything: what follows its last ')' counts */
        if (stat.bytes[i] == ')')
            after_name = (ptrdiff_t)i;
    if (after_name < 0)
        return false;
    rest = str_from(buf_str(&stat), (size_t)after_name + 2);
    for (int i = 3; str_split(&rest, ' ', &field); i++)
        if (i == 22)
            return str_to_i64(field, ticks);
    return false;
}

void owner_name(char out[OWNER_NAME])
{
    char host[60] = "localhost";
    int64_t ticks = 0;

    if (gethostname(host, sizeof host) != 0)
        snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0';
    if (!owner_start_time(getpid(), &ticks))
        ticks = 0;
    snprintf(out, OWNER_NAME, "%s:%d:%lld", host, (int)getpid(), (long long)ticks);
}

bool owner_lives(struct str owner, struct str self)
{
    struct str host, pid_text, ticks_text, self_host, rest = owner, self_rest = self;
    int64_t pid, ticks, now_ticks;

    if (!str_split(&rest, ':', &host) || !str_split(&rest, ':', &pid_text) || !str_split(&rest, ':', &ticks_text) ||
        !str_split(&self_rest, ':', &self_host) || !str_to_i64(pid_text, &pid) || !str_to_i64(ticks_text, &ticks))
        return false;
    if (!str_eq(host, self_host))
        return true;
    if (str_eq(owner, self))
        return false;
    return owner_start_time(pid, &now_ticks) && now_ticks == ticks;
}
