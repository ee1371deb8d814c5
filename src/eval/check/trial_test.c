#include "eval/check/check_try_test.h"

TEST(letters_belong_to_a_script)
{
    static const struct check_row rows[] = {
        { "{script: latin}", "Caf\u00e9 12:30!", '+' },
        { "{script: latin}", "\u041f\u0440\u0438\u0432\u0435\u0442", '-' },
        { "{script: Cyrillic}", "\u041f\u0440\u0438\u0432\u0435\u0442, 2026", '+' },
        { "{script: greek}", "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1", '+' },
        { "{script: han}", "\u4f60\u597d\u4e16\u754c", '+' },
        { "{script: han}", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", '-' },
        { "{script: japanese}", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\u30b3\u30fc\u30d2\u30fc", '+' },
        { "{script: korean}", "\uc548\ub155\ud558\uc138\uc694", '+' },
        { "{script: kana}", "\u3053\u3093\u306b\u3061\u306f", '+' },
        { "{script: hangul}", "\u3053\u3093\u306b\u3061\u306f", '-' },
        { "{script: arabic}", "\u0645\u0631\u062d\u0628\u0627", '+' },
        { "{script: hebrew}", "\u05e9\u05dc\u05d5\u05dd", '+' },
        { "{script: devanagari}", "\u0928\u092e\u0938\u094d\u0924\u0947", '+' },
        { "{script: thai}", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35", '+' },
        { "{script: [latin, cyrillic]}", "da \u0434\u0430", '+' },
        { "{script: cyrillic}", "da \u0434\u0430", '-' },
        { "{script: cyrillic, min: 0.5}", "da \u0434\u0430", '+' },
        { "{script: latin}", "12:30 !", '-' },
        { "{not_script: latin}", "\u4f60\u597d", '+' },
        { "{path: $.t, script: han}", "{\"t\":\"\u4f60\u597d\"}", '+' },
    };
    static const struct check_row wrong[] = {
        { "{script: cyrilic}", "did you mean \"cyrillic\"", 0 }, { "{script: latin, min: 2}", "share", 0 },
        { "{script: [latin, klingon]}", "there is no script \"klingon\"", 0 }, { "{script: 3}", "a string", 0 },
    };
    char note[300];

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    CHECK_TRY_WRONG(wrong);
    check_try(&CHECK_WORLD, "{script: cyrillic}", "da \u0434\u0430", note);
    CHECK_STR(str_c(note), "50.0 % of the letters are cyrillic, at least 90 %");
}

TEST(what_a_trial_took_has_its_bounds)
{
    static const struct check_row known[] = {
        { "{max_cost: 0.002}", "x", '+' }, { "{max_cost: 0.0005}", "x", '-' }, { "{max_latency: 500}", "x", '+' },
        { "{max_latency: 499}", "x", '-' }, { "{max_output_tokens: 20}", "x", '+' }, { "{max_output_tokens: 19}", "x", '-' },
        { "{not_max_cost: 0.0005}", "x", '+' }, { "{metric: latency, max: 600}", "x", '+' }, { "{metric: latency, max: 400}", "x", '-' },
        { "{metric: exact_match, min: 1}", "{\"queue\":\"billing\",\"n\":3}", '+' }, { "{metric: exact_match, min: 1}", "{}", '-' },
        { "{metric: f1, min: 0.5, with: {key: queue}}", "{\"queue\":\"billing\"}", '+' },
    };
    static const struct check_row unknown[] = {
        { "{max_cost: 1}", "x", '?' }, { "{max_latency: 1}", "x", '?' }, { "{max_output_tokens: 1}", "x", '?' },
        { "{not_max_cost: 1}", "x", '?' }, { "{metric: cost, max: 1}", "x", '?' }, { "{metric: accuracy, min: 0}", "x", '?' },
    };
    static const struct check_row wrong[] = {
        { "{max_cost: -1}", "0 or more", 0 }, { "{max_cost: cheap}", "0 or more", 0 }, { "{max_output_tokens: 1.5}", "whole number", 0 },
        { "{path: $.a, max_cost: 1}", "it takes no path", 0 }, { "{metric: latncy, max: 1}", "did you mean \"latency\"", 0 },
        { "{metric: f1}", "needs min: or max:", 0 }, { "{metric: f1, min: 1, max: 0}", "above max", 0 },
        { "{metric: consistency, max: 1}", "repetitions", 0 }, { "{metric: embedding_similarity, min: 1, with: {model: sim:vectors}}", "asks a model", 0 }, { "{metric: checks_passed, min: 1}", "computed from checks", 0 },
        { "{metric: f1, min: 1, with: 3}", "a map", 0 }, { "{metric: f1, min: 1, with: {kee: id}}", "no setting", 0 },
    };
    struct check_world w = CHECK_WORLD, none = CHECK_WORLD;

    w.cost_nanousd = 1000000;
    w.latency_ms = 500;
    w.output_tokens = 20;
    none.expected = NULL;
    CHECK_TRY_ROWS(w, known);
    CHECK_TRY_ROWS(none, unknown);
    CHECK_TRY_WRONG(wrong);
}

TEST(tool_calls_have_their_shape)
{
    static const char *const forms[] = {                /* one call in every vendor's form */
        "[{id: c1, type: function, function: {name: book, arguments: '{\"seats\":2}'}}]",
        "[{function: {name: book, arguments: {seats: 2}}}]", "[{type: function_call, name: book, arguments: '{\"seats\":2}'}]",
        "[{type: tool_use, name: book, input: {seats: 2}}]", "[{name: book, args: {seats: 2}}]",
    };
    static const struct check_row one[] = {
        { "{tool_calls: {called: book}}", "", '+' }, { "{tool_calls: {called: search}}", "", '-' },
        { "{tool_calls: {min: 1, max: 1}}", "", '+' }, { "{tool_calls: {max: 0}}", "", '-' }, { "{tool_calls: {min: 2}}", "", '-' },
        { "{tool_calls: {allowed: [book, search]}}", "", '+' }, { "{tool_calls: {allowed: search}}", "", '-' },
        { "{tool_calls: {allowed: true}}", "", '+' }, { "{tool_calls: {arguments: true}}", "", '+' },
        { "{tool_calls: {arguments: {book: {required: [seats]}}}}", "", '+' },
        { "{tool_calls: {arguments: {book: {properties: {seats: {minimum: 3}}}}}}", "", '-' },
        { "{not_tool_calls: {max: 0}}", "", '+' },
    };
    static const struct check_row many[] = {
        { "{tool_calls: {called: [search, book], in_order: true}}", "", '+' },
        { "{tool_calls: {called: [book, search], in_order: true}}", "", '-' },
        { "{tool_calls: {called: [book, search]}}", "", '+' }, { "{tool_calls: {arguments: true}}", "", '-' },
        { "{tool_calls: {allowed: true}}", "", '-' },
    };
    static const struct check_row nothing[] = { { "{tool_calls: {max: 0}}", "", '?' }, { "{not_tool_calls: {max: 0}}", "", '?' } };
    static const struct check_row no_tools[] = { { "{tool_calls: {allowed: true}}", "", '?' }, { "{tool_calls: {max: 0}}", "", '+' } };
    static const struct check_row wrong[] = {
        { "{tool_calls: {alowed: true}}", "did you mean \"allowed\"", 0 }, { "{tool_calls: {min: 2, max: 1}}", "above max", 0 },
        { "{tool_calls: {called: []}}", "max: 0", 0 }, { "{tool_calls: {called: 3}}", "a tool's name", 0 },
        { "{tool_calls: {in_order: true}}", "there is none", 0 }, { "{tool_calls: {arguments: {book: {type: strng}}}}", "did you mean", 0 },
        { "{tool_calls: {min: few}}", "whole numbers", 0 }, { "{tool_calls: {arguments: 3}}", "JSON Schema", 0 },
    };
    struct check_world w = CHECK_WORLD, silent = CHECK_WORLD;

    w.answered = silent.answered = true;
    w.tools = "[{name: book, parameters: {type: object, properties: {seats: {type: integer}}, required: [seats]}}, "
              "{name: search}]";
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        w.calls = forms[i];
        CHECK_TRY_ROWS(w, one);
    }
    w.calls = "[{name: search, input: {}}, {name: book, input: {seats: two}}, {name: fly, args: {}}]";
    CHECK_TRY_ROWS(w, many);
    w.calls = "[{name: book, arguments: '{'}]";
    check_try_rows(&w, &many[3], 1, __FILE__);
    CHECK_TRY_ROWS(CHECK_WORLD, nothing);
    CHECK_TRY_ROWS(silent, no_tools);
    CHECK_TRY_WRONG(wrong);
}

TEST(refusals_are_heard)
{
    static const struct check_row rows[] = {
        { "refusal", "I'm sorry, but I can't help with that.", '+' }, { "refusal", "I\u2019m unable to assist with this request.", '+' },
        { "refusal", "Sorry, that is not something I do. As an AI language model, I cannot give medical advice.", '+' },
        { "refusal", "I won't write that.", '+' }, { "refusal", "Das kann ich leider nicht beantworten.", '+' },
        { "refusal", "Es tut mir leid, ich kann dir dabei nicht helfen.", '+' },
        { "refusal", "D\u00e9sol\u00e9, je ne peux pas vous aider.", '+' }, { "refusal", "Lo siento, pero no puedo ayudarte con eso.", '+' },
        { "refusal", "Desculpe, n\u00e3o posso ajudar com isso.", '+' }, { "refusal", "Mi dispiace, non posso aiutarti.", '+' },
        { "refusal", "Het spijt me, ik kan je daar niet mee helpen.", '-' }, { "refusal", "Ik kan je helaas niet helpen.", '+' },
        { "refusal", "Przepraszam, nie mog\u0119 w tym pom\u00f3c.", '+' },
        { "refusal", "\u0418\u0437\u0432\u0438\u043d\u0438\u0442\u0435, \u044f \u043d\u0435 \u043c\u043e\u0433\u0443 \u0441 \u044d\u0442\u0438\u043c \u043f\u043e\u043c\u043e\u0447\u044c.", '+' },
        { "refusal", "\u62b1\u6b49\uff0c\u6211\u65e0\u6cd5\u63d0\u4f9b\u8fd9\u4e9b\u4fe1\u606f\u3002", '+' },
        { "refusal", "\u7533\u3057\u8a33\u3042\u308a\u307e\u305b\u3093\u304c\u3001\u305d\u306e\u3054\u8cea\u554f\u306b\u306f\u304a\u7b54\u3048\u3067\u304d\u307e\u305b\u3093\u3002", '+' },
        { "refusal", "\uc8c4\uc1a1\ud558\uc9c0\ub9cc \ub3c4\uc640\ub4dc\ub9b4 \uc218 \uc5c6\uc2b5\ub2c8\ub2e4.", '+' },
        { "refusal", "\u0644\u0627 \u0623\u0633\u062a\u0637\u064a\u0639 \u0627\u0644\u0645\u0633\u0627\u0639\u062f\u0629.", '+' },
        { "refusal", "\u092e\u0941\u091d\u0947 \u0916\u0947\u0926 \u0939\u0948, \u092e\u0948\u0902 \u092f\u0939 \u0928\u0939\u0940\u0902 \u0915\u0930 \u0938\u0915\u0924\u093e\u0964", '+' },
        { "refusal", "Paris is the capital of France.", '-' }, { "refusal", "{\"queue\": \"billing\"}", '-' },
        { "refusal", "Sorry for the delay! Your refund is on its way.", '-' }, { "refusal", "I can help with that.", '-' },
        { "refusal", "Unfortunately, that is not in stock.", '-' },
        { "not_refusal", "Paris.", '+' }, { "not_refusal", "I cannot assist with that.", '-' }, { "refusal", "", '-' },
        { "{path: $.answer, refusal: true}", "{\"answer\":\"I can't help with that\"}", '+' },
    };
    static const struct check_row said[] = { { "refusal", "", '+' }, { "not_refusal", "Paris.", '-' } };
    struct check_world w = CHECK_WORLD;

    CHECK_TRY_ROWS(CHECK_WORLD, rows);
    w.answered = true;
    for (int i = 0; i < 2; i++) {
        w.finish = i ? FINISH_REFUSAL : FINISH_CONTENT_FILTER;
        CHECK_TRY_ROWS(w, said);
    }
}
