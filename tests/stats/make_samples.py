#!/usr/bin/env python3
"""Writes tests/stats/samples.json: what scipy and statsmodels answer about whole samples, for
src/eval/stats_samples_test.c.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python tests/stats/make_samples.py > tests/stats/samples.json

Each row is [function, arguments..., [answers]]; an argument is a number or a list. Nothing is random without a seed."""
import itertools
import json
import math
import sys

import numpy
import scipy
import statsmodels
import statsmodels.api
from scipy import optimize, special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

random = numpy.random.default_rng(20261122)
rows = []


def plain(v):
    if isinstance(v, (list, tuple, numpy.ndarray)):
        return [plain(x) for x in v]
    return float(v) if isinstance(v, (float, numpy.floating)) else int(v)


def row(name, *values):
    *arguments, answers = [plain(v) for v in values]
    if all(math.isfinite(v) for v in answers):
        rows.append([name, *arguments, answers])


def rounded(n, digits, shift=0.0):
    return numpy.round(random.normal(shift, 1, n), digits)


def permuted(d):
    """Wilcoxon's exact p by all choices of signs, as scipy does with ties in small samples."""
    d = d[d != 0]
    ranks = stats.rankdata(abs(d))
    low = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    count = sum(1 for s in itertools.product([0, 1], repeat=len(d)) if numpy.dot(s, ranks) <= low + 1e-9)
    return min(1.0, 2 * count / 2 ** len(d))


for n in [1, 2, 3, 5, 8, 12, 13, 14, 20, 49, 50, 51, 80]:
    for digits, shift in [(9, 0.0), (9, 0.4), (1, 0.2), (0, 0.3)]:
        d = rounded(n, digits, shift)
        if not d.any():
            continue
        tied = (d == 0).any() or len(set(abs(d))) < n
        if tied and n <= 13:
            row("wilcoxon", d, [stats.wilcoxon(d, method="asymptotic").statistic, permuted(d)])
        else:
            w = stats.wilcoxon(d, correction=False, method="asymptotic" if tied or n > 50 else "exact")
            row("wilcoxon", d, [w.statistic, w.pvalue])
for n in [3, 4, 6, 10, 33, 34, 60]:
    for digits, share in [(9, 0.0), (9, 0.7), (1, 0.5), (0, -0.6)]:
        x = rounded(n, digits)
        y = numpy.round(share * x + random.normal(0, 1, n), digits)
        if len(set(x)) < 2 or len(set(y)) < 2:
            continue
        r = stats.spearmanr(x, y)
        row("spearman", x, y, [r.statistic, r.pvalue])
        t = stats.kendalltau(x, y)
        row("kendall", x, y, [t.statistic, t.pvalue])
for n in [5, 40]:
    x = numpy.arange(n)
    for y in (x, -x, numpy.roll(x, 1), numpy.concatenate([[1, 0], x[2:]])):
        t = stats.kendalltau(x, y)
        row("kendall", x, y, [t.statistic, t.pvalue])
for sizes in [[3, 3], [2, 5, 9], [20, 20, 20, 20], [1, 2, 3, 4, 5], [30, 1]]:
    for digits, step in [(9, 0.0), (9, 0.5), (0, 0.3), (1, 1.5)]:
        groups = [rounded(n, digits, step * i) for i, n in enumerate(sizes)]
        if len(set(numpy.concatenate(groups))) < 2:
            continue
        h = stats.kruskal(*groups)
        k, n = len(sizes), sum(sizes)
        row("kruskal", numpy.concatenate(groups), sizes, [h.statistic, h.pvalue, max(0.0, (h.statistic - k + 1) / (n - k))])
for df in [1, 2, 3, 7, 20, 101, 1000]:
    for x in [1e-6, 0.3, 1, 3.84, 9, 21, 100, 950, 1100]:
        row("chi_squared_tail", float(x), df, [stats.chi2.sf(x, df)])
for n in [1, 2, 3, 7, 20]:
    for low in [0.001, 0.2]:
        p = numpy.minimum(1, random.uniform(0, low, n) ** random.uniform(0.3, 2, n))
        if n > 3:
            p[1] = p[2]
        row("holm", p, multipletests(p, method="holm")[1])
        row("benjamini_hochberg", p, multipletests(p, method="fdr_bh")[1])
for groups, most in [(2, 1), (3, 4), (12, 5), (40, 3)]:
    for level in [0.9, 0.95]:
        sizes = random.integers(1, most + 1, groups)
        labels = numpy.repeat(numpy.arange(groups), sizes)
        x = random.normal(0, 1, groups)[labels] + random.normal(0.3, 0.5, len(labels))
        fit = statsmodels.api.OLS(x, numpy.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": labels}, use_t=True)
        low, high = fit.conf_int(1 - level)[0]
        row("cluster", [x[labels == g].sum() for g in range(groups)], sizes, level, [fit.params[0], fit.bse[0], low, high])
for n, kind in [(5, "normal"), (30, "normal"), (30, "skew"), (60, "binary")]:
    for level in [0.9, 0.95]:
        x = {"normal": lambda: random.normal(0.2, 1, n), "skew": lambda: random.exponential(1, n) ** 2,
             "binary": lambda: random.integers(-1, 2, n).astype(float)}[kind]()
        draws = numpy.sort([random.choice(x, n).mean() for _ in range(199)])

        class Drawn:
            bootstrap_distribution = draws
        b = stats.bootstrap((x,), numpy.mean, n_resamples=0, bootstrap_result=Drawn, method="BCa", confidence_level=level)
        row("bca", x, draws, level, [b.confidence_interval.low, b.confidence_interval.high])
for n1, n2 in [(2, 2), (5, 9), (40, 30), (1000, 20)]:
    x, y = random.normal(0.5, 1, n1), random.normal(0, 2, n2)
    df = n1 + n2 - 2
    t = stats.ttest_ind(x, y).statistic
    d = t * math.sqrt(1 / n1 + 1 / n2)
    j = math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)
    row("cohen_d", x.mean(), x.var(ddof=1), n1, y.mean(), y.var(ddof=1), n2, [d, d * j])
for df in [1, 3, 10, 64, 999, 100000]:
    for shift in [-3.0, 0.0, 0.5, 2.8, 9.0, 30.0]:
        for t in [-2.0, 0.0, 1.96, 4.0, 31.0]:
            row("noncentral_t_cdf", t, df, shift, [special.nctdtr(df, shift, t)])
test = TTestPower()
for d in [0.03, 0.1, 0.21, 0.5, 0.9, 2.0]:
    for n in [2, 3, 12, 100, 4000]:
        row("paired_t_power", d, n, 0.05, [test.power(d, n, 0.05)])
    for power in [0.8, 0.9]:
        for alpha in [0.05, 0.01]:
            row("paired_t_cases", d, alpha, power, [math.ceil(test.solve_power(effect_size=d, alpha=alpha, power=power))])


def t_power(d, n):
    """As TTestPower, which knows no answer where the far tail is below what numbers hold."""
    crit, shift = stats.t.ppf(0.975, n - 1), d * math.sqrt(n)
    return 1 - special.nctdtr(n - 1, shift, crit) + numpy.nan_to_num(special.nctdtr(n - 1, shift, -crit))


for n in [3, 10, 64, 500, 20000]:
    for power in [0.8, 0.9]:
        least = optimize.brentq(lambda d: t_power(d, n) - power, 1e-6, 14 / math.sqrt(n), xtol=1e-14)
        row("paired_t_detectable", n, 0.05, power, [least])


def mcnemar_power(n, w, d, alpha):
    m = numpy.arange(0, n + 1)
    k = stats.binom.ppf(alpha / 2, m, 0.5).astype(int)
    k = numpy.where(2 * stats.binom.cdf(k, m, 0.5) > alpha, k - 1, k)
    up = (w + d) / (2 * w)
    found = stats.binom.cdf(k, m, up) + stats.binom.cdf(k, m, 1 - up)
    return float((stats.binom.pmf(m, n, w) * numpy.where(k < 0, 0, found)).sum())


for n, w, d in [(5, 0.9, 0.5), (40, 0.3, 0.2), (200, 0.2, 0.1), (600, 0.18, 0.05), (3000, 0.2, 0.03), (3000, 0.05, 0.0)]:
    for alpha in [0.05, 0.01]:
        row("mcnemar_power", n, w, d, alpha, [mcnemar_power(n, w, d, alpha)])
for w, d in [(0.05, 0.03), (0.2, 0.03), (0.2, 0.05), (0.4, 0.1), (0.1, 0.1)]:
    for power in [0.8, 0.9]:
        a = stats.norm.ppf(0.975) * math.sqrt(w) + stats.norm.ppf(power) * math.sqrt(max(0, w - d * d))
        s = (a + math.sqrt(a * a + 4 * d)) / (2 * d)      # the root of d s^2 - a s - 1, s = sqrt(n)
        row("mcnemar_cases", w, d, 0.05, power, [math.ceil(s * s)])

print('{"made_by": "tests/stats/make_samples.py", "scipy": "%s", "statsmodels": "%s", "rows": [' %
      (scipy.__version__, statsmodels.__version__))
print(",\n".join(json.dumps(r) for r in rows))
print("]}")
print(len(rows), "rows", file=sys.stderr)
