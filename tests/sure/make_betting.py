"""Writes betting.json: what eval/stats_betting must answer, from a second writing of its definition in exact fractions.

    python3 tests/sure/make_betting.py > tests/sure/betting.json

Wealth is computed as a product of fractions for every stake and summed at the end of each draw; only the logarithm at
the very end is a float. The interval's ends are found by halving on these.
"""
import json
import math
import random
from fractions import Fraction


def stakes(population):
    least = 0.5 / math.sqrt(population)
    out, g = [], 0.95
    while g >= least or not out:
        out.append(Fraction(g))
        g /= 2
    return out


def log_of(x):
    """Of a fraction of any size."""
    return math.log(x.numerator) - math.log(x.denominator)


def below(values, population, low, high, m):
    """log of the most ever won against 'the mean is m or more'; None: refuted for certain."""
    grid = stakes(population)
    wealth = [Fraction(1, len(grid))] * len(grid)
    most = Fraction(1)
    low, high, m = Fraction(low), Fraction(high), Fraction(m)
    left = (m - low) / (high - low) * population
    for i, value in enumerate(values):
        draws = population - i
        if left > draws:
            return None
        x = (Fraction(value) - low) / (high - low)
        mu = left / draws
        left -= x
        if mu == 1:
            continue
        gain = (mu - x) / (1 - mu)
        wealth = [w * (1 + g * gain) for w, g in zip(wealth, grid)]
        most = max(most, sum(wealth))
    if left > population - len(values):
        return None
    return log_of(most)


def above(values, population, low, high, m):
    return below([low + high - v for v in values], population, low, high, Fraction(low) + Fraction(high) - Fraction(m))


def main():
    rng = random.Random(20250711)
    cases = []
    for kind, population, n in [("binary", 50, 20), ("binary", 40, 40), ("ternary", 120, 45), ("ternary", 60, 59),
                                ("fraction", 80, 40), ("ternary", 30, 1), ("binary", 25, 24), ("fraction", 400, 60)]:
        share = rng.choice([0.3, 0.6, 0.85])
        values = []
        for _ in range(n):
            if kind == "binary":
                values.append(1 if rng.random() < share else 0)
            elif kind == "ternary":
                u = rng.random()
                values.append(-1 if u < 0.35 * share else 1 if u < 0.4 else 0)
            else:
                values.append(round(rng.random() * share * 64) / 64)
        low, high = (-1, 1) if kind == "ternary" else (0, 1)
        for m in (low + (high - low) * k / 8 for k in range(1, 8)):
            b, a = below(values, population, low, high, m), above(values, population, low, high, m)
            cases.append({"values": values, "population": population, "low": low, "high": high, "m": m, "below": b, "above": a})
    json.dump({"cases": cases}, __import__("sys").stdout, separators=(",", ":"))
    print()


main()
