#!/usr/bin/env python3
"""Writes tests/label/vectors.json: what scikit-learn, statsmodels and the package krippendorff answer, for
src/eval/agreement_test.c.

    python3 -m venv venv && venv/bin/pip install scikit-learn==1.9.1 krippendorff==0.9.0 statsmodels
    venv/bin/python tests/label/make_vectors.py > tests/label/vectors.json

Each row: the ratings [unit][rater] (null: none), the categories' values, and the answers. Nothing here is random
without a seed."""
import json
import math
import sys

import krippendorff
import numpy
import sklearn
import statsmodels
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

SCALES = ("nominal", "ordinal", "interval")
random = numpy.random.default_rng(20261121)
kappas, alphas = [], []


def ratings(units, raters, categories, agree, missing):
    """Raters who know the truth with probability `agree` and otherwise guess, unevenly."""
    odds = random.dirichlet(numpy.ones(categories) * 2)
    truth = random.choice(categories, size=units, p=odds)
    rows = []
    for u in range(units):
        row = [int(truth[u]) if random.random() < agree else int(random.choice(categories, p=odds)) for _ in range(raters)]
        rows.append([None if random.random() < missing else r for r in row])
    return rows


def both_kappas(rows, k):
    both = [r for r in rows if None not in r]
    first, second = [r[0] for r in both], [r[1] for r in both]
    if len(set(first) | set(second)) < 2:
        return
    table = numpy.zeros((k, k))
    for a, b in zip(first, second):
        table[a, b] += 1
    used = [c for c in range(k) if table[c].sum() + table[:, c].sum() > 0]
    full = cohens_kappa(table[numpy.ix_(used, used)])
    exact = full.var_kappa < 1e-14              # 0 but for rounding, and its root is not a number then
    kappa, error = float(cohen_kappa_score(first, second)), 0.0 if exact else float(full.std_kappa)
    low, high = (kappa, kappa) if exact else (float(full.kappa_low), float(full.kappa_upp))
    kappas.append({"ratings": rows, "categories": k, "kappa": kappa, "error": error, "low": max(-1.0, low), "high": min(1.0, high)})


def alpha(rows, values):
    data = numpy.array([[numpy.nan if r[i] is None else values[r[i]] for r in rows] for i in range(len(rows[0]))])
    answers = {}
    for scale in SCALES:
        try:
            answers[scale] = float(krippendorff.alpha(reliability_data=data, level_of_measurement=scale, value_domain=sorted(values)))
        except ValueError:
            return
    if all(math.isfinite(v) for v in answers.values()):
        alphas.append({"ratings": rows, "values": values, **answers})


for units in (2, 3, 7, 20, 60, 200):
    for k in (2, 3, 5, 9):
        for agree in (0.0, 0.5, 0.9):
            for missing in (0.0, 0.25):
                both_kappas(ratings(units, 2, k, agree, missing), k)
for units in (2, 4, 12, 40, 120):
    for raters in (2, 3, 5):
        for values in ([0, 1], [1, 2, 3, 4, 5], [-2.5, 0, 1, 10], [0, 10, 20, 30, 40, 50, 60, 70, 80]):
            for agree in (0.2, 0.8):
                for missing in (0.0, 0.4):
                    alpha(ratings(units, raters, len(values), agree, missing), values)
print('{"made_by": "tests/label/make_vectors.py", "scikit-learn": "%s", "krippendorff": "%s", "statsmodels": "%s",' %
      (sklearn.__version__, krippendorff.__version__ if hasattr(krippendorff, "__version__") else "0.9.0", statsmodels.__version__))
print('"kappa": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in kappas) + '],')
print('"alpha": [\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in alphas) + ']}')
print(len(kappas), "kappas,", len(alphas), "alphas", file=sys.stderr)
