#!/usr/bin/env python3
"""Writes tests/stats/vectors.json: what scipy and statsmodels answer, for src/eval/stats_test.c.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python tests/stats/make_vectors.py > tests/stats/vectors.json

Each row is [function, arguments..., answer]. Nothing here is random without a seed."""
import json
import math
import sys

import numpy
import scipy
import statsmodels
from scipy import special, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

rows = []


def row(name, *values):
    values = [float(v) if isinstance(v, (float, numpy.floating)) else int(v) for v in values]
    if all(math.isfinite(v) for v in values):
        rows.append([name, *values])


for x in [-37, -12.5, -8, -5, -3, -1.96, -1, -0.1, 0, 0.3, 1, 1.6448536, 2.5, 4, 6, 8.2]:
    row("normal_cdf", float(x), stats.norm.cdf(x))
for p in [1e-300, 1e-100, 1e-20, 1e-9, 1e-4, 0.001, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995, 0.9999, 1 - 1e-9]:
    row("normal_quantile", p, stats.norm.ppf(p))
for df in [1, 2, 3, 4, 5, 7, 10, 19, 29, 39, 41, 63, 99, 250, 999, 4999, 99999, 1000000]:
    for t in [-40.0, -6.5, -2.0, -0.7, -0.01, 0.0, 0.2, 1.0, 1.96, 3.3, 8.0, 30.0]:
        row("t_cdf", t, df, stats.t.cdf(t, df))
        row("t_two_sided", t, df, 2 * stats.t.sf(abs(t), df))
    for p in [0.001, 0.025, 0.2, 0.5, 0.8, 0.9, 0.95, 0.975, 0.995, 0.9995]:
        row("t_quantile", p, df, stats.t.ppf(p, df))
for a, b in [(0.5, 0.5), (1, 3), (2.5, 7), (10, 0.5), (300, 40), (0.5, 2000), (5000, 5000)]:
    for x in [1e-9, 0.01, 0.2, 0.37, 0.5, 0.81, 0.999]:
        row("beta", x, float(a), float(b), special.betainc(a, b, x))
for n in [1, 2, 5, 12, 40, 200, 1001, 20000, 300000]:
    for k in sorted({0, 1, n // 3, n // 2, n // 2 - int(math.sqrt(n)), n // 2 + int(math.sqrt(n)), n - 1}):
        if 0 <= k <= n:
            row("coin_cdf", k, n, stats.binom.cdf(k, n, 0.5))
for n in [1, 2, 3, 10, 64, 100, 777, 10000, 1000000]:
    for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
        for level in [0.8, 0.9, 0.95, 0.99]:
            low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
            row("wilson", k, n, level, low, high)
for b, c in [(0, 0), (0, 1), (1, 0), (3, 3), (5, 1), (2, 11), (10, 25), (40, 41), (100, 160), (3000, 3111)]:
    row("mcnemar", b, c, mcnemar([[7, b], [c, 9]], exact=True).pvalue)
random = numpy.random.default_rng(20261121)
for n in [2, 3, 5, 8, 20, 64, 500, 20000]:
    for shift in [0.0, 0.02, 0.1, 0.6]:
        d = random.normal(shift, 0.4, n)
        mean, variance = d.mean(), d.var(ddof=1)
        row("paired_t", mean, variance, n, stats.ttest_1samp(d, 0).pvalue)
        low, high = stats.t.interval(0.95, n - 1, mean, math.sqrt(variance / n))
        row("t_interval", mean, variance, n, 0.95, low, high)
for sd in [0.05, 0.2, 0.31, 0.5, 1.0]:
    for delta in [0.01, 0.03, 0.1]:
        for power in [0.8, 0.9]:
            z = stats.norm.ppf(0.975) + stats.norm.ppf(power)
            row("pairs_needed", sd, delta, 0.05, power, math.ceil((z * sd / delta) ** 2))

print('{"made_by": "tests/stats/make_vectors.py", "scipy": "%s", "statsmodels": "%s", "rows": [' %
      (scipy.__version__, statsmodels.__version__))
print(",\n".join(json.dumps(r) for r in rows))
print("]}")
print(len(rows), "rows", file=sys.stderr)
