/* --- one trial ------------------------------------------------------------------------------------------------------ */
const TRIAL = { row: -1, turn: 0 };

const trial_number = row => ROWS.number[row];
const section = (title, ...rest) => h("section.part", h("h3", title), ...rest);

function trial_dialog() {
  const d = h("dialog.sheet", { id: "trial", "aria-labelledby": "trial-title" });
  d.addEventListener("close", () => {
    TRIAL.row = -1;
    TRIAL.turn++;                           /* what is still being read must not open it again */
    history.replaceState(null, "", location.pathname + location.search);
    $("grid").focus({ preventScroll: true });
  });
  d.addEventListener("click", e => { if (e.target === d) d.close(); });
  d.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || /^(input|select|textarea)$/i.test(e.target.tagName))
      return;
    if (e.key === "ArrowLeft" || e.key === "k" || e.key === "ArrowRight" || e.key === "j") {
      trial_step(e.key === "ArrowLeft" || e.key === "k" ? -1 : 1);
      e.preventDefault();
    }
  });
  return d;
}

function trial_step(by) {
  const place = LIST.view.indexOf(TRIAL.row), to = place + by;
  if (place < 0 || to < 0 || to >= LIST.view.length)
    return;
  list_activate(to);
  trial_open(LIST.view[to]);
}

function trial_head(row) {
  const place = LIST.view.indexOf(row), kase = HEADS.cases.get(ROWS.kase[row]), repeat = RESULT.run.repeat;
  const state = ROWS.state[row] ? h("span.state.bad", "no answer: " + PAGE.errors[ROWS.state[row] - 1].toLowerCase().replaceAll("_", " "))
    : ROWS.critical[row] ? h("span.state.bad", plural(ROWS.critical[row], "critical check") + " failed")
    : ROWS.violations[row] ? h("span.state.warn", plural(ROWS.violations[row], "check") + " failed") : PAGE.checks ? h("span.state.good", "every check passed") : h("span.state", "answered");
  const button = (text, label, by, off) => h("button.quiet", { type: "button", "aria-label": label, disabled: off, onclick: () => trial_step(by) }, text);
  return h("header.sheet-head",
    h("div.sheet-bar", h("span.muted", "trial " + count(trial_number(row)) + (place >= 0 ? " \u00b7 " + count(place + 1) + " of " + count(LIST.view.length) : "")),
      h("span.push"), button("\u2190", "previous trial", -1, place <= 0), button("\u2192", "next trial", 1, place < 0 || place + 1 >= LIST.view.length),
      h("button.quiet", { type: "button", "aria-label": "close", autofocus: true, onclick: () => $("trial").close() }, "\u2715")),
    h("h2", { id: "trial-title" }, kase ? one_line(kase.id) : "case " + (ROWS.kase[row] + 1), h("span.muted", " " + variant_name(ROWS.variant[row]) + (repeat > 1 ? ", repetition " + (trial_number(row) % repeat + 1) : ""))),
    h("p.facts", state, h("span", duration(ROWS.state[row] ? null : ROWS.latency[row])), h("span", Number.isNaN(ROWS.cost[row]) ? "cost unknown" : dollars(ROWS.cost[row] / 1e9)),
      h("span", plural(ROWS.input[row], "token") + " in, " + count(ROWS.output[row]) + " out"), ROWS.attempts[row] > 1 ? h("span", plural(ROWS.attempts[row], "attempt")) : null));
}

function trial_scores(row, texts) {
  const checks = [], metrics = [];
  RESULT.scorers.forEach((s, i) => {
    const v = ROWS.scores[i][row], note = texts && texts.notes[i] ? safe(texts.notes[i]) : "";
    if (s.kind === "check")
      checks.push(h("tr", h("th", { scope: "row" }, one_line(s.name).replaceAll("_", " ")), h("td", Number.isNaN(v) ? h("span.muted", "not evaluated") : v > 0 ? h("span.good", "passed") : h("span." + (s.severity === "critical" ? "bad" : "warn"), "failed")),
        h("td.note", note)));
    else
      metrics.push(h("tr", h("th", { scope: "row" }, one_line(s.name).replaceAll("_", " ")), h("td.num", Number.isNaN(v) ? h("span.muted", "not measured") : measured(s, v)), h("td.note", note)));
  });
  return h("div.scores", checks.length ? section("Checks", h("table", h("tbody", checks))) : null, metrics.length ? section("Metrics", h("table", h("tbody", metrics))) : null);
}

const text_block = (label, text) => h("div.said-block", h("div.said-head", h("h4", label), copy_button(text)), h("pre.text", safe(text)));

function trial_turn(turn, n, many) {
  const failed = (turn.attempts || []).filter(a => a.result !== "OK");
  const extra = [duration(turn.latency_ms), turn.finish && turn.finish !== "stop" ? "finish: " + turn.finish : null, turn.model_version, turn.cached ? "from the cache" : null,
    turn.dropped ? "left out, because the model refuses it: " + turn.dropped : null].filter(Boolean).join(" \u00b7 ");
  return h("div.turn", many ? h("h4.turn-title", one_line(turn.label || "turn " + (n + 1))) : null, turn.prompt ? text_block("user", turn.prompt) : null,
    turn.reasoning ? h("details", h("summary", "reasoning"), h("pre.text", safe(turn.reasoning))) : null,
    turn.response !== undefined ? text_block("assistant", turn.response) : null, turn.tool_calls ? text_block("tool calls", rough(turn.tool_calls)) : null,
    h("p.muted.small", one_line(extra)), failed.map(a => h("p.small.bad", one_line("attempt after " + duration(a.duration_ms) + ": " + a.result.toLowerCase().replaceAll("_", " ") + (a.text ? ": " + a.text : "")))));
}

/* The conversation the prompt began with. */
const said_before = transcript => Array.isArray(transcript && transcript.messages) ? transcript.messages.map(m => text_block("before: " + one_line(m.role), rough(m.content))) : [];

/* What the other variants (and repetitions) said to the same case: they are neighbours. */
function trial_others(row) {
  const kase = ROWS.kase[row], rows = [];
  let from = row, to = row;
  while (from > 0 && ROWS.kase[from - 1] === kase && row - from < 200)
    from--;
  while (to + 1 < ROWS.n && ROWS.kase[to + 1] === kase && to - row < 200)
    to++;
  for (let i = from; i <= to; i++)
    if (i !== row)
      rows.push(i);
  const q = quality_column();
  if (!rows.length)
    return null;
  rows.sort((a, b) => SORTS.variant(a) - SORTS.variant(b) || a - b);
  return section("The same case elsewhere", h("table.others", h("tbody", rows.slice(0, 60).map(i => h("tr",
    h("th", { scope: "row" }, h("button.name", { type: "button", onclick: () => trial_open(i) }, variant_name(ROWS.variant[i]) + (RESULT.run.repeat > 1 ? " \u00b7 " + (trial_number(i) % RESULT.run.repeat + 1) : ""))),
    h("td.num", ROWS.state[i] ? NONE : percent(q ? q[i] : null)), h("td.said", ROWS.state[i] ? h("span.bad", "no answer") : HEADS.output[i] === undefined ? "\u2026" : one_line(HEADS.output[i].slice(0, 120))))))));
}

function trial_variables(v) {
  if (v === null)
    return section("Input", h("p.muted", "Too long for this page."));
  if (!v || !Object.keys(v).length)
    return null;
  return section("Input", h("dl.vars", Object.entries(v).map(([k, value]) => h("div", h("dt", one_line(k)), h("dd", h("pre.text", safe(rough(value))))))));
}

function trial_answer(row, texts) {
  const turns = texts.transcript && texts.transcript.turns || [], last = turns[turns.length - 1];
  const joined = texts.transcript && typeof texts.transcript.output === "string", said = joined ? texts.transcript.output : last && last.response;
  if (texts.error)
    return section("No answer", h("pre.text", safe(texts.error)));
  if (said === undefined || said === null)
    return null;
  if (texts.expected === undefined)
    return section("Output", text_block(joined ? "its parts joined" : "assistant", said), PLAN.cases ? h("p.muted.small", "This case has no expected answer.") : null);
  if (texts.expected === null)
    return section("Output", h("p.muted", "The expected answer is too long for this page."), text_block(joined ? "its parts joined" : "assistant", said));
  return section("Output against the expected answer", diff_element(texts.expected, said));
}

async function trial_open(row) {
  const d = $("trial"), turn = ++TRIAL.turn;
  let texts = null, body = h("div.sheet-body");
  TRIAL.row = row;
  const head_block = block_of("heads", row);
  if (head_block)
    await heads_read(head_block);
  try {
    texts = await trial_texts(row);
  } catch {
    body.append(h("p.bad", "The texts of this trial can\u2019t be read: this file is damaged."));
  }
  if (turn !== TRIAL.turn)
    return;                                 /* another one was asked for meanwhile */
  if (texts) {
    const turns = texts.transcript && texts.transcript.turns || [];
    body.append(...[trial_answer(row, texts), trial_scores(row, texts), trial_variables(texts.variables), texts.transcript === null
      ? section("Transcript", h("p.muted", "Too long for this page; assay show " + RESULT.run.id.slice(-8) + " " + trial_number(row) + " prints it."))
      : section("Transcript", texts.transcript && texts.transcript.system ? text_block("system", texts.transcript.system) : null, 
        said_before(texts.transcript), turns.map((t, n) => trial_turn(t, n, turns.length > 1)),
        turns.length ? null : h("p.muted", "Nothing was said."))].filter(Boolean));
  } else {
    const kase = HEADS.cases.get(ROWS.kase[row]);
    body.append(h("p.notice", "The whole texts of this trial are not in this page, only how they begin. assay show " + RESULT.run.id.slice(-8) + " " + trial_number(row) + " prints them."),
      section("Output, its beginning", h("pre.text", safe(HEADS.output[row] ?? ""))), trial_scores(row, null));
    if (kase)
      body.append(...[kase.expected === null ? null : section("Expected answer, its beginning", h("pre.text", safe(kase.expected))), section("Input, its beginning", h("pre.text", safe(kase.input)))].filter(Boolean));
  }
  const others = trial_others(row);
  if (others)
    body.append(others);
  d.replaceChildren(trial_head(row), body);
  if (!d.open)
    d.showModal();
  else
    d.querySelector("[aria-label=close]").focus();
  body.scrollTop = 0;
  history.replaceState(null, "", "#trial=" + trial_number(row));
}
