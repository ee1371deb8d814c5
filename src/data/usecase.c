#include "data/usecase.h"

#include <stdio.h>

bool usecase_is(const char *folder)
{
    AUTO(freep) char *path = NULL;

    return asprintf(&path, "%s/" USECASE_FILE_NAME, folder) > 0 && file_exists(path);
}

/* --- USE-CASE.md -------------------------------------------------------------------------------------------------- */

/* "- **Key:** value". */
static bool usecase_metadata_line(struct str line, struct str *key, struct str *value)
{
    struct str s = str_trim(line);
    ptrdiff_t end;

    if (!str_starts(s, S("- **")) && !str_starts(s, S("* **")))
        return false;
    s = str_from(s, 4);
    end = str_find(s, S(":**"));
    if (end < 0)
        return false;
    *key = str_trim(str_n(s.at, (size_t)end));
    *value = str_trim(str_from(s, (size_t)end + 3));
    return true;
}

static void usecase_metadata(struct usecase *u, struct str section, struct str *name)
{
    struct str line, key, value;

    while (str_split(&section, '\n', &line)) {
        if (!usecase_metadata_line(line, &key, &value))
            continue;
        if (str_ieq(key, S("Name")))
            *name = value;
        else if (str_ieq(key, S("Difficulty")))
            u->difficulty = value;
        else if (str_ieq(key, S("Primary Capability")))
            u->primary_capability = value;
        else if (str_ieq(key, S("Token Range")))
            u->token_range = value;
        else if (str_ieq(key, S("Models")))
            u->models = value;
    }
}

/* The "- " lines after "**Edge cases to watch:**"; a line that is indented goes on with the one before it. */
static enum err_code usecase_edge_cases(struct usecase *u, struct str section, struct arena *a, struct err *e)
{
    struct str line;
    bool inside = false;

    u->edge_cases = arena_array(a, struct str, USECASE_ITEMS_MAX);
    while (str_split(&section, '\n', &line)) {
        struct str s = str_trim(line);

        if (str_istarts(s, S("**Edge cases to watch:**"))) {
            inside = true;
        } else if (inside && str_starts(s, S("- "))) {
            if (u->edge_case_count == USECASE_ITEMS_MAX)
                return err_set(e, ERR_TOO_LARGE, STR_FMT ": more than %d edge cases are listed", STR_ARG(u->file),
                               USECASE_ITEMS_MAX);
            u->edge_cases[u->edge_case_count++] = str_trim(str_from(s, 2));
        } else if (inside && u->edge_case_count && s.len && line.at[0] == ' ') {
            struct str *last = &u->edge_cases[u->edge_case_count - 1];

            *last = arena_printf(a, STR_FMT " " STR_FMT, STR_ARG(*last), STR_ARG(s));
        } else if (inside && (s.len || u->edge_case_count)) {
            return ERR_OK;
        }
    }
    return ERR_OK;
}

/* The first fenced block tagged `python`. */
static struct str usecase_script(struct str section)
{
    const char *from = NULL, *end = section.at + section.len;
    struct str line;

    while (str_split(&section, '\n', &line)) {
        struct str s = str_trim(line);

        if (!from && str_starts(s, S("```")) && str_ieq(str_trim(str_from(s, 3)), S("python")))
            from = section.at ? section.at : end;
        else if (from && str_starts(s, S("```")))
            return str_n(from, (size_t)(line.at - from));
    }
    return from ? str_n(from, (size_t)(end - from)) : STR_NONE;     /* never closed: to the section's end */
}

static enum err_code usecase_section(struct usecase *u, struct str title, struct str body, int line, struct str *name,
                                     struct arena *a, struct err *e)
{
    static const struct { const char *title; size_t offset; } texts[] = {
        { "Goal", offsetof(struct usecase, goal) },
        { "LLM Evaluation Notes", offsetof(struct usecase, notes) },
        { "Expected Output Schema", offsetof(struct usecase, schema) },
        { "Quality Criteria", offsetof(struct usecase, criteria) },
        { "Duration Rules", offsetof(struct usecase, durations) },
    };

    if (str_ieq(title, S("Metadata")))
        usecase_metadata(u, body, name);
    if (str_ieq(title, S("Evaluation Script")) && !u->script.len)
        u->script = usecase_script(body);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct usecase_text *t = (struct usecase_text *)((char *)u + texts[i].offset);

        if (!str_ieq(title, str_c(texts[i].title)) || t->line)
            continue;
        *t = (struct usecase_text){ str_trim(body), line };
        if (t == &u->notes)
            TRY(usecase_edge_cases(u, body, a, e));
    }
    return ERR_OK;
}

static struct str usecase_title(struct str line)
{
    struct str title = str_trim(str_from(line, 2));

    return str_istarts(title, S("Use Case:")) ? str_trim(str_from(title, strlen("Use Case:"))) : title;
}

static enum err_code usecase_parse(struct usecase *u, struct arena *a, struct err *e)
{
    struct str rest = u->source, line, title = STR_NONE, name = STR_NONE;
    const char *body = NULL;
    int number = 0, began = 0;
    bool more;

    do {
        more = str_split(&rest, '\n', &line);
        number++;
        if (more && !u->name.len && str_starts(line, S("# ")))
            u->name = usecase_title(line);
        if (more && !str_starts(line, S("## ")))
            continue;
        if (body)
            TRY(usecase_section(u, title, str_n(body, (size_t)((more ? line.at : u->source.at + u->source.len) - body)),
                                began, &name, a, e));
        if (more) {
            title = str_trim(str_from(line, 3));
            body = rest.at ? rest.at : line.at + line.len;
            began = number;
        }
    } while (more);
    u->name = u->name.len ? u->name : name.len ? name : path_base(u->folder);
    u->format = str_ifind(u->schema.text, S("csv")) >= 0 ? OUTPUT_CSV : OUTPUT_JSON;
    return ERR_OK;
}

enum err_code usecase_read_text(struct str folder, struct str text, struct arena *a, struct usecase **out,
                                struct err *e)
{
    struct usecase *u = arena_new(a, struct usecase);

    while (folder.len > 1 && folder.at[folder.len - 1] == '/')
        folder.len--;
    u->folder = arena_strdup(a, folder);
    u->file = path_join(a, u->folder, S(USECASE_FILE_NAME));
    if (!str_is_utf8(text))
        return err_set(e, ERR_BAD_INPUT, STR_FMT " is not UTF-8 text", STR_ARG(u->file));
    u->source = arena_strdup(a, str_starts(text, S("\xef\xbb\xbf")) ? str_from(text, 3) : text);
    TRY(usecase_parse(u, a, e));
    *out = u;
    return ERR_OK;
}

enum err_code usecase_read(const char *folder, struct arena *a, struct usecase **out, struct err *e)
{
    AUTO_BUF struct buf text = BUF_INIT(USECASE_TEXT_MAX);
    struct usecase *u;
    enum err_code code;

    if (!file_is_dir(folder))
        return err_set(e, ERR_NOT_FOUND, "there is no folder %s", folder);
    code = file_read_beneath(folder, S(USECASE_FILE_NAME), USECASE_TEXT_MAX, &text, e);
    if (code == ERR_NOT_FOUND)
        return err_set(e, code, "folder %s has no " USECASE_FILE_NAME, folder);
    if (code != ERR_OK)
        return err_prefix(e, "%s", folder);
    TRY(usecase_read_text(str_c(folder), buf_str(&text), a, &u, e));
    TRY(usecase_files_read(folder, str_c(output_format_name(u->format)), a, &u->files, e));
    *out = u;
    return ERR_OK;
}
