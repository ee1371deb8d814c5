/* --- beyond the ranking: what `assay analyze` says, of the ranking metric --------------------------------------------- */
const p_text = p => p === null ? NONE : p < 0.001 ? "< 0.001" : p.toFixed(p < 0.1 ? 3 : 2);
const decimals = (v, n) => v === null ? NONE : v.toFixed(n);
const analysis_unit = v => measured({ unit: PAGE.analysis.unit }, v);
const between = (low, high) => low === null ? NONE : analysis_unit(low) + " " + DASH + " " + analysis_unit(high);

/* eta squared, warm where chance would hardly do it. */
function effect_cell(e) {
  if (e.eta_squared === null)
    return h("td.num.muted", { title: "nothing differs, or too few cases" }, NONE);
  const cell = h("td.num.heat", { title: e.effect + ", H " + decimals(e.h, 2) + ", p " + p_text(e.p) + ", after Holm " + p_text(e.p_holm) + ", " + plural(e.n, "case") },
    decimals(e.eta_squared, 3), e.significant ? h("sup", "*") : null);
  cell.style.setProperty("--heat", String(e.significant ? Math.min(1, Math.round((0.15 + e.eta_squared * 1.7) * 100) / 100) : 0));
  return cell;
}

function effects_build(list, names) {
  const ranked = [...list].sort((a, b) => (a.rank ?? 99) - (b.rank ?? 99)), several = names.length > 1;
  return [h("h3", "Dimensions: eta squared, the share of what differs that goes with a dimension"),
    h("div.scroll", h("table.metrics.effects", h("thead", h("tr", h("th", "dimension"), h("th.num", "all"), several ? names.map(n => h("th.num", n)) : null)),
      h("tbody", ranked.map(d => h("tr", h("th", { scope: "row" }, one_line(d.name)), effect_cell(d.all), several ? d.variants.map(effect_cell) : null))))),
    h("p.muted.small", "* p below 0.05 by Kruskal-Wallis after Holm\u2019s correction. \u201cAll\u201d takes a case\u2019s mean over the variants."),
    h("details", h("summary", "Means at each level"), h("div.scroll", h("table.metrics", h("thead", h("tr", h("th", "dimension"), h("th", "level"), h("th.num", "cases"), h("th.num", "all"), h("th.num", "95\u2009% interval"), several ? names.map(n => h("th.num", n)) : null)),
      h("tbody", ranked.flatMap(d => d.all.means.map((m, k) => h("tr", h("th", { scope: "row" }, k ? "" : one_line(d.name)), h("td", one_line(m.score + " " + m.label)), h("td.num", count(m.n)), h("td.num", analysis_unit(m.mean)), h("td.num", between(m.low, m.high)),
        several ? d.variants.map(v => h("td.num", { title: plural(v.means[k].n, "case") + ", 95 % interval " + between(v.means[k].low, v.means[k].high) }, analysis_unit(v.means[k].mean))) : null)))))))];
}

function wins_build(variants) {
  return [h("h3", "Wins: cases in which more of the others stand below than above"),
    h("div.scroll", h("table.metrics", h("thead", h("tr", h("th", "variant"), h("th.num", "won"), h("th.num", "lost"), h("th.num", "tied"), h("th.num", "win rate"), h("th.num", "95\u2009% interval"))),
      h("tbody", variants.map(v => h("tr", h("th", { scope: "row" }, one_line(v.variant)), h("td.num", count(v.wins.won)), h("td.num", count(v.wins.lost)), h("td.num", count(v.wins.tied)),
        h("td.num", percent(v.wins.rate)), h("td.num", v.wins.low === null ? NONE : percent(v.wins.low) + " " + DASH + " " + percent(v.wins.high)))))))];
}

const AGREEING_MAX = 100;                   /* pairs drawn, those that agree least */

function agreement_build(agreement) {
  const pairs = [...agreement.pairs].sort((a, b) => (a.spearman.value ?? 2) - (b.spearman.value ?? 2));
  return h("details", h("summary", "How far variants agree" + (agreement.overall === null ? "" : ": mean Spearman rho " + decimals(agreement.overall, 2) + " over " + plural(agreement.aligned_cases, "case"))),
    agreement.outliers.length ? h("p", "Stands apart from the rest: " + agreement.outliers.map(one_line).join(", ") + ".") : null,
    h("div.scroll", h("table.metrics", h("thead", h("tr", h("th", "first"), h("th", "second"), h("th.num", "rho"), h("th.num", "95\u2009% interval"), h("th.num", "p (Holm)"), h("th.num", "tau"), h("th.num", "Cohen\u2019s d"), h("th.num", "won-lost-tied"), h("th.num", "sign p (Holm)"))),
      h("tbody", pairs.slice(0, AGREEING_MAX).map(p => h("tr", h("th", { scope: "row" }, one_line(p.first)), h("td", one_line(p.second)), h("td.num", decimals(p.spearman.value, 2)),
        h("td.num", p.spearman.low === null ? NONE : decimals(p.spearman.low, 2) + " " + DASH + " " + decimals(p.spearman.high, 2)), h("td.num", p_text(p.spearman.p_holm)), h("td.num", decimals(p.kendall.value, 2)),
        h("td.num", { title: p.effect }, decimals(p.cohen_d, 2)), h("td.num", [p.wins.won, p.wins.lost, p.wins.tied].map(count).join("-")), h("td.num", p_text(p.wins.p_holm))))))),
    pairs.length > AGREEING_MAX ? h("p.muted.small", "The " + AGREEING_MAX + " of " + count(pairs.length) + " pairs that agree least.") : null);
}

function contested_build(cases, names) {
  return h("details", h("summary", "Most contested cases"), h("div.scroll", h("table.metrics", h("thead", h("tr", h("th", "case"), h("th.num", "variance"), names.map(n => h("th.num", n)))),
    h("tbody", cases.map(c => h("tr", h("th", { scope: "row" }, one_line(c.case_id)), h("td.num", String(Number(c.variance.toPrecision(4)))), c.values.map(v => h("td.num", analysis_unit(v)))))))));
}

function analysis_build() {
  const a = PAGE.analysis, names = a ? a.variants.map(v => one_line(v.variant)) : [];
  if (!a || !a.cases_with_value || names.length < 2 && !a.dimensions.list.length)
    return null;
  return h("section", { id: "analysis", "aria-labelledby": "analysis-title" }, h("div.section-head", h("h2", { id: "analysis-title" }, "Beyond the ranking"), h("p.muted", "of " + quality_word() + ", a case counting once")),
    a.dimensions.list.length ? effects_build(a.dimensions.list, names) : null, names.length > 1 ? wins_build(a.variants) : null,
    a.agreement.pairs.length ? agreement_build(a.agreement) : null, a.contested.length ? contested_build(a.contested, names) : null,
    a.warnings.length ? h("details", h("summary", "What keeps this from saying more"), h("ul", a.warnings.map(w => h("li", safe(w.message + " " + w.recommendation))))) : null);
}
