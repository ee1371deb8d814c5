"""tests/report: the HTML report in a real browser: what it shows, how it filters, and that nothing a model wrote can act.

Every test ends with tab.trouble() == []: no console error, no policy violation, no request. Times are printed; the bounds
asserted here are generous, they only catch what is wrong by an order.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402
from chrome import Chrome  # noqa: E402

CHROME = None
WORDS = ["billing", "technical", "sales", "account"]
TASK = """name: %(name)s
description: %(description)s
models: [%(models)s]
params: {temperature: 0, max_tokens: 40}
prompt: "Which queue? Answer with one word. {{ input }}"
dataset: cases.jsonl
metrics: [%(metrics)s]
checks:
  - {name: known_queue, one_of: [billing, technical, sales, account], severity: critical}
  - {name: short, max_words: 6}
"""


def task(home, cases, name="queues", models="sim:careful, sim:erratic, sim:swift", description="Name the queue.",
         metrics="exact_match, cost, latency"):
    home.file("cases.jsonl", "".join(json.dumps(c) + "\n" for c in cases))
    home.file("task.yaml", TASK % {"name": json.dumps(name), "models": models, "description": json.dumps(description), "metrics": metrics})


def tickets(n, text="Ticket %d is about my %s and nothing else"):
    return [{"id": "t%d" % i, "input": text % (i, WORDS[i % 4]), "expected": WORDS[i % 4]} for i in range(n)]


def page(home, *options, run=("--speed", 0, "--quiet")):
    ran = home.run("run", "task.yaml", *run)
    assert ran.returncode in (0, 1, 3), ran.err
    return export(home, *options)


def export(home, *options):
    wrote = home.run("export", "last", "-o", "page.html", *options)
    assert wrote.returncode == 0, wrote.err
    return os.path.join(home.path, "page.html")


def opened(tab, path, anchor=""):
    tab.go(path, anchor)
    tab.until("document.documentElement.dataset.ready === 'all'")


def text(tab, selector):
    return tab.value("document.querySelector(%s)?.innerText" % json.dumps(selector))


def shown(tab):
    return int(tab.value("LIST.view.length"))


def do(tab, script):
    """Runs it; answers how long until what it changed was drawn, in ms."""
    return tab.value("new Promise(done => { const t = performance.now(); %s; requestAnimationFrame(() => "
                     "setTimeout(() => done(performance.now() - t))); })" % script)


def say(home, words):
    """A model that always says the same."""
    os.chmod(home.file("say.sh", "#!/bin/sh\ncat >/dev/null\necho '{\"text\": \"%s\"}'\n" % words), 0o755)


def search(tab, words):
    return do(tab, "$('search').value = %s; $('search').dispatchEvent(new Event('input'))" % json.dumps(words))


@test
def the_page_says_what_the_result_says():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(40))
        path = page(home)
        result = json.loads(home.run("show", "--json").out)
        opened(tab, path)
        assert tab.value("document.title") == "queues \u00b7 assay"
        assert text(tab, "h1") == "queues" and "120 trials" in text(tab, ".facts")
        rows = tab.value("[...document.querySelectorAll('.ranking tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
        assert [r[1] for r in rows] == [v["variant"] for v in result["variants"]]
        for row, v in zip(rows, result["variants"]):
            assert row[2].replace("\u2009", " ") == "%.1f %%" % (v["quality"]["mean"] * 100), (row, v["quality"])
        names = tab.value("[...document.querySelectorAll('.pick-name')].map(e => e.innerText)")
        assert names and names[0] == result["recommendation"]["best_overall"]
        found = next(p for p in home.json("explain", "--json")["parts"] if p["part"] == "found")
        assert text(tab, ".words > p") == " ".join(found["sentences"])
        assert "What it cost" in tab.value("[...document.querySelectorAll('.words details h3')].map(e => e.textContent)")
        assert tab.value("document.querySelectorAll('#charts figure svg').length") >= 2
        assert tab.trouble() == []


@test
def filters_sorting_and_search_choose_what_the_trials_say():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(60))
        opened(tab, page(home))
        home.run("export", "last", "-o", "all.jsonl")
        trials = [json.loads(line) for line in open(os.path.join(home.path, "all.jsonl"))]
        assert shown(tab) == len(trials) == 180
        for outcome, holds in (("passed", lambda t: t["status"] == "success" and not t["violations"]),
                               ("broken", lambda t: t["status"] == "success" and t["violations"]),
                               ("critical", lambda t: t["critical"]), ("failed", lambda t: t["status"] == "failed")):
            tab.value("LIST.outcome = '%s'; list_apply()" % outcome)
            assert shown(tab) == sum(1 for t in trials if holds(t)), outcome
        tab.value("list_clear()")
        for variant in ("sim:swift", "sim:erratic"):
            do(tab, "$('variant').value = [...$('variant').options].find(o => o.text === '%s').value; "
                    "$('variant').dispatchEvent(new Event('change'))" % variant)
            assert shown(tab) == 60
            assert set(tab.value("[...document.querySelectorAll('.rows .row:not([hidden]) .who')].map(e => e.textContent)")) == {variant}
        tab.value("list_clear()")
        search(tab, "TICKET 17")
        assert shown(tab) == 3 and tab.value("HEADS.cases.get(ROWS.kase[LIST.view[0]]).id") == "t17"
        search(tab, "account")
        assert shown(tab) >= 45
        search(tab, "nothing says this")
        assert shown(tab) == 0 and tab.value("!$('empty').hidden") and "No trial is like that" in text(tab, "#empty")
        tab.value("$('empty-clear').click()")
        assert shown(tab) == 180
        for order, key in (("latency", lambda t: -(t["latency_ms"] if t["status"] == "success" else -1)), ("cost", lambda t: -float(t["cost_usd"] or 0))):
            tab.value("list_order('trial'); list_order('%s')" % order)
            if order == "cost":
                costs = tab.value("[...LIST.view].map(i => ROWS.cost[i])")
                assert costs == sorted(costs, reverse=True) and shown(tab) == 180
        tab.value("list_order('quality')")
        quality = tab.value("[...LIST.view].map(i => ROWS.scores[PAGE.quality][i])")
        known = [q for q in quality if q is not None]
        assert known == sorted(known) and quality[:len(known)] == known
        failed = tab.value("RESULT.scorers.findIndex(s => s.name === 'known_queue')")
        tab.value("list_show({ check: %d })" % failed)
        assert shown(tab) == sum(1 for t in trials if t["scores"]["known_queue"] == 0)
        assert tab.trouble() == []


@test
def a_trial_shows_its_transcript_and_what_differs():
    with Home() as home, CHROME.tab() as tab:
        cases = tickets(20)
        cases[4]["expected"] = {"queue": "billing", "urgency": "high"}
        cases[5]["expected"] = "a quite different answer than the model gives"
        task(home, cases, models="exec:./say.sh, sim:careful")
        say(home, "billing as  always")
        opened(tab, page(home, run=("--speed", 0, "--quiet", "--allow-exec")))
        asked = json.loads(home.run("show", "last", "10", "--json").out)
        tab.value("trial_open(10)")
        body = text(tab, "#trial")
        assert asked["transcript"]["turns"][0]["prompt"] in body and asked["transcript"]["turns"][0]["response"] in body
        assert "known queue" in body and "Ticket 5 is about my technical" in body
        assert tab.value("document.querySelectorAll('#trial del').length") > 0
        joined = tab.value("[...document.querySelector('#trial .diff').childNodes].filter(n => n.nodeName !== 'INS').map(n => n.textContent).join('')")
        assert joined == cases[5]["expected"]
        joined = tab.value("[...document.querySelector('#trial .diff').childNodes].filter(n => n.nodeName !== 'DEL').map(n => n.textContent).join('')")
        assert joined == asked["transcript"]["turns"][0]["response"].strip()
        assert "the same case elsewhere" in body.lower() and tab.value("location.hash") == "#trial=10"
        tab.key("ArrowRight")
        tab.until("location.hash === '#trial=11'")
        tab.key("Escape")
        tab.until("!$('trial').open")
        tab.until("location.hash === ''")       # the event of the closing comes a moment later
        tab.value("location.hash = '#trial=7'")
        tab.until("$('trial').open")
        assert "t3" in text(tab, "#trial-title")
        tab.go("/dev/null")
        opened(tab, os.path.join(home.path, "page.html"), "#trial=5")           # a link to one trial
        tab.until("$('trial').open")
        assert "t2" in text(tab, "#trial-title")
        assert tab.trouble() == []


@test
def every_turn_with_its_reasoning_is_shown():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(3), models="sim:deep")
        with open(os.path.join(home.path, "task.yaml"), "a") as f:
            f.write("turns: [{label: doubt, prompt: \"Are you sure that it is {{ answer }}?\"}]\n")
        opened(tab, page(home))
        said = json.loads(home.run("show", "last", "1", "--json").out)["transcript"]["turns"]
        assert len(said) == 2
        tab.value("trial_open(1)")
        tab.value("document.querySelectorAll('#trial details').forEach(d => { d.open = true; })")
        body = text(tab, "#trial")
        for turn in said:
            assert turn["prompt"] in body and turn["response"] in body and turn["reasoning"] in body, turn
        assert "doubt" in body
        assert tab.trouble() == []


@test
def a_long_input_asked_in_parts_is_shown_with_its_parts_joined():
    with Home() as home, CHROME.tab() as tab:
        task(home, [{"id": "long", "input": "some words of a long text, and more. " * 200, "expected": "nothing of the kind"}], models="sim:careful")
        with open(os.path.join(home.path, "task.yaml"), "a") as f:
            f.write("chunking: {characters: 2000, overlap: 100}\n")
        opened(tab, page(home))
        said = json.loads(home.run("show", "last", "0", "--json").out)["transcript"]
        assert len(said["turns"]) > 2
        tab.value("trial_open(0)")
        kept = tab.value("[...document.querySelector('#trial .diff').childNodes].filter(n => n.nodeName !== 'DEL').map(n => n.textContent).join('')")
        assert kept == said["output"].strip(), (kept, said["output"])
        assert tab.value("document.querySelectorAll('#trial .turn').length") == len(said["turns"])
        assert tab.trouble() == []


@test
def a_run_that_was_stopped_says_so_and_prints():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(400), models="sim:deep, sim:careful")
        opened(tab, page(home, run=("--speed", 0, "--quiet", "--budget", "0.05")))
        notice = text(tab, ".notice")
        assert "stopped: its budget is spent" in notice and "no outcome yet" in notice, notice
        assert 0 < shown(tab) < 800
        tab.ask("Page.printToPDF", printBackground=True)
        tab.until("$('printed') !== null")
        assert tab.trouble() == []


@test
def a_run_that_was_sure_says_who_was_stopped():
    with Home() as home:
        task(home, tickets(300))
        path, result = page(home, run=("--speed", 0, "--quiet", "--stop-when-sure")), home.json("show", "last", "--json")
        with CHROME.tab() as tab:
            opened(tab, path)
            assert result["sure"]["text"] in text(tab, ".advice"), text(tab, ".advice")
            assert ", sure" in text(tab, ".ranking") and "p <" not in text(tab, ".ranking"), text(tab, ".ranking")
            assert "no outcome yet" not in text(tab, "body")
            assert tab.trouble() == [], tab.trouble()


@test
def the_word_difference_is_shortest_and_puts_both_texts_together_again():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(2), models="sim:careful")
        opened(tab, page(home))
        got = tab.value("""(() => {
          let seed = 7;
          const random = n => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n, wrong = [];
          const slow = (a, b) => {              // longest common subsequence by the table
            const t = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));
            for (let i = a.length - 1; i >= 0; i--)
              for (let j = b.length - 1; j >= 0; j--)
                t[i][j] = a[i] === b[j] ? t[i + 1][j + 1] + 1 : Math.max(t[i + 1][j], t[i][j + 1]);
            return a.length + b.length - 2 * t[0][0];
          };
          for (let round = 0; round < 600; round++) {
            const text = () => Array.from({ length: random(14) }, () => "abc"[random(3)]).join(random(2) ? " " : "-");
            const a = text(), b = text(), d = diff_words(a, b);
            const side = skip => d.filter(p => p[0] !== skip).map(p => p[1]).join("");
            const edits = d.filter(p => p[0] !== "same").reduce((n, p) => n + words_of(p[1]).length, 0);
            if (side("new") !== a || side("gone") !== b || edits !== slow(words_of(a), words_of(b)))
              wrong.push([a, b, d]);
          }
          return wrong.slice(0, 3);
        })()""")
        assert got == [], got
        assert tab.value("diff_words('', '')") == [] and tab.value("diff_words('a', '')") == [["gone", "a"]]
        assert tab.value("diff_words('x '.repeat(20001), 'y')") is None
        assert tab.value("diff_words(Array.from({length: 700}, (_, i) => 'a' + i).join(' '), Array.from({length: 700}, (_, i) => 'b' + i).join(' '))") is None
        assert len(tab.value("diff_words('x '.repeat(9000) + 'end', 'x '.repeat(9000) + 'END')")) == 3
        assert tab.trouble() == []


HOSTILE = ["<script>window.hacked=1</script>", "</script><script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>",
           "\u202egnp.exe\u202c \u2066a\u2069 \u200eb", "a\u0000b\u0007\u001b[31mred\u007f\u009b", "--><svg onload=window.hacked=1>",
           "{{ constructor.constructor('window.hacked=1')() }}", "]]>'\"`${window.hacked=1}", "__proto__", "\ufeff\u2028\u2029", "\U0001f4a9" * 40,
           "javascript:window.hacked=1", "x" * 3000]


@test
def what_a_model_or_a_task_says_stays_text():
    with Home() as home, CHROME.tab() as tab:
        cases = [{"id": h[:60] + str(i), "input": h + " 1", "expected": h, h[:40].replace("\0", "") or "k": h} for i, h in enumerate(HOSTILE)]
        task(home, cases, name="evil </title><script>window.hacked=1</script>", description="</main><img src=x onerror=window.hacked=1>",
             models="exec:./echo.py, sim:erratic")
        home.file("echo.py", "#!/usr/bin/env python3\nimport json, sys\nr = json.load(sys.stdin)\n"
                  "said = r['messages'][-1]['content']\nsaid = said if isinstance(said, str) else said[0]['text']\n"
                  "print(json.dumps({'text': said.split('one word. ')[1], 'usage': {'input_tokens': 1, 'output_tokens': 1}}))\n")
        os.chmod(os.path.join(home.path, "echo.py"), 0o755)
        path = page(home, run=("--speed", 0, "--quiet", "--allow-exec"))
        raw = open(path, encoding="utf-8").read()
        assert "hacked" not in raw and raw.count("<script>") == 1 and "onerror" not in raw and "</title><script" not in raw
        assert len(re.findall(r"</script>", raw)) == len(re.findall(r"<script[ >]", raw))
        opened(tab, path)
        for i in range(shown(tab)):
            tab.value("trial_open(%d)" % i)
        tab.value("trial_open(0)")
        assert HOSTILE[0] + " 1" in text(tab, "#trial"), text(tab, "#trial")
        assert tab.value("window.hacked") is None
        assert tab.value("document.querySelectorAll('script[src], img, iframe, object, embed, link, main script').length") == 0
        unsafe = tab.value("(document.body.innerText + document.title).match(/[\\u202a-\\u202e\\u2066-\\u2069\\u0000-\\u0008\\u001b\\u009b]/g)")
        assert unsafe is None, unsafe
        tab.value("trial_open([...Array(ROWS.n).keys()].find(i => HEADS.output[i].includes('gnp')))")
        assert "\u27e8U+202E\u27e9gnp.exe" in text(tab, "#trial")
        search(tab, "window.hacked")
        assert shown(tab) >= 7
        assert tab.value("window.hacked") is None and tab.trouble() == []


@test
def the_policy_of_the_page_lets_nothing_else_run_or_load():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(3), models="sim:careful")
        path = page(home)
        opened(tab, path)
        policy = tab.value("document.querySelector('meta[http-equiv]').content")
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        tab.value("(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; document.body.append(s); })()")
        tab.value("(() => { const d = document.createElement('div'); d.innerHTML = '<img src=\"https://example.com/a.png\" onerror=\"window.hacked = 2\">'; document.body.append(d); })()")
        tab.value("new Promise(go => setTimeout(go, 300))")
        assert tab.value("window.hacked") is None
        said = tab.trouble()
        assert any("Content Security Policy" in t for t in said), said


@test
def keys_alone_lead_everywhere():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(50))
        opened(tab, page(home))
        tab.key("/")
        assert tab.value("document.activeElement.id") == "search"
        tab.type('"ticket 4')
        tab.until("LIST.view.length === 33")
        tab.key("Enter")
        assert tab.value("document.activeElement.id") == "grid" and tab.value("LIST.active") == 0
        for _ in range(3):
            tab.key("ArrowDown")
        tab.key("ArrowUp")
        assert tab.value("LIST.active") == 2 and tab.value("$('grid').getAttribute('aria-activedescendant')") == "row-2"
        assert tab.value("$('row-2').getAttribute('aria-selected')") == "true"
        tab.key("End")
        assert tab.value("LIST.active") == 32
        box = tab.value("(() => { const r = $('row-32').getBoundingClientRect(), b = $('rows').getBoundingClientRect(); return [r.top, r.bottom, b.top, b.bottom]; })()")
        assert box[0] >= box[2] - 1 and box[1] <= box[3] + 1, box
        tab.key("Enter")
        tab.until("$('trial').open")
        assert tab.value("$('trial').contains(document.activeElement)")
        tab.key("ArrowLeft")
        tab.until("LIST.active === 31")
        tab.key("Escape")
        tab.until("!$('trial').open")
        assert tab.value("document.activeElement.id") == "grid"
        tab.key("/")
        tab.key("Escape")
        assert shown(tab) == 150
        tab.key("Escape")
        assert tab.value("document.activeElement.id") != "search"
        ring = tab.value("(() => { $('search').focus(); return getComputedStyle($('search')).outlineStyle; })()")
        assert ring != "none"
        unnamed = tab.value("[...document.querySelectorAll('button, input, select')].filter(e => !(e.innerText || e.getAttribute('aria-label') || e.closest('label')?.innerText)).length")
        assert unnamed == 0
        assert tab.trouble() == []


@test
def dimensions_wins_and_agreement_are_those_of_the_analysis():
    with Home() as home, CHROME.tab() as tab:
        home.file("cases.jsonl", "".join(json.dumps(c) + "\n" for c in tickets(16)))
        home.file("task.yaml", "name: heat\nmodels: [sim:echo, sim:erratic, sim:swift]\nprompt: '[Length] [Tone] {{ input }}'\ndataset: cases.jsonl\n"
                  "dimensions: [{name: Length, values: [short, a great deal longer than any of the others is]}, {name: Tone, values: [calm, loud, \"<b>odd\"]}]\nmetrics: [edit_similarity]\n")
        path = page(home)
        got = home.json("analyze", "--json")
        opened(tab, path)
        cells = tab.value("[...document.querySelectorAll('#analysis .effects tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")
        ranked = sorted(got["dimensions"]["list"], key=lambda d: d["rank"])
        assert [r[0] for r in cells] == [d["name"] for d in ranked]
        for row, d in zip(cells, ranked):
            assert row[1:] == ["%.3f%s" % (e["eta_squared"], "*" if e["significant"] else "") if e["eta_squared"] is not None else "\u2014" for e in [d["all"], *d["variants"]]], (row, d)
        of_echo = next(row for row in cells if row[0] == "Length")[-1 - [v["variant"] for v in got["variants"]][::-1].index("sim:echo")]
        assert of_echo.endswith("*"), cells             # the longer the prompt, the less its echo is like the answer
        hot = tab.value("[...document.querySelectorAll('#analysis .effects td.heat')].filter(c => Number(c.style.getPropertyValue('--heat')) > 0).length")
        assert hot == sum(bool(e["significant"]) for d in ranked for e in [d["all"], *d["variants"]])
        wins = tab.value("[...document.querySelectorAll('#analysis > .scroll')].at(-1).innerText")
        for v in got["variants"]:
            assert "%s\t%d\t%d\t%d" % (v["variant"], v["wins"]["won"], v["wins"]["lost"], v["wins"]["tied"]) in wins, (v["wins"], wins)
        assert "3 <b>odd" in tab.value("document.querySelector('#analysis').textContent")
        assert "mean Spearman rho" in text(tab, "#analysis") and "Most contested cases" in text(tab, "#analysis")
        assert tab.trouble() == []


@test
def it_fits_320_px_and_both_themes_keep_their_contrast():
    contrast = """(() => {
      const lum = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const back = getComputedStyle(document.body).backgroundColor, worst = [];
      for (const e of document.querySelectorAll('.muted, .good, .bad, .warn, h1, .lead, td, th, .row span')) {
        if (e.closest('.pick-card, .notice, [aria-pressed=true]') || !e.innerText) continue;
        const a = lum(getComputedStyle(e).color), b = lum(back), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) worst.push([e.className, e.innerText.slice(0, 20), ratio]);
      }
      return worst.slice(0, 5);
    })()"""
    with Home() as home:
        task(home, tickets(30), models="sim:careful, sim:erratic, sim:swift, sim:thrifty")
        with open(os.path.join(home.path, "task.yaml"), "a") as f:
            f.write("dimensions: [{name: How it is said, values: [plainly, loudly]}, {name: Who, values: [a, b, c]}]\n")
        path = page(home)
        for width in (320, 768, 1440):
            for dark in (False, True):
                with CHROME.tab(width=width, dark=dark) as tab:
                    opened(tab, path)
                    assert tab.value("document.documentElement.scrollWidth") <= width, (width, tab.value("document.documentElement.scrollWidth"))
                    assert tab.value(contrast) == [], (width, dark, tab.value(contrast))
                    tab.value("trial_open(1)")
                    tab.value("Promise.all(document.getAnimations().map(a => a.finished)).then(() => 1)")
                    over = tab.value("[...document.querySelectorAll('#trial *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre')).length")
                    assert over == 0, (width, over)
                    assert tab.trouble() == []


@test
def runs_with_little_or_nothing_in_them_have_a_face():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(4), models="sim:careful")                    # one variant: nothing to compare with
        opened(tab, page(home))
        assert "against #1" not in text(tab, "main") and text(tab, "h1") == "queues" and shown(tab) == 4
        assert tab.trouble() == []
    with Home() as home, CHROME.tab() as tab:                           # no trial answered
        task(home, tickets(3), models="openai:gpt-4o-mini")
        ran = home.run("run", "task.yaml", "--quiet", "--attempts", 1, "--base-url", "http://127.0.0.1:9/v1", OPENAI_API_KEY="x")
        assert ran.returncode in (1, 3, 4), (ran.returncode, ran.err)
        opened(tab, export(home))
        assert shown(tab) == 3 and "got no answer" in text(tab, ".notice")
        assert tab.value("document.querySelectorAll('.pick-card').length") == 0
        tab.value("trial_open(0)")
        assert "no answer" in text(tab, "#trial").lower()
        assert tab.trouble() == []
    with Home() as home, CHROME.tab() as tab:                           # unknown price; a metric nobody can measure
        task(home, [{"id": "a", "input": "x"}, {"id": "b", "input": "y"}], models="exec:./say.sh", metrics="exact_match, cost, latency")
        say(home, "billing")
        opened(tab, page(home, run=("--quiet", "--allow-exec")))
        ranking = text(tab, ".ranking")
        assert shown(tab) == 2 and ("unknown" in ranking or "free" in ranking), ranking
        tab.value("trial_open(0)")
        assert "no expected answer" in text(tab, "#trial")
        assert tab.trouble() == []


@test
def a_page_says_which_texts_it_leaves_out():
    with Home() as home, CHROME.tab() as tab:
        task(home, tickets(40))
        page(home)
        for option, texts in (("all", 120), ("10", 10), ("none", 0)):
            opened(tab, export(home, "--texts", option))
            assert tab.value("PLAN.texts") == texts and shown(tab) == 120
            left = text(tab, "#left-out")
            assert ("Whole texts are here for %d of 120" % texts in left) == (texts < 120), left
        tab.value("trial_open(119)")
        assert "not in this page" in text(tab, "#trial") and "Ticket 39" in text(tab, "#trial")
        broken = tab.value("PLAN.broken")
        opened(tab, export(home, "--texts", str(max(1, broken))))
        with_texts = tab.value("(async () => { let n = 0; for (let i = 0; i < ROWS.n; i++) n += (await trial_texts(i)) !== null && (ROWS.state[i] || ROWS.violations[i]) ? 1 : 0; return n; })()")
        assert with_texts == broken, (with_texts, broken)
        wrote = home.run("report", "last", "--html", "--texts", "none")          # named after the task and the run
        assert wrote.returncode == 0 and re.match(r"queues-\w{8}\.html$", wrote.out.strip()), (wrote.out, wrote.err)
        opened(tab, os.path.join(home.path, wrote.out.strip()))
        assert tab.value("PLAN.texts") == 0 and shown(tab) == 120
        for bad in ("some", "-4", "1.5"):
            refused = home.run("export", "last", "-o", "x.html", "--texts", bad)
            assert refused.returncode == 2 and bad in refused.err and "none" in refused.err
        assert tab.trouble() == []


@test
def a_transcript_of_any_length_is_cut_and_says_so():
    with Home() as home, CHROME.tab() as tab:
        cases = [{"id": "long", "input": "word " * 400000, "expected": "y" * 200000}, {"id": "b", "input": "b", "expected": "billing"}]
        task(home, cases, models="sim:careful")
        path = page(home)
        opened(tab, path)
        assert os.path.getsize(path) < 1 << 20
        tab.value("trial_open(0)")
        assert "more bytes are left out" in text(tab, "#trial")
        assert tab.trouble() == []


@test
def a_hundred_thousand_trials_open_and_filter_quickly():
    with Home() as home:
        n = 20000
        task(home, tickets(n), models="sim:careful, sim:swift, sim:thrifty, sim:chatty, sim:deep")
        ran = home.run("run", "task.yaml", "--speed", 0, "--quiet", "--yes", timeout=280)
        assert ran.returncode in (0, 1, 3), ran.err
        path = export(home)
        print("       page of %d trials: %.1f MB" % (5 * n, os.path.getsize(path) / 1e6))
        with CHROME.tab() as warm:                      # the program itself, once, before anything is measured
            opened(warm, path)
        with CHROME.tab() as tab:
            tab.go(path)
            tab.until("LIST.shown_ms > 0")
            shown_ms = tab.value("LIST.shown_ms")
            tab.until("document.documentElement.dataset.ready === 'all'")
            assert shown(tab) == 5 * n
            times = {"search": search(tab, "ticket 1234"), "outcome": do(tab, "LIST.terms = []; LIST.outcome = 'broken'; list_apply()"),
                     "everything": do(tab, "list_clear()"), "order by latency": do(tab, "list_order('latency')"),
                     "scroll to the middle": do(tab, "$('rows').scrollIntoView(); $('rows').scrollTop = LIST.total / 2")}
            middle = tab.value("(() => { const r = $('rows').getBoundingClientRect(); return document.elementFromPoint(r.left + 200, r.top + 100)?.closest('.row')?.place; })()")
            assert abs(middle - 5 * n / 2) < 100, middle
            elements = tab.value("document.querySelectorAll('.rows .row').length")
            assert elements < 100, elements
            open_ms = tab.value("(async () => { const t = performance.now(); await trial_open(77777); return performance.now() - t; })()")
            print("       rows visible %.0f ms after navigation; a trial opens in %.0f ms; %s" % (
                shown_ms, open_ms, ", ".join("%s %.0f ms" % x for x in times.items())))
            assert shown_ms < 30000 and max(times.values()) < 5000
            assert tab.trouble() == []


if __name__ == "__main__":
    with Chrome() as CHROME:
        main()
