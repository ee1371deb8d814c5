/* --- putting it together -------------------------------------------------------------------------------------------- */
const THEMES = ["auto", "light", "dark"];

function theme_set(name) {
  if (name === "auto")
    delete document.documentElement.dataset.theme;
  else
    document.documentElement.dataset.theme = name;
  if ($("theme"))
    $("theme").textContent = "theme: " + name;
}

function theme_next() {
  const now = document.documentElement.dataset.theme || "auto", next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  theme_set(next);
}

function page_build() {
  const root = h("main", { id: "page" });
  PAGE.place = [];
  PAGE.checks = RESULT.scorers.some(s => s.kind === "check");
  PAGE.order.forEach((no, i) => { PAGE.place[no] = i; });
  document.body.prepend(root, trial_dialog());
  root.append(...[title_build(), advice_build(), words_build(), ranking_build(), h("div", { id: "charts" }), metrics_build(), checks_build(), analysis_build(), confusion_build(), list_build(), about_build()].filter(Boolean));
  theme_set("auto");
  matchMedia("(max-width: 620px)").addEventListener("change", charts_draw);
  rows_room(Math.max(1, RESULT.run.done + RESULT.run.failed));
  list_apply();
}

/* --- charts: SVG of the writer's own, read as XML, so that what is in it can only be a drawing ------------------------ */
const CHARTS = [];

function chart_element(svg) {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  if (root.localName !== "svg" || root.querySelector("parsererror, script, foreignObject, a, use, image, style"))
    return null;
  return document.adoptNode(root);
}

function charts_draw() {
  const narrow = matchMedia("(max-width: 620px)").matches;
  $("charts").replaceChildren(...CHARTS.map(c => [c, chart_element(narrow ? c.narrow : c.wide)]).filter(([, svg]) => svg)
    .map(([c, svg]) => h("figure", { id: "chart-" + c.name }, h("figcaption", c.title), h("div.plot", svg))));
}

/* What of the trials is not in the page. */
function page_left_out() {
  const lost = PLAN.trials - PLAN.texts, notes = [];
  if (PLAN.unlisted)
    notes.push(count(PLAN.unlisted) + " more trials are not listed.");
  if (lost > 0)
    notes.push("Whole texts are here for " + count(PLAN.texts) + " of " + count(PLAN.trials) + " trials" + (PLAN.texts && PLAN.broken ? " (those with a failure first)" : "") + "; assay export --texts all keeps every one.");
  if (!PLAN.cases && PLAN.trials)
    notes.push("The frozen cases were not at hand: inputs and expected answers are missing.");
  notes.push("The search sees the first " + count(PLAN.head_bytes) + " bytes of each text.");
  $("left-out").textContent = notes.join(" ");
}

/* Keys of the page: / searches, Escape leaves the search. */
function page_key(event) {
  const typing = /^(input|select|textarea)$/i.test(event.target.tagName);
  if (event.key === "/" && !typing && !$("trial").open && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    $("search").focus();
    $("search").select();
  } else if (event.key === "Escape" && event.target.id === "search") {
    if (event.target.value) {
      event.target.value = "";
      list_search("");
    } else {
      event.target.blur();
    }
  } else if ((event.key === "ArrowDown" || event.key === "Enter") && event.target.id === "search" && LIST.view.length) {
    event.preventDefault();
    $("grid").focus();
  }
}

async function page_rest() {
  for (const block of BLOCKS.heads) {
    const before = HEADS.ready;
    await heads_read(block);
    if (HEADS.ready !== before && HEADS.ready % 8 === 0)
      await pause();
  }
  list_choose();
  list_size();
  list_draw();
  list_say();
  document.documentElement.dataset.ready = "all";
}

function page_from_hash() {
  const wanted = /^#trial=(\d+)$/.exec(location.hash);
  const row = wanted ? ROWS.number.indexOf(Number(wanted[1])) : -1;
  if (row >= 0 && row < ROWS.n)
    trial_open(row);
}

async function page_main() {
  let drawn = 0;
  await blocks_read({
    result: async e => { Object.assign(RESULT, await inflated_json(e)); },
    page: async e => { Object.assign(PAGE, await inflated_json(e)); page_build(); },
    charts: async e => { CHARTS.push(...await inflated_json(e)); charts_draw(); },
    rows: async e => {
      await rows_read(e);
      if (!drawn || performance.now() - drawn > 200) {
        list_apply();
        drawn = performance.now();
      }
    },
    plan: async e => {
      Object.assign(PLAN, await inflated_json(e), { known: true });
      list_apply();
      list_counts();
      page_left_out();
      document.documentElement.dataset.ready = "rows";
    },
    heads: async e => { block_note("heads", e); if (BLOCKS.heads.length === 1) list_draw(); },
    texts: async e => block_note("texts", e),
    end: async e => { Object.assign(PLAN, await inflated_json(e)); page_left_out(); },
  });
  list_draw();
  page_from_hash();
  await page_rest();
}

addEventListener("keydown", page_key);
addEventListener("hashchange", page_from_hash);
addEventListener("resize", () => { if ($("rows")) { list_size(); list_draw(); } });
addEventListener("beforeprint", () => {
  $("rows").scrollTop = 0;
  list_draw(PRINTED_MAX);
  $("printed").textContent = LIST.view.length > PRINTED_MAX ? "The first " + count(PRINTED_MAX) + " of " + plural(LIST.view.length, "trial") + " are printed." : "";
  for (const d of document.querySelectorAll("main details:not([open])")) {
    d.open = true;
    d.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const d of document.querySelectorAll("details[data-printed]")) {
    d.open = false;
    delete d.dataset.printed;
  }
  list_draw();
});
page_main().catch(error => {
  document.body.prepend(h("p.notice.broken", { role: "alert" }, "This report can\u2019t be read: " + error.message));
  throw error;
});
