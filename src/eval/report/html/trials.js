/* --- the list of trials ---------------------------------------------------------------------------------------------
 * Only the rows in sight are elements. What is chosen is an array of row numbers, made anew at each change. */
const LIST = { view: new Uint32Array(0), terms: [], variant: -1, outcome: "all", check: -1, sort: "trial", down: false,
  active: -1, height: 40, pool: [] };
const PRINTED_MAX = 60;
const SCROLL_MAX = 8e6;                     /* browsers stop counting pixels somewhere past this */

const OUTCOMES = {
  all: { name: "All", holds: () => true },
  passed: { name: "Passed", title: "finished, and no check failed", holds: i => ROWS.state[i] === 0 && ROWS.violations[i] === 0 },
  broken: { name: "Check failed", title: "finished, and a check failed", holds: i => ROWS.state[i] === 0 && ROWS.violations[i] > 0 },
  critical: { name: "Critical", title: "a critical check failed", holds: i => ROWS.critical[i] > 0 },
  below: { name: "Below 100\u2009%", title: "finished, and the metric that ranks is below 100 %", holds: i => { const q = quality_column(); return q !== null && q[i] < 1; } },
  failed: { name: "No answer", title: "the call failed", holds: i => ROWS.state[i] !== 0 },
};

const quality_column = () => PAGE.quality < 0 ? null : ROWS.scores[PAGE.quality];
const SORTS = {
  trial: i => ROWS.number[i],
  variant: i => PAGE.place[ROWS.variant[i]],
  quality: i => { const q = quality_column(); return q ? q[i] : NaN; },
  checks: i => ROWS.critical[i] * 256 + ROWS.violations[i],
  latency: i => ROWS.latency[i] === NO_LATENCY ? NaN : ROWS.latency[i],
  cost: i => ROWS.cost[i],
  tokens: i => ROWS.input[i] + ROWS.output[i],
};

/* --- choosing ----------------------------------------------------------------------------------------------------- */
function list_matches(i, terms) {
  const kase = HEADS.cases.get(ROWS.kase[i]), low = HEADS.low[i];
  for (const term of terms)
    if (!(low !== undefined && low.includes(term)) && !(kase && kase.low.includes(term)))
      return false;
  return true;
}

function list_choose() {
  const { terms, variant, check } = LIST, holds = OUTCOMES[LIST.outcome].holds, found = new Uint32Array(ROWS.n);
  const scores = check < 0 ? null : ROWS.scores[check];
  let n = 0;
  for (let i = 0; i < ROWS.n; i++)
    if ((variant < 0 || ROWS.variant[i] === variant) && (!scores || scores[i] === 0) && holds(i) &&
        (!terms.length || list_matches(i, terms)))
      found[n++] = i;
  LIST.view = found.subarray(0, n);
  list_sort();
}

function list_sort() {
  const view = LIST.view, key = SORTS[LIST.sort], sign = LIST.down ? -1 : 1;
  if (LIST.sort === "trial") {
    if (LIST.down)
      view.reverse();
    return;
  }
  const keys = new Float64Array(view.length);
  for (let p = 0; p < view.length; p++) {
    const v = key(view[p]);
    keys[p] = Number.isNaN(v) ? Infinity : sign * v;        /* what is not known comes last either way */
  }
  sorted_by(view, keys);
}

/* Orders `view` by its keys; equal ones stay in order. A typed array sorts its plain numbers far faster than it calls a
 * function for each comparison, so: the values in order first, then each row to the next free place of its value. */
function sorted_by(view, keys) {
  const values = keys.slice().sort(), free = new Uint32Array(values.length), out = new Uint32Array(view.length);
  for (let p = 0; p < keys.length; p++) {
    let low = 0, high = values.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (values[mid] < keys[p])
        low = mid + 1;
      else
        high = mid;
    }
    out[low + free[low]++] = view[p];
  }
  view.set(out);
}

/* Chooses, draws and says how many there are. */
function list_apply() {
  const before = LIST.active >= 0 ? LIST.view[LIST.active] : -1;
  list_choose();
  LIST.active = before < 0 ? -1 : LIST.view.indexOf(before);
  $("rows").scrollTop = 0;
  list_size();
  list_draw();
  list_say();
}

function list_say() {
  const reading = ROWS.n < RESULT.run.done + RESULT.run.failed && !PLAN.known;
  const searching = LIST.terms.length && HEADS.ready < BLOCKS.heads.length;
  $("count").textContent = reading ? "reading " + count(ROWS.n) + "\u2026"
    : count(LIST.view.length) + (LIST.view.length === ROWS.n ? "" : " of " + count(ROWS.n)) + (ROWS.n === 1 ? " trial" : " trials") +
      (searching ? ", still reading texts\u2026" : "");
  $("empty").hidden = LIST.view.length > 0 || reading;
  $("empty-text").textContent = ROWS.n ? "No trial is like that." : "No trial has an outcome yet.";
  $("clear").hidden = !list_is_filtered();
  $("empty-clear").hidden = !list_is_filtered();
  for (const b of document.querySelectorAll("[data-outcome]"))
    b.setAttribute("aria-pressed", String(b.dataset.outcome === LIST.outcome));
  for (const b of document.querySelectorAll("[data-sort]"))
    b.closest("[role=columnheader]").setAttribute("aria-sort", b.dataset.sort !== LIST.sort ? "none" : LIST.down ? "descending" : "ascending");
  $("variant").value = String(LIST.variant);
  $("check").value = String(LIST.check);
  $("order").value = LIST.sort;
}

const list_is_filtered = () => LIST.terms.length > 0 || LIST.variant >= 0 || LIST.outcome !== "all" || LIST.check >= 0;

function list_clear() {
  Object.assign(LIST, { terms: [], variant: -1, outcome: "all", check: -1 });
  $("search").value = "";
  list_apply();
}

/* From a table above: shows exactly these trials. */
function list_show(what) {
  Object.assign(LIST, { terms: [], variant: -1, outcome: "all", check: -1 }, what);
  $("search").value = "";
  list_apply();
  $("trials").scrollIntoView({ block: "start" });
  $("grid").focus({ preventScroll: true });
}

function list_order(name) {
  LIST.down = LIST.sort === name ? !LIST.down : name === "checks" || name === "cost" || name === "latency" || name === "tokens";
  LIST.sort = name;
  list_apply();
}

/* --- drawing ------------------------------------------------------------------------------------------------------ */
function list_size() {
  const box = $("rows"), n = LIST.view.length;
  LIST.height = matchMedia("(max-width: 760px)").matches ? 68 : 40;
  LIST.total = Math.min(n * LIST.height, SCROLL_MAX);
  $("rows-size").style.height = LIST.total + "px";
  box.style.height = Math.min(Math.max(n, 1) * LIST.height, Math.max(320, Math.round(innerHeight * 0.7))) + "px";
  $("grid").setAttribute("aria-rowcount", String(n + 1));
}

/* The place of the first row in sight, with its fraction. */
function list_first() {
  const box = $("rows"), n = LIST.view.length, sight = box.clientHeight;
  if (n * LIST.height <= SCROLL_MAX)
    return box.scrollTop / LIST.height;
  return box.scrollTop / Math.max(1, LIST.total - sight) * (n - sight / LIST.height);
}

function list_row_new() {
  const cells = {};
  const cell = (name, what) => cells[name] = h(what || "span." + name, { role: "gridcell" });
  const row = h("div.row", { role: "row" }, cell("no"), cell("kase"), cell("who"), cell("score"), cell("marks"), cell("late"), cell("cost"),
    h("span.said", { role: "gridcell" }, cells.said = h("bdi")));
  row.cells = cells;
  row.addEventListener("click", () => { $("grid").focus({ preventScroll: true }); list_activate(row.place); trial_open(LIST.view[row.place]); });
  return row;
}

function list_row_fill(row, place) {
  const i = LIST.view[place], c = row.cells, kase = HEADS.cases.get(ROWS.kase[i]), said = HEADS.output[i], q = quality_column();
  row.place = place;
  row.id = "row-" + place;
  row.setAttribute("aria-rowindex", String(place + 2));
  row.setAttribute("aria-selected", String(place === LIST.active));
  row.classList.toggle("odd", (place & 1) === 1);
  c.no.textContent = ROWS.number[i];
  c.kase.textContent = (kase ? one_line(kase.id) : "case " + (ROWS.kase[i] + 1)) + (RESULT.run.repeat > 1 ? " \u00b7 " + (ROWS.number[i] % RESULT.run.repeat + 1) : "");
  c.who.textContent = variant_name(ROWS.variant[i]);
  c.score.textContent = q ? percent(q[i]) : NONE;
  c.marks.textContent = ROWS.state[i] ? PAGE.errors[ROWS.state[i] - 1].toLowerCase().replaceAll("_", " ") : ROWS.critical[i] ? count(ROWS.critical[i]) + " critical"
    : ROWS.violations[i] ? count(ROWS.violations[i]) + " failed" : PAGE.checks ? "ok" : NONE;
  c.marks.className = "marks " + (ROWS.state[i] || ROWS.critical[i] ? "bad" : ROWS.violations[i] ? "warn" : PAGE.checks ? "good" : "muted");
  c.late.textContent = ROWS.state[i] ? NONE : duration(ROWS.latency[i]);
  c.cost.textContent = Number.isNaN(ROWS.cost[i]) ? "unknown" : ROWS.cost[i] === 0 ? "0" : dollars(ROWS.cost[i] / 1e6).replace("$", "");
  c.said.textContent = said === undefined ? "\u2026" : one_line(said.slice(0, 240)) || (ROWS.state[i] ? "" : "(empty)");
}

function list_draw(at_least = 0) {
  const box = $("rows"), size = $("rows-size"), n = LIST.view.length, first = list_first();
  const from = Math.max(0, Math.floor(first) - 4), to = Math.min(n, Math.max(from + at_least, Math.ceil(first + box.clientHeight / LIST.height) + 4));
  while (LIST.pool.length < to - from) {
    const row = list_row_new();
    LIST.pool.push(row);
    size.append(row);
  }
  for (let p = 0; p < LIST.pool.length; p++) {
    const row = LIST.pool[p], place = from + p;
    row.hidden = place >= to;
    if (row.hidden) {
      row.removeAttribute("id");
      continue;
    }
    list_row_fill(row, place);
    row.style.transform = "translateY(" + Math.round(box.scrollTop + (place - first) * LIST.height) + "px)";
  }
  if (to > from && HEADS.output[LIST.view[from]] !== undefined && LIST.shown_ms === undefined) {
    LIST.shown_ms = null;                   /* when the first rows with their texts were on the screen */
    requestAnimationFrame(() => setTimeout(() => { LIST.shown_ms = performance.now(); }));
  }
  if (LIST.active >= from && LIST.active < to)
    $("grid").setAttribute("aria-activedescendant", "row-" + LIST.active);
  else
    $("grid").removeAttribute("aria-activedescendant");
  list_want(from, to);
}

/* Asks for the beginnings of what is in sight. */
function list_want(from, to) {
  const wanted = new Set();
  for (let p = from; p < to; p++) {
    const i = LIST.view[p], block = HEADS.output[i] === undefined ? block_of("heads", i) : null;
    if (block && !block.state)
      wanted.add(block);
  }
  for (const block of wanted)
    heads_read(block).then(() => list_draw());
}

/* --- moving ------------------------------------------------------------------------------------------------------- */
function list_activate(place) {
  const box = $("rows"), n = LIST.view.length, sight = box.clientHeight / LIST.height;
  if (!n)
    return;
  LIST.active = Math.max(0, Math.min(n - 1, place));
  const first = list_first(), scaled = n * LIST.height > SCROLL_MAX;
  const to = first_wanted => { box.scrollTop = scaled ? first_wanted / (n - sight) * (LIST.total - box.clientHeight) : first_wanted * LIST.height; };
  if (LIST.active < first)
    to(LIST.active);
  else if (LIST.active + 1 > first + sight)
    to(LIST.active + 1 - sight);
  list_draw();
}

function list_key(event) {
  const page = Math.max(1, Math.floor($("rows").clientHeight / LIST.height) - 1);
  const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button"))
    return;
  if (event.key in steps)
    list_activate(LIST.active < 0 ? 0 : LIST.active + steps[event.key]);
  else if (event.key === "Home")
    list_activate(0);
  else if (event.key === "End")
    list_activate(LIST.view.length - 1);
  else if ((event.key === "Enter" || event.key === " ") && LIST.active >= 0)
    trial_open(LIST.view[LIST.active]);
  else
    return;
  event.preventDefault();
}

/* All words must occur, in any order; "two words" in quotes as they stand. */
function list_search(text) {
  LIST.terms = [...text.toLowerCase().matchAll(/"([^"]+)"?|[^\s"]+/g)].map(m => m[1] || m[0]).slice(0, 16);
  list_apply();
}

/* --- its frame ---------------------------------------------------------------------------------------------------- */
function list_build() {
  const option = (value, text) => h("option", { value: String(value) }, text);
  const head = (name, text, sort, title) => h("span." + name, { role: "columnheader", "aria-sort": "none" },
    h("button", { type: "button", title, "data-sort": sort, onclick: () => list_order(sort) }, text));
  const checks = RESULT.scorers.map((s, i) => [s, i]).filter(([s]) => s.kind === "check");
  const ratio = PAGE.quality >= 0 && RESULT.scorers[PAGE.quality].unit === "ratio" && RESULT.scorers[PAGE.quality].higher_is_better;
  const quality = RESULT.quality ? one_line(RESULT.quality).replaceAll("_", " ") : "quality";
  return h("section", { id: "trials", "aria-labelledby": "trials-title" },
    h("div.section-head", h("h2", { id: "trials-title" }, "Trials"), h("p.muted", { id: "count", role: "status", "aria-live": "polite" })),
    h("div.tools",
      h("label.search", h("span.only-read", "Search the texts"),
        h("input", { id: "search", type: "search", placeholder: "Search the texts", title: "in inputs, expected answers and outputs", autocomplete: "off", spellcheck: "false",
          "aria-keyshortcuts": "/", oninput: e => list_search(e.target.value) }), h("kbd", "/")),
      h("div.choices", { role: "group", "aria-label": "Outcome" }, Object.entries(OUTCOMES).map(([id, o]) =>
        h("button", { type: "button", title: o.title, hidden: id === "below" && !ratio, "data-outcome": id, "aria-pressed": "false", onclick: () => { LIST.outcome = id; list_apply(); } }, o.name, h("small", { id: "n-" + id })))),
      h("label.pick", h("span.only-read", "Variant"), h("select", { id: "variant", onchange: e => { LIST.variant = Number(e.target.value); list_apply(); } },
        option(-1, "Every variant"), RESULT.variants.map((v, i) => option(PAGE.order[i], one_line(v.variant))))),
      h("label.pick", { hidden: !checks.length }, h("span.only-read", "Failed check"), h("select", { id: "check", onchange: e => { LIST.check = Number(e.target.value); list_apply(); } },
        option(-1, "Any check"), checks.map(([s, i]) => option(i, one_line(s.name) + " failed")))),
      h("label.pick.order", h("span.only-read", "Order"), h("select", { id: "order", onchange: e => { LIST.sort = ""; list_order(e.target.value); } },
        option("trial", "By trial"), option("variant", "By variant"), option("quality", "Lowest " + quality), option("checks", "Most failed checks"),
        option("latency", "Slowest"), option("cost", "Dearest"), option("tokens", "Most tokens"))),
      h("button.quiet", { id: "clear", type: "button", hidden: true, onclick: list_clear }, "Clear")),
    h("div.grid", { id: "grid", role: "grid", tabindex: "0", "aria-label": "Trials; arrow keys move, Enter opens", onkeydown: list_key,
      onfocus: () => { if (LIST.active < 0) list_activate(Math.ceil(list_first())); } },
      h("div.row.row-head", { role: "row" }, head("no", "#", "trial", "number of the trial"), h("span.kase", { role: "columnheader" }, "case"), head("who", "variant", "variant"),
        head("score", quality, "quality"), head("marks", "checks", "checks"), head("late", "latency", "latency"), head("cost", "$ / 1,000", "cost", "what a thousand like it would cost"), h("span.said", { role: "columnheader" }, "output")),
      h("div.rows", { id: "rows", role: "presentation", tabindex: "-1", onscroll: () => requestAnimationFrame(() => list_draw()) },
        h("div", { id: "rows-size", role: "rowgroup" })),
      h("div.empty", { id: "empty", hidden: true }, h("p", { id: "empty-text" }), h("button.quiet", { id: "empty-clear", type: "button", onclick: list_clear }, "Show all"))),
    h("p.muted.keys", { "aria-hidden": "true" }, h("kbd", "/"), " search ", h("kbd", "\u2191"), h("kbd", "\u2193"), " move ", h("kbd", "Enter"), " open ", h("kbd", "Esc"), " close"),
    h("p.print-only", { id: "printed" }), h("p.muted.small", { id: "left-out" }));
}

function list_counts() {
  for (const id of Object.keys(OUTCOMES)) {
    let n = 0;
    for (let i = 0; i < ROWS.n; i++)
      n += OUTCOMES[id].holds(i);
    $("n-" + id).textContent = count(n);
    $("n-" + id).parentNode.disabled = n === 0 && id !== "all";
  }
}
