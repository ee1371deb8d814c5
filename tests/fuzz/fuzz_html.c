/* tests/fuzz/fuzz_html.c: any text as the output that is-html and contains-html judge: it ends, within its limits; and
 * what is HTML has a sign of it, or text around that hides it. */
#include <stdlib.h>

#include "eval/promptfoo/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA *a = arena_new_sized(0);
    struct promptfoo_question q = { .output = str_n((const char *)data, size), .a = a };
    struct html_tokens x = { .text = q.output, .raw = HTML_TAG_OTHER };
    struct promptfoo_answer whole, some;
    struct html_token k = { .kind = HTML_COMMENT };

    promptfoo_is_html(&q, &whole);
    promptfoo_contains_html(&q, &some);
    ASSERT(whole.state <= PROMPTFOO_SKIP && some.state <= PROMPTFOO_PASS);
    for (size_t last = 0; k.kind != HTML_EOF; last = x.at) {
        html_next(&x, &k);
        ASSERT(x.at <= size && (x.at > last || k.kind == HTML_EOF));
        ASSERT(k.tag <= HTML_TAG_OTHER);
    }
    return 0;
}
