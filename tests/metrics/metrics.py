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
from whole import Home, Sim, cases_jsonl, test, main  # noqa: E402

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


@test
def classification_agrees_with_scikit_learn():
    from sklearn import metrics as sk

    d = Deviations()
    with Home() as home:
        for seed, names in enumerate((["yes", "no"], ["billing", "Straße", "отказ", "退款", "refund ", "3"], ["only"])):
            rng = random.Random(seed)
            cases = [{"expected": rng.choice(names)} for _ in range(60 + 300 * seed)]
            for c in cases:
                c["out"] = rng.choice([c["expected"]] * 4 + names + ["something else, in prose", "x" * 120])
            result, trials = measured(home, "classes%d" % seed, cases, ["classification", "macro_f1"])
            truth, said = [trimmed(c["expected"]) for c in cases], [trimmed(c["out"]) for c in cases]
            labels = sorted(set(truth), key=lambda x: x.encode())
            said = [x if x in labels else "(other)" for x in said]
            ours, = result["variants"][0]["confusion"]
            scores = result["variants"][0]["scores"]
            keep = dict(labels=labels, average="macro", zero_division=0)
            assert ours["labels"] == labels and ours["n"] == len(cases) and ours["why_not"] is None
            theirs = sk.confusion_matrix(truth, said, labels=labels + ["(other)"]).tolist()
            assert ours["counts"] == theirs[:-1], (ours["counts"], theirs)
            assert [t["scores"]["classification"] for t in trials] == [float(a == b) for a, b in zip(truth, said)]
            d.add("accuracy", ours["accuracy"]["mean"], sk.accuracy_score(truth, said))
            d.add("accuracy", scores["classification"]["mean"], sk.accuracy_score(truth, said))
            d.add("macro F1", ours["macro_f1"]["mean"], sk.f1_score(truth, said, **keep))
            d.add("macro F1", scores["macro_f1"]["mean"], sk.f1_score(truth, said, **keep))
            d.add("macro precision", ours["macro_precision"], sk.precision_score(truth, said, **keep))
            d.add("macro recall", ours["macro_recall"], sk.recall_score(truth, said, **keep))
            d.add("weighted F1", ours["weighted_f1"], sk.f1_score(truth, said, **{**keep, "average": "weighted"}))
            d.add("kappa", ours["kappa"], sk.cohen_kappa_score(truth, said))
            by_label = sk.precision_recall_fscore_support(truth, said, labels=labels, zero_division=0)
            for label, *values in zip(ours["by_label"], *by_label):
                for word, value in zip(("precision", "recall", "f1", "support"), values):
                    d.add(word + " of a label", float(label[word]), float(value))
    d.show()


def squad_normal_form(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


NUMBER = re.compile(r"(?:(?<![0-9A-Za-z])[-\u2212])?(?:[0-9]{1,3}(?:,[0-9]{3}(?![0-9]))+|[0-9]+|(?=\.[0-9]))(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


def last_number(text):
    found = NUMBER.findall(text)
    return float(found[-1].replace(",", "").replace("\u2212", "-")) if found else None


@test
def matches_are_what_python_says():
    rng = random.Random(5)
    pairs = [(a, texts_of(b)[0]) for a, b in list(random_pairs(400, 11))] + [(trimmed(a), trimmed(b)) for a, b in WRITTEN]
    for a, b in list(pairs[:200]):
        pairs.append((a, rng.choice(("The %s!", "an... %s", "%s,", "«%s»", "(the) %s a")) % rng.choice((a, a.upper(), b))))
    numbers = ["%.2f" % rng.uniform(-50, 50) for _ in range(60)] + ["1,234", "-7", "x-7", "3 - 4", "1e3", "\u22125", ".5", "007", "2.", "1,2"]
    pairs += [("about %s of it" % rng.choice(numbers), rng.choice(numbers)) for _ in range(300)]
    d = Deviations()
    with Home() as home:
        _, trials = measured(home, "matches", [{"out": a, "expected": b} for a, b in pairs],
                             ["normalized_match", "exact_match", {"metric": "numeric_match", "abs": 5, "rel": 0.01}])
    for (a, b), trial in zip(pairs, trials):
        x, y = last_number(a), last_number(b)
        close = None if y is None else 0.0 if x is None else float(math.isclose(x, y, rel_tol=0.01, abs_tol=5))
        d.add("normalized_match", trial["scores"]["normalized_match"], float(squad_normal_form(a) == squad_normal_form(b)), (a, b))
        d.add("numeric_match", trial["scores"]["numeric_match"], close, (a, b))
        d.add("exact_match of texts", trial["scores"]["exact_match"], float(a == b), (a, b))
    assert {0.0, 1.0} == {t["scores"]["normalized_match"] for t in trials}
    d.show()


def overlap(given, expected):
    given, expected = set(given), set(expected)
    common = len(given & expected)
    precision = common / len(given) if given else 0.0
    recall = common / len(expected) if expected else 0.0
    return {"accuracy": precision, "hallucination": 1 - precision, "completeness": recall,
            "f1": 2 * common / (len(given) + len(expected)) if given or expected else 0.0}


@test
def items_of_lists_and_of_csv_are_compared_as_sets():
    import csv
    import io

    rng = random.Random(9)
    names = ["plain", "with, comma", "with \"quotes\"", "Zürich", "two\nlines", " spaced ", "", "日本"]

    def table(rows):
        out = io.StringIO()
        csv.writer(out, lineterminator="\n", quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))).writerows(rows)
        return out.getvalue()

    d, metrics = Deviations(), ["accuracy", "hallucination", "completeness", "f1"]
    with Home() as home:
        lists = [([rng.randint(0, 12) for _ in range(rng.randint(0, 9))], [rng.randint(0, 12) for _ in range(rng.randint(1, 9))])
                 for _ in range(150)]
        _, trials = measured(home, "lists", [{"out": json.dumps(a), "expected": b} for a, b in lists], metrics,
                             output={"format": "json"})
        for (a, b), trial in zip(lists, trials):
            for name, value in overlap(a, b).items():
                d.add(name + ", JSON lists", trial["scores"][name], value, (a, b))
        tables = [[[[rng.choice("abcdef"), rng.choice(names)] for _ in range(rng.randint(1, 6))] for _ in "oe"] for _ in range(150)]
        cases = [{"out": table([["id", "name"]] + a), "expected": table([["id", "name"]] + b)} for a, b in tables]
        keyed = [{"metric": m, "key": "id", "name": m + "_by_id"} for m in metrics]
        _, trials = measured(home, "tables", cases, metrics + keyed, output={"format": "csv"})
        for (a, b), trial in zip(tables, trials):
            rows = [[tuple(trimmed(cell) for cell in row) for row in t] for t in (a, b)]
            for name, value in overlap(*rows).items():
                d.add(name + ", CSV rows", trial["scores"][name], value, (a, b))
            for name, value in overlap([r[0] for r in a], [r[0] for r in b]).items():
                d.add(name + ", CSV by a key column", trial["scores"][name + "_by_id"], value, (a, b))
    d.show()


@test
def values_over_repetitions_and_over_a_variant_are_what_their_formulas_say():
    import numpy
    from scipy.stats import binom

    cases, repeat = 24, 7
    metrics = ["exact_match", {"metric": "pass_at_k", "k": [1, 2, 5, 7]}, {"metric": "pass_hat_k", "k": [1, 3]},
               {"metric": "percentile", "of": "latency", "p": [50, 90, 95, 99]}, "cost_per_correct", "cost", "latency",
               {"metric": "percentile", "of": "tokens_per_second", "p": 10}, "tokens_per_second", "total_tokens",
               "input_tokens", "output_tokens", "consistency"]
    d = Deviations()
    with Home() as home:
        home.file("cases.jsonl", cases_jsonl(cases))
        home.file("task.json", json.dumps({
            "name": "words", "models": ["sim:erratic", "sim:chatty"], "dataset": "cases.jsonl", "repeat": repeat, "metrics": metrics,
            "params": {"seed": 3, "temperature": 1}, "prompt": "What is this about? One word. {{ input }} {{ case.id }}"}))
        assert home.run("run", "task.json").returncode == 0
        trials = [json.loads(line) for line in home.run("export", "last", "-f", "jsonl").out.splitlines()]
        result = home.json("show", "last", "--json")
    for v in result["variants"]:
        mine = [t for t in trials if t.get("variant") == v["variant"] and "scores" in t]
        assert len(mine) == cases * repeat
        by_case = {}
        for t in mine:
            by_case.setdefault(t["case"], []).append(t["scores"]["exact_match"])
        passed = [(len(x), int(sum(x))) for x in by_case.values()]
        assert len({c for _, c in passed}) > 1, passed
        scores = v["scores"]
        for k in (1, 2, 5, 7):
            each = [1 - math.comb(n - c, k) / math.comb(n, k) for n, c in passed]
            d.add("pass@k", scores["pass_at_%d" % k]["mean"], numpy.mean(each))
            assert scores["pass_at_%d" % k]["n"] == cases
        for k in (1, 3):
            d.add("pass^k", scores["pass_hat_%d" % k]["mean"], numpy.mean([math.comb(c, k) / math.comb(n, k) for n, c in passed]))
        d.add("consistency", scores["consistency"]["mean"], numpy.mean([numpy.std(x) for x in by_case.values()]))
        for name, of, p in [("latency_p%d" % p, "latency", p) for p in (50, 90, 95, 99)] + [("tokens_per_second_p10", "tokens_per_second", 10)]:
            values = sorted(t["scores"][of] for t in mine)
            d.add("percentile", scores[name]["mean"], float(numpy.percentile(values, p)))
            low, high = int(binom.ppf(0.025, cases, p / 100)), int(binom.ppf(0.975, cases, p / 100)) + 1
            if low < 1 or high > cases:
                assert scores[name]["low"] is None, (name, scores[name])
            else:
                d.add("interval of a percentile", scores[name]["low"], float(numpy.quantile(values, (low - 1) / (cases - 1))))
                d.add("interval of a percentile", scores[name]["high"], float(numpy.quantile(values, (high - 1) / (cases - 1))))
                assert scores[name]["method"] == "order statistics"
        cost, right = math.fsum(t["scores"]["cost"] for t in mine), sum(c for _, c in passed)
        d.add("cost per correct answer", scores["cost_per_correct"]["mean"], cost / right)
        seconds = math.fsum(t["scores"]["latency"] for t in mine) / 1000
        d.add("tokens per second", scores["tokens_per_second"]["mean"], sum(t["scores"]["output_tokens"] for t in mine) / seconds)
        for t in mine:
            d.add("total tokens", t["scores"]["total_tokens"], t["scores"]["input_tokens"] + t["scores"]["output_tokens"])
        for name in ("cost_per_correct", "tokens_per_second"):
            assert scores[name]["method"] == "bootstrap" and scores[name]["low"] < scores[name]["mean"] < scores[name]["high"]
    d.show()


def cosine(x, y):
    return math.fsum(a * b for a, b in zip(x, y)) / math.sqrt(math.fsum(a * a for a in x) * math.fsum(b * b for b in y))


@test
def similarity_is_the_cosine_of_vectors_that_a_provider_gave():
    pairs = [(trimmed(a), trimmed(b)) for a, b in WRITTEN[:10]] + list(random_pairs(60, 3))
    urls = {"openai": "/openai/v1", "mistral": "/mistral/v1", "google": "/google/v1beta", "ollama": "/ollama"}
    models = {"openai": "text-embedding-3-small", "mistral": "mistral-embed", "google": "gemini-embedding-001", "ollama": "nomic-embed-text"}
    metrics = [{"metric": "embedding_similarity", "name": p, "model": "%s:%s" % (p, m)} for p, m in models.items()]
    keys = {"%s_API_KEY" % p.upper(): "key-of-%s-123456" % p for p in ("openai", "mistral", "google")}
    d = Deviations()
    with Home() as home, Sim(home) as sim:
        texts = sorted({t for a, b in pairs for t in [a, *texts_of(b)]})
        answer = sim.call("POST", "/v1/embeddings", {"model": "swift", "input": texts})
        vector = {t: answer["data"][i]["embedding"] for i, t in enumerate(texts)}
        path = task(home, "similar", [{"out": a, "expected": b} for a, b in pairs], metrics + ["cost"])
        addresses = ["--base-url", ",".join("%s=%s%s" % (p, sim.url, urls[p]) for p in urls)]
        missing = home.run("run", path, *addresses)
        assert missing.returncode == 4 and "OPENAI_API_KEY" in missing.err and "MISTRAL_API_KEY" in missing.err, missing.err
        ran = home.run("run", path, *addresses, **keys)
        assert ran.returncode == 0, (ran.returncode, ran.err)
        trials = [t for t in (json.loads(line) for line in home.run("export", "last", "-f", "jsonl").out.splitlines()) if "scores" in t]
        result = home.json("show", "last", "--json")
        for (a, b), trial in zip(pairs, trials):
            best = max([0.0] + [cosine(vector[a], vector[g]) for g in texts_of(b)])
            for p in models:
                d.add("embedding_similarity, " + p, trial["scores"][p], min(best, 1.0), (a, b, trial.get("notes")))
        phases = {row["phase"]: row for row in result["ledger"]}
        assert phases["embedding"]["calls"] == 4 * len(pairs) and phases["execution"]["calls"] == len(pairs), phases
        assert phases["embedding"]["calls_of_unknown_cost"] == 0, phases["embedding"]
        assert phases["embedding"]["usage"]["input_tokens"] > 0 and float(phases["embedding"]["cost_usd"]) > 0
        assert all(t["scores"]["cost"] == 0 for t in trials)                                # vectors are not the answer's cost
        assert sum(row["billed"] for row in sim.ledger()) >= 4 * len(pairs)
    d.show()


@test
def an_answer_is_kept_when_nobody_gives_vectors():
    with Home() as home:
        metrics = ["edit_similarity", {"metric": "embedding_similarity", "model": "sim:swift!500"}]
        _, trials = measured(home, "broken", [{"out": "a", "expected": "b"}, {"out": "c", "expected": "c"}], metrics,
                             params={"max_tokens": 5})
        assert [t["scores"]["edit_similarity"] for t in trials] == [0.0, 1.0]
        assert [t["scores"]["embedding_similarity"] for t in trials] == [None, None]
        shown = home.run("show", "last", "1").out
        assert "(HTTP 500)" in shown, shown
        for model, words in (("anthropic:claude-x", "no way to ask for vectors"), ("nobody:x", "nobody"), ("", "needs a model")):
            metric = {"metric": "embedding_similarity", "model": model}
            ran = home.run("validate", task(home, "wrong", [{"out": "x", "expected": "x"}], [metric]))
            assert ran.returncode == 2 and words in ran.err + ran.out, (words, ran.err, ran.out)


@test
def one_task_measures_everything_and_every_report_says_it():
    plain = ["accuracy", "completeness", "hallucination", "f1", "exact_match", "normalized_match", "numeric_match", "bleu", "chrf",
             "rouge_1", "rouge_2", "rouge_l", "edit_similarity", "classification", "macro_f1", "instruction_following",
             "checks_passed", "cost", "latency", "input_tokens", "output_tokens", "total_tokens", "first_token", "tokens_per_second",
             "consistency", "cost_per_correct", "promptfoo_score", "answer_match"]
    more = {"embedding_similarity": ["similar"], "pass_at_k": ["pass_at_1", "pass_at_2"], "pass_hat_k": ["pass_hat_2"], "percentile": ["latency_p50", "latency_p95"]}
    names = plain + [n for group in more.values() for n in group]
    with Home() as home:
        known = [m["metric"] for m in home.json("metrics", "--json") if m["metric"] not in ("scorer", "code_passes", "tests_passed")]     # tests/scorer, tests/code
        assert sorted(plain + list(more)) == sorted(known), set(known) ^ set(plain + list(more))
        home.file("cases.jsonl", cases_jsonl(24))
        home.file("task.json", json.dumps({
            "name": "words", "models": ["sim:swift", "sim:careful"], "dataset": "cases.jsonl", "repeat": 2,
            "prompt": "What is this about? One word. {{ input }}", "checks": [{"max_words": 1}],
            "metrics": plain + [{"metric": "pass_at_k", "k": [1, 2]}, {"pass_hat_k": {"k": 2}},
                                {"metric": "percentile", "p": [50, 95]},
                                {"metric": "embedding_similarity", "model": "sim:swift", "name": "similar"}],
            "thresholds": {"macro_f1": 0.01, "bleu": 0, "latency_p95": 60000, "cost_per_correct": {"max": 1}, "pass_at_2": 0.01}}))
        ran = home.run("run", "task.json")
        assert ran.returncode == 0, (ran.returncode, ran.err, ran.out)
        result = home.json("show", "last", "--json")
        assert result["thresholds_met"] and len(result["thresholds"]) == 10
        for v in result["variants"]:
            assert sorted(v["scores"]) == sorted(names + ["max_words"])
            assert len(v["confusion"]) == 1 and len(v["confusion"][0]["labels"]) == 8
            for name in names:
                x = v["scores"][name]
                if name in ("first_token", "numeric_match", "promptfoo_score"):     # not streamed; no number; no such tests
                    assert x["n"] == 0 and x["mean"] is None
                    continue
                assert x["n"] > 0 and x["mean"] is not None, (name, x)
                assert x["method"] != "none" or name == "latency_p95", (name, x)
        header = home.run("export", "last", "-f", "csv").out.splitlines()[0]
        for text in (header, home.run("show", "last", "--detail").out, home.run("show", "last", "--detail", "-f", "markdown").out):
            text = text.replace("\\", "")
            for name in names:
                assert name[:20] in text, (name, text)


@test
def what_cannot_be_measured_is_told_before_anything_is_spent():
    with Home() as home:
        for metrics, words in (
                ([{"metric": "pass_at_k", "k": [1, 5]}], "pass_at_5 needs repeat: 5 or more; the task has 1"),
                ([{"metric": "pass_at_k", "k": []}], "k takes one value or a list of 1 to 20"),
                ([{"metric": "pass_at_k", "k": list(range(1, 22))}], "k takes one value or a list of 1 to 20"),
                ([{"metric": "percentile", "of": "latncy"}], "did you mean \"latency\""),
                ([{"metric": "classification", "labels": ["a", " a "]}], "labels has \"a\" twice"),
                ([{"metric": "classification", "labels": [str(i) for i in range(201)]}], "a list of 1 to 200 labels"),
                (["bleau"], "did you mean \"bleu\""),
                (["bleu", "bleu"], "two metrics are called \"bleu\"")):
            ran = home.run("validate", task(home, "wrong", [{"out": "x", "expected": "x"}], metrics))
            assert ran.returncode == 2 and words in ran.err + ran.out, (words, ran.err, ran.out)


if __name__ == "__main__":
    main()
