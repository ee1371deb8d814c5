/* --- the first screens: what was run, which to take, how they rank --------------------------------------------------- */
const variant_name = no => { const v = RESULT.variants[PAGE.place[no]]; return v ? one_line(v.variant) : "variant " + no; };
const quality_word = () => one_line(RESULT.quality || "quality").replaceAll("_", " ");

function title_build() {
  const run = RESULT.run, bits = [];
  const took = run.started_at && run.finished_at ? Date.parse(run.finished_at) - Date.parse(run.started_at) : null;
  bits.push(plural(run.trials, "trial") + " = " + plural(run.cases, "case") + " \u00d7 " + plural(run.variants, "variant") +
    (run.repeat > 1 ? " \u00d7 " + count(run.repeat) + " repetitions" : ""));
  bits.push(moment(run.started_at || run.created_at));
  if (took !== null)
    bits.push(duration(took));
  bits.push(spent_text());
  document.title = one_line(run.task) + " \u00b7 assay";
  return h("header.top",
    h("div.brand", h("span.mark", { "aria-hidden": "true" }), "assay report", h("button.quiet.theme", { type: "button", id: "theme", onclick: theme_next }, "theme")),
    h("h1", one_line(run.task)),
    PAGE.task.description ? h("p.lead", safe(PAGE.task.description.slice(0, 600))) : null,
    h("p.facts", bits.map(b => h("span", b))), state_build());
}

function spent_text() {
  const run = RESULT.run, spent = Number(run.spent_usd || 0);
  if (run.calls_of_unknown_cost && !spent)
    return "cost unknown";
  return dollars(spent) + " spent" + (run.calls_of_unknown_cost ? " and " + plural(run.calls_of_unknown_cost, "call") + " of unknown cost" : "");
}

/* Said when the run is not what one would take it for. */
function state_build() {
  const run = RESULT.run, left = run.trials - run.done - run.failed, notes = [];
  const why = { interrupt: "it was interrupted", budget: "its budget is spent", over_estimate: "it cost far more than estimated", store: "its store failed" };
  if (run.state !== "done")
    notes.push("This run is " + run.state + (run.stopped_by ? ": " + (why[run.stopped_by] || run.stopped_by.replaceAll("_", " ")) : "") + ". " +
      (left > 0 ? plural(left, "trial has", "trials have") + " no outcome yet; what is below is about the other " + count(run.done + run.failed) + "." : ""));
  if (run.failed)
    notes.push(plural(run.failed, "trial") + " got no answer; they count in no score.");
  if (RESULT.thresholds.length && !RESULT.thresholds_met)
    notes.push("A threshold was missed: see below.");
  return notes.length ? h("div.notice", { role: "note" }, notes.map(n => h("p", n))) : null;
}

/* --- the recommendation ------------------------------------------------------------------------------------------- */
function pick_build(label, name, text, others) {
  const v = RESULT.variants.find(x => x.variant === name);
  if (!v)
    return null;
  return h("article.pick-card", h("h3", [label, ...others].join(" \u00b7 ")), h("p.pick-name", one_line(name)),
    h("p.pick-figures", h("span", h("strong", percent(v.quality.n ? v.quality.mean : null)), " ", quality_word()), " ",
      cost_element(v), " ", h("span", duration(v.latency.p50_ms) + " median")),
    text ? h("p.pick-why", safe(pick_why(text, name))) : null);
}

/* The sentence without the name it begins with; empty when it only repeats the figures. */
function pick_why(text, name) {
  const rest = text.startsWith(name + ": ") ? text.slice(name.length + 2) : text, more = rest.indexOf("; ");
  return more < 0 ? (text.startsWith(name) ? "" : rest) : rest.slice(more + 2);
}

function advice_build() {
  const m = RESULT.recommendation, roles = [["Best overall", m.best_overall, m.best_overall_text], ["Best value", m.best_value, m.best_value_text],
    ["Budget option", m.budget_option, m.budget_option_text]];
  const cards = [];
  for (const [label, name, text] of roles) {
    const same = cards.find(c => c.name === name);
    if (name && same)
      same.others.push(label);
    else if (name)
      cards.push({ label, name, text, others: [] });
  }
  return h("section", { "aria-labelledby": "advice-title" }, h("h2.only-read", { id: "advice-title" }, "Recommendation"),
    cards.length ? h("div.picks", cards.map(c => pick_build(c.label, c.name, c.text, c.others)))
      : h("div.empty.wide", h("p", safe(m.best_overall_text || "Nothing to recommend yet: no trial has been scored."))),
    h("ul.advice", [m.tell_text, RESULT.sure && RESULT.sure.text, ...m.advice].filter(Boolean).map(t => h("li", safe(t)))), thresholds_build());
}

/* --- the same in words: what was found at once, the rest when it is asked for --------------------------------------- */
function words_part(p) {
  return [h("h3", p.heading), p.sentences.length ? h("p", safe(p.sentences.join(" "))) : null,
    p.facts.length ? h("ul", p.facts.map(f => h("li", f.label ? h("strong", one_line(f.label) + ": ") : null, safe(f.text)))) : null];
}

function words_build() {
  const found = PAGE.words.find(p => p.part === "found");
  return h("section.words", { "aria-labelledby": "words-title" }, h("h2", { id: "words-title" }, "In words"), h("p", safe(found.sentences.join(" "))),
    h("details", h("summary", "What was tested, where it goes wrong, how sure this is, what would change it"), PAGE.words.filter(p => p.sentences.length || p.facts.length).flatMap(words_part)));
}

function thresholds_build() {
  if (!RESULT.thresholds.length)
    return null;
  return h("details.thresholds", { open: !RESULT.thresholds_met }, h("summary", RESULT.thresholds_met ? "Every threshold is met" : "Thresholds missed"),
    h("div.scroll", h("table", h("thead", h("tr", h("th", "threshold"), h("th", "variant"), h("th.num", "value"), h("th", "met"))),
      h("tbody", RESULT.thresholds.map(t => {
        const scorer = RESULT.scorers.find(s => s.name === t.metric) || { unit: "ratio" };
        return h("tr", h("td", one_line(t.metric) + (t.max !== undefined ? " at most " : " at least ") + measured(scorer, t.max ?? t.min)),
          h("td", one_line(t.variant)), h("td.num", t.value === null ? "not measured" : measured(scorer, t.value)),
          h("td", h(t.met ? "span.good" : "span.bad", t.met ? "yes" : "no")));
      })))));
}

/* --- the ranked table --------------------------------------------------------------------------------------------- */
function cost_element(v) {
  if (v.usd_per_1000 === null)
    return h("span.muted", { title: "the price of this model is not known" }, v.done ? "cost unknown" : NONE);
  return h("span", v.usd_per_1000 === 0 ? "free" : dollars(v.usd_per_1000) + " / 1,000");
}

/* The mean as a dot on its interval, on an axis all variants share. */
function interval_element(e, low, high) {
  const bar = h("span.interval", { "aria-hidden": "true" }), place = v => Math.max(0, Math.min(1, (v - low) / (high - low || 1))) * 100 + "%";
  if (e.low !== null && e.high !== null) {
    const line = h("i.line");
    line.style.left = place(e.low);
    line.style.right = "calc(100% - " + place(e.high) + ")";
    bar.append(line);
  }
  const dot = h("i.dot");
  dot.style.left = place(e.mean);
  bar.append(dot);
  return bar;
}

function against_element(a) {
  if (a.verdict === "none" || a.verdict === "first")
    return h("span.muted", a.verdict === "first" ? "reference" : NONE);
  const kind = a.verdict === "worse" ? "span.bad" : a.verdict === "better" ? "span.good" : "span.muted";
  return h(kind, { title: a.test + " on " + plural(a.pairs, "case") + ", difference " + (a.difference * 100).toFixed(1) + " points" },
    a.verdict.replace("'", "\u2019"), h("small", a.sure ? ", sure" : " p " + (a.p_holm < 0.001 ? "< 0.001" : "= " + a.p_holm.toFixed(3))));
}

const RANKED_MAX = 20;                      /* shown before one asks for all */
const COMPARED_MAX = 60;                    /* columns of the tables below */
const compared = () => RESULT.variants.slice(0, COMPARED_MAX);
const compared_note = () => RESULT.variants.length > COMPARED_MAX ? h("p.muted.small", "The first " + COMPARED_MAX + " of " + count(RESULT.variants.length) + " variants.") : null;

function ranking_build() {
  const with_quality = RESULT.variants.filter(v => v.quality.n), pairs = RESULT.variants.length > 1;
  const low = Math.min(...with_quality.map(v => v.quality.low ?? v.quality.mean)), high = Math.max(...with_quality.map(v => v.quality.high ?? v.quality.mean));
  const from = Math.max(0, low - (high - low) * 0.08 - 0.004), to = Math.min(1, high + (high - low) * 0.08 + 0.004);
  const models = RESULT.variants.some(v => v.model !== v.variant);
  return h("section", { "aria-labelledby": "ranking-title" }, h("div.section-head", h("h2", { id: "ranking-title" }, "Ranking"), h("p.muted", "by " + quality_word() + ", with 95\u2009% intervals")),
    h("div.scroll", h("table.ranking", h("thead", h("tr", h("th.num", "#"), h("th", "variant"), h("th.num", quality_word()),
      h("th.wide-only", { "aria-hidden": "true" }, with_quality.length ? percent(from) + " " + DASH + " " + percent(to) : ""), h("th.num.interval-text", "95\u2009% interval"),
      h("th.num", "$ / 1,000"), h("th.num", "median"), h("th.num.wide-only", "p95"), h("th.num", { title: "failed critical checks" }, "critical"),
      h("th.num", { title: "failed checks" }, "failed checks"), h("th.num", { title: "trials without an answer" }, "no answer"), pairs ? h("th", "against #1") : null)),
      h("tbody", RESULT.variants.map((v, i) => {
        const q = v.quality, show = what => list_show({ variant: PAGE.order[i], ...what });
        const number = (n, what) => h("td.num", n ? h("button.cell", { type: "button", onclick: () => show(what) }, count(n)) : h("span.muted", "0"));
        return h("tr", { hidden: i >= RANKED_MAX }, h("td.num.rank", v.rank ? String(v.rank) : NONE),
          h("th", { scope: "row" }, h("button.name", { type: "button", title: "show its trials", onclick: () => show({}) }, one_line(v.variant)),
            models && v.model !== v.variant ? h("small.muted", one_line(v.model)) : null, v.abandoned ? h("small.bad", "given up after repeated failures") : null),
          h("td.num.figure", percent(q.n ? q.mean : null)), h("td.wide-only", q.n ? interval_element(q, from, to) : null),
          h("td.num.interval-text", q.low === null ? NONE : (q.low * 100).toFixed(1) + DASH + (q.high * 100).toFixed(1)),
          h("td.num", v.usd_per_1000 === null ? h("span.muted", v.done ? "unknown" : NONE) : v.usd_per_1000 === 0 ? "free" : dollars(v.usd_per_1000).slice(1)),
          h("td.num", duration(v.latency.p50_ms)), h("td.num.wide-only", duration(v.latency.p95_ms)), number(v.critical, { outcome: "critical" }),
          number(v.violations, { outcome: "broken" }), number(v.failed, { outcome: "failed" }), pairs ? h("td.against", against_element(v.against_first)) : null);
      })))),
    RESULT.variants.length > RANKED_MAX ? h("button.quiet.more", { type: "button", onclick: e => {
      for (const row of e.target.parentNode.querySelectorAll("tr[hidden]"))
        row.hidden = false;
      e.target.remove();
    } }, "Show all " + count(RESULT.variants.length) + " variants") : null);
}

/* --- every metric ------------------------------------------------------------------------------------------------- */
function metrics_build() {
  const metrics = RESULT.scorers.filter(s => s.kind === "metric");
  if (!metrics.length)
    return null;
  return h("section", { "aria-labelledby": "metrics-title" }, h("h2", { id: "metrics-title" }, "Metrics"),
    h("div.scroll", h("table.metrics", h("thead", h("tr", h("th", "mean"), compared().map(v => h("th.num", one_line(v.variant))))),
      h("tbody", metrics.map(s => h("tr", h("th", { scope: "row" }, one_line(s.name).replaceAll("_", " "), s.higher_is_better ? null : h("small.muted", " lower is better")),
        compared().map(v => {
          const e = v.scores[s.name];
          if (!e || !e.n)
            return h("td.num.muted", { title: "no trial has a value" }, NONE);
          return h("td.num", { title: plural(e.n, "value") + (e.missing ? ", " + count(e.missing) + " missing" : "") + (e.low === null ? "" :
            ", 95 % interval " + measured(s, e.low) + " \u2013 " + measured(s, e.high) + " (" + e.method + ")") }, measured(s, e.mean), e.missing ? h("sup.muted", "*") : null);
        })))))),
    RESULT.variants.some(v => metrics.some(s => v.scores[s.name] && v.scores[s.name].n && v.scores[s.name].missing)) ? h("p.muted.small", "* some trials have no value; they count in no mean.") : null, compared_note());
}

/* --- which checks fail ---------------------------------------------------------------------------------------------- */
function checks_build() {
  const checks = RESULT.scorers.map((s, i) => ({ s, i })).filter(x => x.s.kind === "check");
  if (!checks.length)
    return null;
  for (const c of checks) {
    c.failed = compared().map(v => { const e = v.scores[c.s.name]; return e && e.trials ? e.failed : null; });
    c.total = c.failed.reduce((a, b) => a + (b || 0), 0);
  }
  const grade = { critical: 0, warning: 1, info: 2 }, most = Math.max(...checks.flatMap(c => c.failed.map((f, v) => f / Math.max(1, RESULT.variants[v].done))), 0.0001);
  checks.sort((a, b) => grade[a.s.severity] - grade[b.s.severity] || b.total - a.total);
  return h("section", { "aria-labelledby": "checks-title" }, h("div.section-head", h("h2", { id: "checks-title" }, "Checks"), h("p.muted", "how often each failed; a number opens its trials")),
    h("div.scroll", h("table.checks", h("thead", h("tr", h("th", "check"), h("th", "severity"), compared().map(v => h("th.num", one_line(v.variant))))),
      h("tbody", checks.map(c => h("tr", h("th", { scope: "row" }, one_line(c.s.name).replaceAll("_", " ")), h("td", h("span.severity." + c.s.severity, c.s.severity)),
        c.failed.map((f, v) => {
          if (f === null)
            return h("td.num.muted", { title: "not evaluated" }, NONE);
          const cell = h("td.num.heat", f ? h("button.cell", { type: "button", title: percent(f / RESULT.variants[v].done) + " of its answers",
            onclick: () => list_show({ variant: PAGE.order[v], check: c.i }) }, count(f)) : h("span.muted", "0"));
          cell.style.setProperty("--heat", String(Math.round(f / Math.max(1, RESULT.variants[v].done) / most * 100) / 100));
          return cell;
        })))))), compared_note());
}

/* --- which label was given where which was expected ----------------------------------------------------------------- */
const LABELS_MAX = 40;                      /* drawn; a larger matrix shows its most frequent labels */

function confusion_table(m) {
  const n = m.labels.length, order = m.by_label.map((l, i) => i).sort((a, b) => m.by_label[b].support - m.by_label[a].support).slice(0, LABELS_MAX);
  const shown = n > LABELS_MAX ? order : m.labels.map((l, i) => i), sum = m.counts.map(row => row.reduce((a, b) => a + b, 0));
  const cell = (i, k) => {
    const c = m.counts[i][k], td = h("td.num." + (i === k ? "right" : "heat"), c ? count(c) : h("span.faint", "\u00b7"));
    td.title = one_line(m.labels[i]) + " answered as " + (k === n ? "something else" : one_line(m.labels[k])) + ": " + count(c) + " of " + count(sum[i]);
    td.style.setProperty("--heat", String(c ? Math.max(0.12, Math.round(c / Math.max(1, sum[i]) * 100) / 100) : 0));
    return td;
  };
  return h("div.scroll", h("table.confusion", h("thead", h("tr", h("th", "expected \u2193 \u2003 answered \u2192"), shown.map(k => h("th.num", one_line(m.labels[k]))), h("th.num", "other"), h("th.num", "recall"), h("th.num", "F1"))),
    h("tbody", shown.map(i => h("tr", h("th", { scope: "row" }, one_line(m.labels[i]), h("small.muted", " " + count(sum[i]))), shown.map(k => cell(i, k)), cell(i, n),
      h("td.num", percent(m.by_label[i].recall)), h("td.num", percent(m.by_label[i].f1)))))),
    n > LABELS_MAX ? h("p.muted.small", "The " + LABELS_MAX + " most frequent of " + count(n) + " labels.") : null);
}

/* One variant and one metric at a time. */
function confusion_build() {
  const with_labels = RESULT.variants.filter(v => v.confusion && v.confusion.some(m => m.labels.length && m.n));
  if (!with_labels.length)
    return null;
  const place = h("div"), metrics = with_labels[0].confusion.map(m => m.metric);
  const choose = (id, label, words) => h("label.pick", { hidden: words.length < 2 }, h("span.only-read", label), h("select", { id, onchange: () => draw() }, words.map((w, i) => h("option", { value: String(i) }, one_line(w)))));
  const variant = choose("confusion-variant", "Variant", with_labels.map(v => v.variant)), metric = choose("confusion-metric", "Metric", metrics);
  const draw = () => {
    const m = with_labels[Number(variant.lastChild.value)].confusion[Number(metric.lastChild.value)];
    place.replaceChildren(...(m.labels.length && m.n ? [confusion_table(m), h("p.muted.small", "accuracy " + percent(m.accuracy.n ? m.accuracy.mean : null) + ", macro F1 " + percent(m.macro_f1.n ? m.macro_f1.mean : null) +
      ", over " + plural(m.n, "answer"))] : [h("p.muted", safe(m.why_not || "No answer has a label to compare."))]));
  };
  draw();
  return h("section", { id: "confusion", "aria-labelledby": "confusion-title" }, h("div.section-head", h("h2", { id: "confusion-title" }, "Confusion"), h("p.muted", "what was answered where which label was expected"),
    h("span.push"), metric, variant), place);
}

/* --- what was run --------------------------------------------------------------------------------------------------- */
function about_build() {
  const run = RESULT.run, t = PAGE.task, row = (k, v) => v ? h("div", h("dt", k), h("dd", v)) : null;
  const prompts = t.prompts.filter(p => p.source || p.system);
  const params = t.variants.filter(v => v.params && Object.keys(v.params).length);
  return h("section", { "aria-labelledby": "about-title" }, h("h2", { id: "about-title" }, "What was run"),
    h("dl.about", row("run", h("code", run.id)), row("task", h("code", one_line(run.task_path || run.task))), row("cases", t.dataset ? h("code", one_line(t.dataset)) : null),
      row("chosen by", t.select ? h("code", one_line(JSON.stringify(t.select))) : null), row("content", run.dataset_hash ? h("code", run.dataset_hash.slice(0, 16)) : null),
      row("output", t.format ? one_line(t.format) : null), row("program", t.program ? "assay " + one_line(t.program) : null),
      row("estimate", run.estimate_usd === null ? "unknown" : dollars(Number(run.estimate_usd))), row("spent", spent_text()),
      row("retried", run.retried ? plural(run.retried, "trial") : null)),
    t.system ? h("details", h("summary", "System message"), h("pre.text", safe(t.system))) : null,
    prompts.map(p => h("details", h("summary", "Prompt " + one_line(p.name || "")), p.system ? h("pre.text", safe(p.system)) : null, h("pre.text", safe(p.source || "")))),
    params.length ? h("details", h("summary", "Settings"), h("div.scroll", h("table", h("tbody", params.map(v => h("tr", h("th", { scope: "row" }, one_line(v.name)),
      h("td", h("code", one_line(JSON.stringify(v.params))))))))))  : null,
    ledger_build(), errors_build(),
    h("details", h("summary", "How to read the numbers"), h("p", "Intervals are at 95\u2009%: Wilson\u2019s where every value is 0 or 1, else Student\u2019s t; when cases are repeated, over cases. \u201cAgainst #1\u201d compares the same cases: exact McNemar for yes/no values, else a paired t test; p values are corrected for the number of comparisons (Holm). Trials without an answer, and values that could not be measured, are in no mean. Costs are in US dollars; one that nobody knows is in no sum."), h("p.muted", "Written by assay " + one_line(PAGE.version) + ".")));
}

function ledger_build() {
  if (!RESULT.ledger.length)
    return null;
  return h("details", h("summary", "Where the money went"), h("div.scroll", h("table", h("thead", h("tr", h("th", "variant"), h("th", "phase"), h("th.num", "calls"), h("th.num", "tokens in"), h("th.num", "tokens out"), h("th.num", "cost"))),
    h("tbody", RESULT.ledger.map(l => h("tr", h("th", { scope: "row" }, one_line(l.variant ?? NONE)), h("td", one_line(l.phase)), h("td.num", count(l.calls)), h("td.num", count(l.usage.input_tokens || 0)),
      h("td.num", count(l.usage.output_tokens || 0)), h("td.num", l.calls_of_unknown_cost && !Number(l.cost_usd) ? "unknown" : dollars(Number(l.cost_usd)))))))));
}

function errors_build() {
  const failed = RESULT.variants.filter(v => v.failed);
  if (!failed.length)
    return null;
  return h("details", { open: true }, h("summary", "Why there was no answer"), h("div.scroll", h("table", h("tbody", failed.map(v => h("tr", h("th", { scope: "row" }, one_line(v.variant)),
    h("td", Object.entries(v.errors).map(([name, n]) => count(n) + " \u00d7 " + name.toLowerCase().replaceAll("_", " ")).join(", "))))))));
}
