#!/usr/bin/env python3
"""assay analyze, every number computed again with scipy and statsmodels from what `assay export` says of each trial."""
import collections
import itertools
import json
import math
import os
import resource
import sys

import numpy
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from terminal import Terminal, width  # noqa: E402
from whole import ASSAY, Home, cases_jsonl, test, main, words_task  # noqa: E402

WORST = {"deviation": 0.0, "what": None, "numbers": 0}

DILEMMA = """name: dilemma
models: [%s]
prompt: "[who] asks in a [TONE] voice, [Stakes]: {{ input }}"
dimensions:
  - name: Who
    levels:
      - {score: 1, label: a stranger}
      - {score: 2, label: your old neighbour from long ago}
      - {score: 4, label: mother}
  - name: Tone
    values: [calm, angry]
  - name: Stakes
    values: [a little thing, everything that was ever dear to anybody, something]
dataset: cases.jsonl
checks: [{name: short, max_words: 9, severity: critical}, {name: has_a, contains: a}]
metrics: [accuracy, edit_similarity, consistency, cost, latency]
seed: 7
repeat: %d
"""
WORDS = "red green blue sad happy neutral strange answer thing".split()


def dilemma(home, n, repeat, models):
    home.file("task.yaml", DILEMMA % (models, repeat))
    home.file("cases.jsonl", "".join(json.dumps({"id": "c%d" % i, "input": "say %s" % WORDS[i % 9], "expected": WORDS[i % 9]}) + "\n" for i in range(n)))
    child = home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1, "--fresh")
    assert child.returncode in (0, 3), child.err


def near(what, got, want):
    """`want` None or NAN: nothing can be said, and nothing is."""
    if want is None or math.isnan(want):
        assert got is None, (what, got, want)
        return
    assert got is not None, (what, got, want)
    deviation = abs(got - want) / max(1, abs(want))
    WORST["numbers"] += 1
    if deviation > WORST["deviation"]:
        WORST.update(deviation=deviation, what=what)
    assert deviation <= 1e-9, (what, got, want)


def settled(v):
    """What differs by the noise of a sum alone is tied."""
    return float("%.10g" % v)


# --- the same again, in scipy's words --------------------------------------------------------------------------------

def mean_interval(values, ratio, binary):
    n = len(values)
    if not n:
        return None, None
    if binary:
        return proportion_confint(sum(values), n, 0.05, "wilson")
    if n < 2:
        return None, None
    s = stats.sem(values)
    low, high = (numpy.mean(values),) * 2 if s == 0 else stats.t.interval(0.95, n - 1, numpy.mean(values), s)
    return (min(max(low, 0), 1), min(max(high, 0), 1)) if ratio else (low, high)


def plain_interval(values):
    return mean_interval(values, False, False)


def wins_are(what, got, won, lost, tied):
    assert (got["won"], got["lost"], got["tied"]) == (won, lost, tied), (what, got, won, lost, tied)
    low, high = proportion_confint(won, won + lost, 0.05, "wilson") if won + lost else (None, None)
    near(what + " rate", got["rate"], won / (won + lost) if won + lost else None)
    near(what + " low", got["low"], low)
    near(what + " high", got["high"], high)


def corrected(p, method):
    known = [i for i, x in enumerate(p) if x is not None]
    out = [None] * len(p)
    if known:
        for i, x in zip(known, multipletests([p[i] for i in known], 0.05, method)[1]):
            out[i] = x
    return out


def kruskal_is(what, got, values, levels):
    """`values` and the level of each; None where it can't be tested."""
    groups = [g for g in ([v for v, l in zip(values, levels) if l == k] for k in sorted(set(levels))) if g]
    assert got["n"] == len(values) and got["levels"] == len(groups), (what, got)
    assert got["smallest_level"] == (min(map(len, groups)) if groups else 0), (what, got)
    if len(groups) < 2 or len(values) <= len(groups) or len(set(map(settled, values))) < 2:
        for key in ("h", "p", "eta_squared", "eta_squared_rank", "effect"):
            assert got[key] is None, (what, key, got)
        return None
    h, p = stats.kruskal(*[list(map(settled, g)) for g in groups])
    middle = numpy.mean(values)
    between = sum(len(g) * (numpy.mean(g) - middle) ** 2 for g in groups)
    eta = between / sum((v - middle) ** 2 for v in values)
    near(what + " h", got["h"], h)
    near(what + " p", got["p"], p)
    near(what + " eta", got["eta_squared"], eta)
    near(what + " eta of ranks", got["eta_squared_rank"], max(0, (h - len(groups) + 1) / (len(values) - len(groups))))
    assert got["effect"] == ("negligible" if eta < 0.01 else "small" if eta < 0.06 else "medium" if eta < 0.14 else "large")
    return p


def means_are(what, got, values, levels, known):
    for row, (score, label) in zip(got, known):
        mine = [v for v, l in zip(values, levels) if l == score]
        low, high = plain_interval(mine)
        assert (row["score"], row["label"], row["n"]) == (score, label, len(mine)), (what, row, len(mine))
        near(what + " level's mean", row["mean"], numpy.mean(mine) if mine else None)
        near(what + " level's low", row["low"], low)
        near(what + " level's high", row["high"], high)


class Again:
    """One run and metric, from its exported trials."""

    def __init__(self, home, metric):
        out = home.run("export", "last", "-f", "jsonl").out
        self.trials = [json.loads(line) for line in out.splitlines()]
        self.got = home.json("analyze", "--metric", metric, "--json", "-n", 7)
        self.metric, self.ratio = metric, self.got["unit"] == "ratio"
        self.names = [v["variant"] for v in self.got["variants"]]
        kept, self.outcomes, self.dimensions, self.ids = collections.defaultdict(list), set(), {}, {}
        for t in self.trials:
            self.outcomes.add((t["case"], t["variant"]))
            self.ids[t["case"]] = t["case_id"]
            self.dimensions[t["case"]] = t.get("dimensions", {})
            value = t["scores"].get(metric)
            if metric == "latency" and t["status"] == "success":
                value = t["latency_ms"]
            if t["status"] == "success" and value is not None:
                kept[t["case"], t["variant"]].append(value)
        self.raw = {k: math.fsum(v) / len(v) for k, v in kept.items()}
        self.value = {k: settled(v) for k, v in self.raw.items()}
        self.cases = sorted({c for c, _ in self.value})
        self.scored = [n for n in self.names if any((c, n) in self.value for c in self.cases)]
        self.aligned = [c for c in self.cases if all((c, n) in self.value for n in self.scored)]
        self.sign = 1 if self.got["higher_is_better"] else -1

    def check(self):
        assert self.got["cases_with_value"] == len(self.cases)
        assert self.got["sample"] == {"sampled": False, "cases": len(self.cases), "of": ["dimensions", "agreement", "cohen_d"]}
        for v in self.got["variants"]:
            self.variant(v)
        self.pairs()
        self.contested()
        if self.got["dimensions"]["list"]:
            self.every_dimension()
        codes = {w["code"]: w for w in self.got["warnings"]}
        sizes = [v["cases"] for v in self.got["variants"]]
        assert ("SMALL_SAMPLE" in codes) == any(0 < n < 10 for n in sizes)
        assert ("MODERATE_SAMPLE" in codes) == any(10 <= n < 30 for n in sizes)
        assert ("MISSING_VALUES" in codes) == any(v["missing"] and v["cases"] for v in self.got["variants"])
        assert ("NO_DIMENSIONS" in codes) == (not self.got["dimensions"]["list"])
        assert all(w["message"] and w["recommendation"] for w in codes.values())

    def standing(self, case, name):
        """How many of the others stand above and below, None: there are none."""
        others = [self.value[case, n] * self.sign for n in self.names if n != name and (case, n) in self.value]
        mine = self.value[case, name] * self.sign
        return (sum(o > mine for o in others), sum(o < mine for o in others)) if others else None

    def variant(self, got):
        name = got["variant"]
        mine = [self.raw[c, name] for c in self.cases if (c, name) in self.raw]
        binary = self.ratio and self.got["repeat"] == 1 and set(mine) <= {0, 1}
        low, high = mean_interval(mine, self.ratio, binary)
        assert got["cases"] == len(mine)
        assert got["missing"] == len({c for c, n in self.outcomes if n == name}) - len(mine)
        assert got["method"] == (None if low is None else "wilson" if binary else "t"), got
        near("mean", got["mean"], numpy.mean(mine) if mine else None)
        near("deviation", got["deviation"], numpy.std(mine, ddof=1) if len(mine) > 1 else None)
        near("low", got["low"], low)
        near("high", got["high"], high)
        near("min", got["min"], min(mine) if mine else None)
        near("max", got["max"], max(mine) if mine else None)
        standings = [s for s in (self.standing(c, name) for c in self.cases if (c, name) in self.value) if s]
        wins_are("wins", got["wins"], sum(b > a for a, b in standings), sum(a > b for a, b in standings), sum(a == b for a, b in standings))
        for check, one in got["checks"].items():
            said = [t["scores"][check] for t in self.trials if t["variant"] == name and t["status"] == "success"]
            assert one["passed"] == said.count(1) and one["failed"] == said.count(0) and one["not_evaluated"] == said.count(None)
            by_case = collections.defaultdict(list)
            for t in self.trials:
                if t["variant"] == name and t["status"] == "success" and t["scores"][check] is not None:
                    by_case[t["case"]].append(t["scores"][check])
            shares = [numpy.mean(x) for x in by_case.values()]
            low, high = mean_interval(shares, True, self.got["repeat"] == 1)
            assert one["n"] == len(shares)
            near("check", one["rate"], numpy.mean(shares) if shares else None)
            near("check's low", one["low"], low)
            near("check's high", one["high"], high)
        if self.got["distribution"]["kind"] == "values":
            assert got["distribution"] == [sum(settled(v) == settled(x) for v in mine) for x in self.got["distribution"]["values"]]
        elif self.got["distribution"]["kind"] == "steps":
            counts = [0] * 10
            for v in mine:
                counts[min(int(v * 10 + 1e-9), 9)] += 1
            assert got["distribution"] == counts, (got["distribution"], counts)

    def pairs(self):
        agreement = self.got["agreement"]
        assert agreement["aligned_cases"] == len(self.aligned)
        assert [(p["first"], p["second"]) for p in agreement["pairs"]] == list(itertools.combinations(self.scored, 2))
        rhos = {(p["first"], p["second"]): self.pair(p) for p in agreement["pairs"]}
        for key in ("p_holm", "p_bh"):
            for test_name in ("spearman", "kendall"):
                want = corrected([p[test_name]["p"] for p in agreement["pairs"]], "holm" if key == "p_holm" else "fdr_bh")
                for p, w in zip(agreement["pairs"], want):
                    near("%s %s" % (test_name, key), p[test_name][key], w)
                    assert key == "p_bh" or p[test_name]["significant"] == (None if w is None else w < 0.05)
        for p, w in zip(agreement["pairs"], corrected([p["wins"]["p"] for p in agreement["pairs"]], "holm")):
            near("sign p_holm", p["wins"]["p_holm"], w)
        known = [r for r in rhos.values() if r is not None]
        near("overall", agreement["overall"], numpy.mean(known) if known else None)
        near("lowest", agreement["lowest"], min(known) if known else None)
        near("highest", agreement["highest"], max(known) if known else None)
        means = {}
        for name in self.names:
            mine = [r for pair, r in rhos.items() if name in pair and r is not None]
            if mine:
                means[name] = numpy.mean(mine)
        z = {}
        if len(means) >= 3 and numpy.std(list(means.values()), ddof=1) > 1e-12:
            z = dict(zip(means, stats.zscore(list(means.values()), ddof=1)))
        for v in self.got["variants"]:
            near("mean rho", v["mean_rho"], means.get(v["variant"]))
            near("z", v["z"], z.get(v["variant"]))
            assert v["outlier"] == (abs(z[v["variant"]]) > 2 if v["variant"] in z else None)
        assert agreement["outliers"] == [n for n in self.names if n in z and abs(z[n]) > 2]

    def pair(self, got):
        a, b = got["first"], got["second"]
        both = [c for c in self.cases if (c, a) in self.value and (c, b) in self.value]
        differences = [self.raw[c, a] - self.raw[c, b] for c in both]
        signs = [self.sign * (self.value[c, a] - self.value[c, b]) for c in both]
        won, lost = sum(s > 0 for s in signs), sum(s < 0 for s in signs)
        low, high = plain_interval(differences)
        assert got["cases"] == len(both) and got["aligned_cases"] == len(self.aligned)
        near("difference", got["difference"], numpy.mean(differences) if both else None)
        near("difference's deviation", got["deviation"], numpy.std(differences, ddof=1) if len(both) > 1 else None)
        near("difference's low", got["low"], low)
        near("difference's high", got["high"], high)
        wins_are("pair", got["wins"], won, lost, len(both) - won - lost)
        near("sign p", got["wins"]["p"], stats.binomtest(won, won + lost).pvalue if won + lost else None)
        x, y = ([self.value[c, n] for c in self.aligned] for n in (a, b))
        flat_both = len(set(x)) < 2 and len(set(y)) < 2
        flat = len(set(x)) < 2 or len(set(y)) < 2 or len(x) < 2
        rho, p = (None, None) if flat or len(x) < 3 else stats.spearmanr(x, y)
        tau, tau_p = (None, None) if flat else stats.kendalltau(x, y)
        near("rho", got["spearman"]["value"], rho)
        near("rho p", got["spearman"]["p"], p)
        near("tau", got["kendall"]["value"], tau)
        near("tau p", got["kendall"]["p"], tau_p)
        if rho is not None and len(x) > 3 and abs(rho) <= 1 - 1e-12:
            half = stats.norm.ppf(0.975) * math.sqrt((1 + rho * rho / 2) / (len(x) - 3))
            near("rho low", got["spearman"]["low"], math.tanh(math.atanh(rho) - half))
            near("rho high", got["spearman"]["high"], math.tanh(math.atanh(rho) + half))
        else:
            assert got["spearman"]["low"] is None
        x, y = ([self.raw[c, n] for c in self.aligned] for n in (a, b))
        pooled = 0 if flat_both else math.sqrt((numpy.var(x, ddof=1) + numpy.var(y, ddof=1)) / 2) if len(x) > 1 else 0
        near("cohen d", got["cohen_d"], (numpy.mean(x) - numpy.mean(y)) / pooled if pooled else None)
        return rho

    def contested(self):
        rows = []
        for c in self.cases:
            mine = [self.raw[c, n] for n in self.names if (c, n) in self.value]
            if len(set(map(settled, mine))) > 1:
                rows.append((-settled(numpy.var(mine)), c, len(mine)))
        assert len(self.got["contested"]) == min(7, len(rows))
        for got, (variance, c, n) in zip(self.got["contested"], sorted(rows)):
            near("variance", got["variance"], numpy.var([v for v in got["values"] if v is not None]))
            assert math.isclose(got["variance"], -variance, rel_tol=1e-9) and got["n"] == n
            assert [v is None for v in got["values"]] == [(got["case"], m) not in self.value for m in self.names]
            assert got["case_id"] == self.ids[got["case"]]
        for got in self.got["matrix"]:
            for v, name in zip(got["values"], self.names):
                near("matrix", v, self.raw.get((got["case"], name)))
        assert [m["case"] for m in self.got["matrix"]] == self.cases[:1000]

    def every_dimension(self):
        explained, effects = 0, []
        for d in self.got["dimensions"]["list"]:
            known = [(x["score"], x["label"]) for x in d["all"]["means"]]
            level = lambda c: self.dimensions[c][d["name"]]  # noqa: E731
            assert not d["skipped"]
            means = [math.fsum(self.raw[c, n] for n in self.scored) / len(self.scored) for c in self.aligned]
            levels = [level(c) for c in self.aligned]
            kruskal_is(d["name"], d["all"], means, levels)
            means_are(d["name"], d["all"]["means"], means, levels, known)
            everything = [(self.raw[c, n], level(c)) for c in self.cases for n in self.names if (c, n) in self.value]
            kruskal_is(d["name"] + " pooled", d["pooled"], [v for v, _ in everything], [l for _, l in everything])
            assert [v["variant"] for v in d["variants"]] == self.names
            for got in d["variants"]:
                mine = [(self.raw[c, got["variant"]], level(c)) for c in self.cases if (c, got["variant"]) in self.value]
                kruskal_is("%s of %s" % (d["name"], got["variant"]), got, [v for v, _ in mine], [l for _, l in mine])
                means_are(d["name"], got["means"], [v for v, _ in mine], [l for _, l in mine], known)
                effects.append(got)
            explained += d["all"]["eta_squared"] or 0
        for family in ([d["all"] for d in self.got["dimensions"]["list"]], effects):
            for key, method in (("p_holm", "holm"), ("p_bh", "fdr_bh")):
                for e, w in zip(family, corrected([e["p"] for e in family], method)):
                    near("dimension " + key, e[key], w)
        tested = [d for d in self.got["dimensions"]["list"] if d["rank"]]
        near("explained", self.got["dimensions"]["variance_explained"], min(explained, 1) if tested else None)
        etas = [d["all"]["eta_squared"] for d in sorted(tested, key=lambda d: d["rank"])]
        assert etas == sorted(etas, reverse=True) and sorted(d["rank"] for d in tested) == list(range(1, len(tested) + 1))


# --- the numbers -----------------------------------------------------------------------------------------------------

@test
def every_number_of_a_run_with_dimensions_is_scipys():
    with Home() as home:
        dilemma(home, 6, 1, '"sim:careful", "sim:erratic", "sim:thrifty!500~0.1", "sim:echo"')
        for metric in ("accuracy", "edit_similarity", "short", "has_a", "latency", "cost"):
            Again(home, metric).check()
        of_echo = next(v for d in home.json("analyze", "--metric", "edit_similarity", "--json")["dimensions"]["list"] if d["name"] == "Stakes"
                       for v in d["variants"] if v["variant"] == "sim:echo")
        assert of_echo["significant"] and of_echo["effect"] == "large", of_echo        # the longer the prompt, the less like the answer


@test
def repeated_cases_are_one_value_each():
    with Home() as home:
        dilemma(home, 2, 3, '"sim:swift", "sim:erratic!500~0.2", "sim:thrifty"')
        for metric in ("accuracy", "edit_similarity", "latency"):
            again = Again(home, metric)
            again.check()
            assert again.got["repeat"] == 3 and max(v["cases"] for v in again.got["variants"]) == 36


@test
def many_variants_and_no_dimensions():
    with Home() as home:
        words_task(home, 120, models='"sim:swift", "sim:careful", "sim:erratic", "sim:thrifty", "sim:chatty", "sim:deep", "sim:echo", "sim:instant"')
        assert home.run("run", "task.yaml", "--speed", 0, "-q").returncode in (0, 1, 3)
        for metric in ("accuracy", "latency"):
            Again(home, metric).check()


@test
def few_cases_give_warnings_and_no_numbers():
    with Home() as home:
        for n in (1, 2, 3, 4, 12):
            words_task(home, n, models='"sim:swift", "sim:erratic", "sim:careful!500"')
            home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh", "--attempts", 1)
            again = Again(home, "accuracy")
            again.check()
            codes = {w["code"] for w in again.got["warnings"]}
            assert "UNSCORED_VARIANTS" in codes and ("FEW_ALIGNED" in codes) == (n < 3), (n, codes)
            assert all(p["spearman"]["value"] is None for p in again.got["agreement"]["pairs"]) or n > 2


@test
def a_single_variant_has_dimensions_and_nobody_to_agree_with():
    with Home() as home:
        dilemma(home, 4, 1, '"sim:erratic"')
        again = Again(home, "edit_similarity")
        again.check()
        got = again.got
        assert got["agreement"]["overall"] is None and got["agreement"]["pairs"] == [] and got["contested"] == []
        for d in got["dimensions"]["list"]:
            assert d["all"]["h"] == d["pooled"]["h"] == d["variants"][0]["h"]
        assert "Wins\n" not in home.run("analyze").out and "eta\u00b2 by variant" not in home.run("analyze").out


# --- what is seen ----------------------------------------------------------------------------------------------------

@test
def the_table_fits_says_what_it_is_and_is_coloured_only_where_asked():
    with Home() as home:
        dilemma(home, 4, 1, '"sim:careful", "sim:erratic", "sim:echo"')
        out = home.run("analyze", "--metric", "edit_similarity").out
        assert all(width(line) <= 80 for line in out.splitlines()), max(out.splitlines(), key=width)
        assert "\x1b" not in out
        for words in ("Wins\n", "Kruskal-Wallis over", "eta\u00b2 by variant", "Agreement of variants", "Most contested cases", "Checks, the lowest", "Mind"):
            assert words in out, (words, out)
        assert " matters most: it goes with " in out
        with Terminal([ASSAY, "analyze", "--metric", "edit_similarity"], home.path, {k: v for k, v in home.env.items() if k != "NO_COLOR"}, rows=500,
                      ASSAY_PAGER="cat", TERM="xterm-256color") as t:
            assert t.end() == 0, t.text
        assert "\x1b[31m" in t.text and "\x1b[1m" in t.text
        assert home.run("analyze", "--metric", "edit_similarity", LC_ALL="C").out.isascii()


@test
def a_file_gets_the_form_of_its_ending():
    with Home() as home:
        dilemma(home, 2, 1, '"sim:swift", "sim:erratic"')
        for name, begins in (("a.json", "{"), ("a.md", "## Analysis"), ("a.txt", " accuracy of run")):
            ran = home.run("analyze", "-o", name)
            assert ran.returncode == 0 and ran.out == "", (name, ran.out, ran.err)
            text = open(os.path.join(home.path, name)).read()
            assert text.startswith(begins) and "\x1b" not in text, (name, text[:80])
        assert open(os.path.join(home.path, "a.json")).read() == home.run("analyze", "--json").out
        assert open(os.path.join(home.path, "a.md")).read() == home.run("analyze", "--md").out
        for words, said in ((["-o", "a.pdf"], ".json, .md and .txt"), (["--json", "--md"], "ask for one"), (["--metric", "acuracy"], 'did you mean "accuracy"'),
                            (["--metric", "consistency"], "for a case"), (["--top", "0"], "1"), (["-n", "1001"], "1000"), (["nosuchrun"], "no run")):
            ran = home.run("analyze", *words)
            assert ran.returncode in (2, 4) and said in ran.err, (words, ran.returncode, ran.err)


@test
def the_same_run_gives_the_same_analysis_and_another_hash_when_it_changes():
    with Home() as home:
        words_task(home, 20, models='"sim:swift", "sim:erratic"')
        home.run("run", "task.yaml", "--speed", 0, "-q")
        first, again = home.run("analyze", "--json").out, home.run("analyze", "--json").out
        assert first == again
        other = home.json("analyze", "--json", "--metric", "latency")
        assert other["input_hash"] != json.loads(first)["input_hash"] and len(other["input_hash"]) == 16


@test
def what_is_gone_or_unfinished_is_said():
    with Home() as home:
        home.file("task.yaml", DILEMMA % ('"sim:careful", "sim:swift"', 1))
        home.file("cases.jsonl", '{"id": "x", "input": "say red", "expected": "red"}\n')
        stopped = home.run("run", "task.yaml", "--budget", "0.0006", "--concurrency", 1, "-q", "--speed", 0)
        assert stopped.returncode == 3, stopped.err
        codes = {w["code"] for w in home.json("analyze", "--json")["warnings"]}
        assert "RUN_UNFINISHED" in codes, codes
        import shutil
        for entry in os.listdir(home.env["ASSAY_HOME"]):
            path = os.path.join(home.env["ASSAY_HOME"], entry)
            if os.path.isdir(path):
                shutil.rmtree(path)
        ran = home.run("analyze", "--json")
        got = json.loads(ran.out)
        assert ran.returncode == 0 and "CASES_GONE" in {w["code"] for w in got["warnings"]} and got["dimensions"]["list"] == []


@test
def a_long_run_needs_little_memory():
    with Home() as home:
        n = 12000
        home.file("cases.jsonl", cases_jsonl(n))
        home.file("task.yaml", "name: long\nmodels: [\"sim:instant\", \"sim:echo\"]\nprompt: '{{ input }}'\ndataset: cases.jsonl\nmetrics: [edit_similarity]\n")
        assert home.run("run", "task.yaml", "--speed", 0, "-q", timeout=280).returncode in (0, 1)
        got = home.json("analyze", "--json", "-n", 1000)
        assert got["cases_with_value"] == n and len(got["matrix"]) == 1000 and len(got["contested"]) == 1000
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        home.run("analyze")
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        with open(ASSAY, "rb") as f:
            watched = b"__asan_init" in f.read()                # a sanitizer keeps what was freed
        assert watched or after == before or after < 96 * 1024, (before, after)


@test
def the_largest_deviation_is_told():
    print("largest deviation from scipy and statsmodels: %.2g (%s), of %d numbers" % (WORST["deviation"], WORST["what"], WORST["numbers"]))
    assert WORST["deviation"] <= 1e-9


main()
