/* src/eval/report/html.c: the result as one page that asks no network: summary, charts, and every trial to browse.
 * Streams the trials; see html.h for what is in the file. */
#include "eval/explain.h"
#include "eval/report/analyses.h"
#include "eval/report/html.h"
#include "eval/report/scene.h"

#include "embedded.h"
#include "version.h"

/* The script is one text made of these, in this order. */
static const struct embedded *const html_scripts[] = {
    &embedded_src_eval_report_html_data_js,    &embedded_src_eval_report_html_dom_js,
    &embedded_src_eval_report_html_diff_js,    &embedded_src_eval_report_html_trials_js,
    &embedded_src_eval_report_html_summary_js, &embedded_src_eval_report_html_analysis_js,
    &embedded_src_eval_report_html_trial_js,
    &embedded_src_eval_report_html_main_js,
};

enum { HTML_TASK_TEXT = 128 << 10 };        /* of the task file and of each prompt */

static void html_keep(json_t *to, const json_t *from, const char *key)
{
    json_t *value = json_child(from, key);

    if (value)
        json_object_set(to, key, value);
}

static void html_keep_text(json_t *to, const json_t *from, const char *key)
{
    struct str text = json_get_str(from, key);

    if (text.len)
        json_set_str(to, key, str_utf8_head(text, HTML_TASK_TEXT));
}

/* What was run, of the snapshot: no folder of the author's machine, no address. */
static json_t *html_task(const json_t *settings)
{
    const json_t *task = json_child(settings, "task"), *list = json_child(task, "prompts");
    json_t *o = json_object(), *prompts = json_array(), *variants = json_array(), *one;
    size_t i;

    html_keep_text(o, task, "description");
    html_keep_text(o, task, "system");
    html_keep_text(o, task, "dataset");
    html_keep(o, json_child(task, "output"), "format");
    html_keep(o, settings, "select");
    html_keep(o, settings, "program");
    html_keep(o, task, "checks");
    html_keep(o, task, "metrics");
    json_array_foreach(list, i, one) {
        json_t *p = json_object();

        html_keep_text(p, one, "name");
        html_keep_text(p, one, "source");
        html_keep_text(p, one, "system");
        json_array_append_new(prompts, p);
    }
    json_array_foreach(json_child(task, "variants"), i, one) {
        json_t *v = json_object();

        html_keep_text(v, one, "name");
        html_keep(v, one, "prompt");
        html_keep(v, one, "params");
        json_array_append_new(variants, v);
    }
    json_object_set_new(o, "prompts", prompts);
    json_object_set_new(o, "variants", variants);
    return o;
}

/* Of the ranking metric; null where nothing ranks. */
static enum err_code html_analysis(const struct result *r, struct store *s, const struct report_options *options,
                                   struct arena *a, json_t *o, struct err *e)
{
    struct analysis *x;

    if (r->quality < 0)
        return ERR_OK;
    TRY(analysis_load(s, r, options->cases, &(struct analysis_options){ 0 }, a, &x, e));
    json_object_set_new(o, "analysis", analysis_json(x));
    return ERR_OK;
}

static enum err_code html_info(const struct result *r, struct store *s, const struct report_options *options,
                               struct html_out *out, struct err *e)
{
    AUTO_ARENA *a = arena_new_sized(0);
    AUTO_JSON *o = json_object();
    json_t *errors = json_array(), *order = json_array();
    struct explain *words;

    TRY(explain_load(s, r, a, &words, e));
    for (int i = 0; i < ERR_CODES; i++)
        json_array_append_new(errors, json_string(err_name((enum err_code)i)));
    for (size_t i = 0; i < r->variant_count; i++)
        json_array_append_new(order, json_integer(r->variants[i].no));
    json_object_set_new(o, "errors", errors);
    json_object_set_new(o, "order", order);             /* the run's number of each variant of the result */
    json_object_set_new(o, "quality", json_integer(r->quality));
    json_object_set_new(o, "version", json_string(ASSAY_VERSION));
    json_object_set_new(o, "task", html_task(r->settings));
    json_object_set_new(o, "words", explain_json(words));
    TRY(html_analysis(r, s, options, a, o, e));
    json_write(o, &out->raw);
    return html_block(out, "page", 0, 0, 0, e);
}

static enum err_code html_result(const struct result *r, struct store *s, const struct report_options *options,
                                 struct html_out *out, struct err *e)
{
    struct report_sink to = report_to_buf(&out->raw);
    struct report_options plain = *options;

    plain.transcripts = false;              /* trials have blocks of their own */
    TRY(report_find(S("json"))->write(r, s, &plain, &to, e));
    return html_block(out, "result", 0, 0, 0, e);
}

/* "sha256-..." as a Content-Security-Policy names the contents of an element. */
static void html_hash(struct buf *b, struct str contents)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL)];

    crypto_hash_sha256(hash, (const unsigned char *)contents.at, contents.len);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    buf_printf(b, "'sha256-%s'", text);
}

static void html_begin(struct buf *b, struct str css, struct str js)
{
    buf_puts(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src ");
    html_hash(b, js);
    buf_puts(b, "; style-src ");
    html_hash(b, css);
    buf_puts(b, "; base-uri 'none'; form-action 'none'\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
                "<meta name=\"robots\" content=\"noindex\">\n"
                "<meta name=\"generator\" content=\"assay " ASSAY_VERSION "\">\n<title>assay report</title>\n<style>");
    buf_append(b, css);
    buf_puts(b, "</style>\n</head>\n<body>\n<noscript>This report draws itself with a script inside this file; nothing is "
                "fetched. Allow scripts to see it.</noscript>\n");
}

static enum err_code html_page(const struct result *r, struct store *s, const struct report_options *options,
                               struct html_out *out, struct err *e)
{
    AUTO_BUF struct buf b = BUF_INIT((size_t)8 << 20), script = BUF_INIT((size_t)4 << 20);
    AUTO_BUF struct buf style = BUF_INIT((size_t)1 << 20);

    for (size_t i = 0; i < COUNT_OF(html_scripts); i++)
        buf_append(&script, html_scripts[i]->bytes);
    buf_append(&style, embedded_src_eval_report_html_page_css.bytes);
    scene_css(&style);
    html_begin(&b, buf_str(&style), buf_str(&script));
    TRY(report_put(out->sink, &b, e));
    TRY(html_result(r, s, options, out, e));
    TRY(html_info(r, s, options, out, e));
    TRY(html_charts(r, out, e));
    buf_puts(&b, "<script>");
    buf_append(&b, buf_str(&script));
    buf_puts(&b, "</script>\n");
    TRY(report_put(out->sink, &b, e));
    TRY(html_trials(r, s, options, out, e));
    buf_puts(&b, "</body>\n</html>\n");
    return report_put(out->sink, &b, e);
}

static enum err_code html_write(const struct result *r, struct store *s, const struct report_options *options,
                                const struct report_sink *sink, struct err *e)
{
    struct html_out out;
    enum err_code code;

    html_out_init(&out, sink);
    code = html_page(r, s, options, &out, e);
    html_out_dispose(&out);
    return code;
}

const struct report_format report_html = {
    .name = "html", .extension = "html", .per_trial = true,
    .doc = "One page with tables, charts and every trial; needs no network.", .write = html_write,
};
