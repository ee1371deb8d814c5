"""Every metric of the program held against somebody else's: sacrebleu, rouge-score, scikit-learn, RapidFuzz, Python.

The texts go through the program itself: a task whose prompt is the text, the simulated model that repeats its prompt, the
scores from the exports. Prints, per metric, how many values were compared and the largest deviation, which is at most 1e-9.
"""
import json
import math
import os
import random
import re
import string
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import Home, test, main  # noqa: E402

TOLERANCE = 1e-9
ASCII_SPACE = " \t\n\v\f\r"

# Written for this suite: an output and what was expected, in several scripts, with what tokenisers trip over.
WRITTEN = [
    ("The cat sat on the mat.", "The cat sat on the mat."),
    ("The cat sat on the mat", "A cat was sitting on the mat."),
    ("the the the the", "the cat"),
    ("Prices rose 3.5%, to $1,234.50 (a record).", "The price rose by 3.5 %, to $1,234.50: a record!"),
    ("A well-known, state-of-the-art 2019-20 e.g. case...", "A well known state-of-the-art case, e.g. of 2019-2020."),
    ("&quot;Yes&quot; &amp;amp; &lt;no&gt; <skipped>", "\"Yes\" & <no>"),
    ("hyphen-\nated lines\nof text", "hyphenated lines of text"),
    ("Die Straße war naß; Äpfel kosten 2,50 €.", "Auf der nassen Straße kosten die Äpfel 2,50 €."),
    ("L’été, c’est « l’heure » d’aller à la mer…", "L'été, c'est l'heure d'aller en mer."),
    ("Москва — столица России.", "Столица России — город Москва."),
    ("我们今天去公园散步。", "今天我们去公园走走。"),
    ("東京は日本の首都です。", "日本の首都は東京である。"),
    ("القاهرة عاصمة مصر.", "عاصمة مصر هي القاهرة."),
    ("नई दिल्ली भारत की राजधानी है।", "भारत की राजधानी नई दिल्ली है।"),
    ("İstanbul'un \u212aelvin derecesi: 300\u212a", "istanbul kelvin 300k"),
    ("ΟΔΟΣ και Σίσυφος", "οδος ΚΑΙ σίσυφος"),
    ("tabs\tand\u00a0no-break\u3000ideographic\u2003em spaces", "tabs and no-break ideographic em spaces"),
    ("emoji 👩‍👩‍👧 and 🇩🇪 flags", "emoji 👩‍👩‍👦 and 🇫🇷 flags"),
    ("one", "two"),
    ("a", "a"),
    (".", ","),
    ("1.2.3,4-5 .6, 7.", "1.2.3,4 - 5 .6 ,7 ."),
    ("x..y,,z --- 1--2", "x. . y, , z - - - 1- -2"),
    ("{a}[b]`c`~d~^e^|f|\\g\\", "{ a } [ b ] ` c ` ~ d ~"),
    ("don't can't o'clock 'quoted'", "do n't ca n't o'clock ' quoted '"),
    ("repeat " * 40, "repeat " * 25),
    ("e\u0301 combining vs é composed", "é combining vs e\u0301 composed"),
    ("The answer is 42.", "An answer: the 42!"),
    ("An apple a day, the doctor away.", "apple day doctor away"),
]
WORDS = ("the cat sat on a mat and then went home in 1999 3.14 1,000 state-of-the-art U.S. don't naïve Straße Москва día "
         "東京 日本 مصر भारत 👍 x. (y) [z] {w} &amp; &lt;b&gt; <skipped> foo- 5-6 A.B, ... — “so” '' \u00a0 \u3000 \x1f \x85").split(" ")


def trimmed(text):
    return text.strip(ASCII_SPACE)


def random_pairs(count, seed):
    """An output and one to three expected texts each, most made of it by small changes."""
    rng = random.Random(seed)
    for _ in range(count):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 30))]
        texts = [" ".join(words)]
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            other = list(words)
            for _ in range(rng.randint(0, 8)):
                at = rng.randrange(len(other)) if other else 0
                other[at:at + rng.randint(0, 2)] = [rng.choice(WORDS) for _ in range(rng.randint(0, 2))]
            texts.append(rng.choice((" ", "  ", "\n")).join(other) if other else rng.choice(WORDS[:8]))
        texts = [trimmed(t) for t in texts]
        if all(texts):
            yield texts[0], texts[1:] if len(texts) > 2 else texts[1]


class Deviations:
    def __init__(self):
        self.of = {}

    def add(self, metric, ours, theirs, about=""):
        if ours is None or theirs is None:
            assert ours is None and theirs is None, (metric, ours, theirs, about)
            return
        off = abs(ours - theirs)
        assert off <= TOLERANCE, "%s is %.17g, not %.17g: %s" % (metric, ours, theirs, about)
        n, worst = self.of.get(metric, (0, 0.0))
        self.of[metric] = (n + 1, max(worst, off))

    def show(self):
        for metric, (n, worst) in sorted(self.of.items()):
            print("%-40s %6d values, largest deviation %.1e" % (metric, n, worst))
        assert self.of


def task(home, name, cases, metrics, **more):
    """A task over cases {out, expected}: the answer is `out`."""
    home.file(name + ".jsonl", "".join(json.dumps(c) + "\n" for c in cases))
    text = {"name": name, "prompt": "{{ out }}", "models": ["sim:echo"], "dataset": name + ".jsonl", "metrics": metrics, **more}
    return home.file(name + ".json", json.dumps(text))


def measured(home, name, cases, metrics, **more):
    """Runs it: the result's JSON and the trials in the order of the cases."""
    ran = home.run("run", task(home, name, cases, metrics, **more))
    assert ran.returncode in (0, 1), (ran.returncode, ran.err)
    trials = [json.loads(line) for line in home.run("export", "last", "-f", "jsonl").out.splitlines()]
    result = json.loads(home.run("show", "last", "--json").out)
    return result, [t for t in trials if "scores" in t]


def texts_of(expected):
    return expected if isinstance(expected, list) else [expected]


@test
def text_metrics_agree_with_sacrebleu_rouge_score_and_rapidfuzz():
    from rapidfuzz.distance import Levenshtein
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU, CHRF

    pairs = [(trimmed(a), trimmed(b)) for a, b in WRITTEN] + list(random_pairs(1500, 20261121))
    sentence, rouge = BLEU(effective_order=True), RougeScorer(["rouge1", "rouge2", "rougeL"])
    d = Deviations()
    with Home() as home:
        result, trials = measured(home, "texts", [{"out": a, "expected": b} for a, b in pairs],
                                  ["bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "edit_similarity"])
    assert len(trials) == len(pairs)
    means = {}
    for (out, expected), trial in zip(pairs, trials):
        golds, ours = texts_of(expected), trial["scores"]
        counted = [g for g in golds if re.search("[a-z0-9]", g.lower())]
        theirs = {
            "bleu": sentence.sentence_score(out, golds).score / 100,
            "chrf": CHRF().sentence_score(out, golds).score / 100,
            "edit_similarity": max(Levenshtein.normalized_similarity(out, g) for g in golds),
        }
        for name, key in (("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")):
            theirs[name] = rouge.score_multi(counted, out)[key].fmeasure if counted else None
        for name, value in theirs.items():
            d.add(name + ", a text", ours[name], value, (out, expected))
            if value is not None:
                means.setdefault(name, []).append(value)
    longest = max(len(texts_of(e)) for _, e in pairs)
    references = [[(texts_of(e) + [None] * longest)[i] for _, e in pairs] for i in range(longest)]
    outputs, scores = [out for out, _ in pairs], result["variants"][0]["scores"]
    d.add("bleu, the corpus", scores["bleu"]["mean"], BLEU().corpus_score(outputs, references).score / 100)
    d.add("chrf, the corpus", scores["chrf"]["mean"], CHRF().corpus_score(outputs, references).score / 100)
    for name in ("rouge_1", "rouge_2", "rouge_l", "edit_similarity"):
        d.add(name + ", the mean", scores[name]["mean"], math.fsum(means[name]) / len(means[name]))
        assert scores[name]["method"] == "t" and scores[name]["n"] == len(means[name])
    for name in ("bleu", "chrf"):
        x = scores[name]
        assert x["method"] == "bootstrap" and x["low"] < x["mean"] < x["high"] and x["n"] == len(pairs), x
    d.show()


@test
def a_corpus_of_any_size_agrees_with_sacrebleu():
    from sacrebleu.metrics import BLEU, CHRF

    d = Deviations()
    with Home() as home:
        for i, count in enumerate((1, 1, 2, 2, 3, 3, 5, 8, 13, 600)):
            pairs = [(a, texts_of(b)[0]) for a, b in random_pairs(count, 70 + i)]
            if i < 4:                           # short ones: orders without an n-gram, or without a match
                pairs = [(" ".join(a.split()[:1 + i]), b) for a, b in pairs]
            result, _ = measured(home, "corpus%d" % i, [{"out": a, "expected": b} for a, b in pairs], ["bleu", "chrf"])
            scores = result["variants"][0]["scores"]
            outputs, golds = [a for a, _ in pairs], [[b for _, b in pairs]]
            d.add("bleu, a corpus", scores["bleu"]["mean"], BLEU().corpus_score(outputs, golds).score / 100, pairs[:3])
            d.add("chrf, a corpus", scores["chrf"]["mean"], CHRF().corpus_score(outputs, golds).score / 100, pairs[:3])
    d.show()


if __name__ == "__main__":
    main()
