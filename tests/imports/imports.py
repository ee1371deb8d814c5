#!/usr/bin/env python3
"""Other tools' files: Inspect's logs in and out through its own reader, and tasks of lm-evaluation-harness, OpenAI evals and DeepEval.

The table of docs/compat.md is made here, by trying: ASSAY_TEST_WRITE=1 writes it anew.
"""
import csv
import io
import json
import os
import random
import re
import string
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ROOT, Home, test, main, words_task  # noqa: E402

os.environ.update(INSPECT_LOG_FORMAT="json", INSPECT_DISPLAY="none", NO_PROXY="*")
from inspect_ai import Task, eval as inspect_eval  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.log import read_eval_log, write_eval_log  # noqa: E402
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.scorer import Score, accuracy, includes, match, mean, scorer, value_to_float  # noqa: E402
from inspect_ai.solver import generate, system_message  # noqa: E402

COMPAT = os.path.join(ROOT, "docs", "compat.md")


# --- Inspect ---------------------------------------------------------------------------------------------------------

@scorer(metrics={"length": [mean()], "polite": [mean()]})
def two_values():
    async def score(state, target):
        return Score(value={"length": len(state.output.completion) / 100, "polite": 1 if "please" in state.output.completion else 0},
                     explanation="counted")
    return score


@scorer(metrics=[accuracy()])
def partly():
    async def score(state, target):
        return Score(value="P" if state.sample_id == "b" else "C", explanation="because " + str(state.sample_id))
    return score


def inspect_log(home, epochs=2, breaks=False):
    """A log that Inspect itself made."""
    def answers():
        for i in range(1000):
            out = ModelOutput.from_content("mockllm/model", ["4", "hello please", "no idea"][i % 3])
            out.usage = ModelUsage(input_tokens=10 + i, output_tokens=3, total_tokens=13 + i, input_tokens_cache_read=2, total_cost=0.001)
            yield out
    samples = [Sample(id="a", input="What is 2 + 2?", target="4", metadata={"topic": "sums", "n": 3}),
               Sample(id="b", input=[ChatMessageSystem(content="Be kind."), ChatMessageUser(content="Say hello.")], target=["hello", "hi"]),
               Sample(input="Which?", target="B", choices=["x", "y"])]
    task = Task(dataset=samples, solver=[system_message("You are tested."), generate()], scorer=[match(), includes(), two_values(), partly()],
                epochs=epochs, name="mixed")
    logs = inspect_eval(task, model=get_model("mockllm/model", custom_outputs=answers()), log_dir=home.path, log_format="json", display="none",
                        max_samples=1, fail_on_error=not breaks)
    assert logs[0].status == "success", logs[0].error
    return logs[0].location.replace("file://", "")


@test
def a_log_that_inspect_wrote_is_a_finished_run_with_its_scores_tokens_and_words():
    to_float = value_to_float()
    with Home() as home:
        path = inspect_log(home)
        log = read_eval_log(path)
        got = home.json("import", path, "--json")
        assert got["trials"] == 6 and got["task"] == "mixed"
        rows = {(r["case_id"], r["repetition"]): r for r in map(json.loads, home.run("export", got["run"], "-f", "jsonl", "--transcripts").out.splitlines())}
        assert len(rows) == len(log.samples) == 6
        for sample in log.samples:
            row = rows[(str(sample.id), sample.epoch - 1)]
            assert row["status"] == "success" and row["model"] == "mockllm/model"
            want = {}
            for name, score in sample.scores.items():
                if isinstance(score.value, dict):
                    want.update({name + "." + k: float(v) for k, v in score.value.items()})
                else:
                    want[name] = to_float(score.value)
            assert row["scores"] == want, (row["scores"], want)
            usage = sample.model_usage["mockllm/model"]
            assert (row["usage"]["input_tokens"], row["usage"]["output_tokens"], row["usage"]["cached_tokens"]) == (usage.input_tokens, usage.output_tokens, 2), row["usage"]
            assert float(row["cost_usd"]) == 0.001
            assert row["transcript"]["turns"][0]["response"] == sample.output.completion
            assert "You are tested." in row["transcript"]["system"]
            assert row["transcript"]["turns"][0]["prompt"] == [m.text for m in sample.messages if m.role == "user"][-1]
        assert rows[("b", 0)]["notes"]["partly"] == "because b"
        shown = home.json("show", got["run"], "--json")
        means = {s.name: s.metrics["accuracy"].value for s in log.results.scores if "accuracy" in s.metrics}
        for name, value in means.items():
            assert abs(shown["variants"][0]["scores"][name]["mean"] - value) < 1e-9, (name, value)
        assert shown["run"]["state"] == "done" and home.json("runs", "--json")[0]["id"] == got["run"]
        for words in (["show"], ["show", "last", "0"], ["explain"], ["report", "--md", "-o", "r.md"], ["report", "--html", "-o", "r.html"]):
            assert home.run(*words).returncode == 0, words
        for words in (["resume", "last"], ["resume", "last", "--retry-failed"]):
            child = home.run(*words)
            assert child.returncode != 0 and "imported from inspect" in child.err, child.err


@test
def two_logs_are_compared_case_by_case():
    with Home() as home:
        path = inspect_log(home, epochs=1)
        log = json.load(open(path))
        home.json("import", path, "--json")
        for s in log["samples"]:
            s["scores"]["match"]["value"] = "C"
        home.file("b.json", json.dumps(log))
        home.json("import", "b.json", "--json")
        got = home.json("compare", "last~1", "last", "--json")
        assert got["runs"][1]["common_cases"] == 3 and got["runs"][1]["same_cases"], got["runs"]
        assert sum(p["outcomes"]["fixed"] for p in got["pairs"]) > 0 if "outcomes" in got["pairs"][0] else got["pairs"]


@test
def a_run_of_ours_opens_in_inspects_own_reader_and_comes_back_as_it_was():
    with Home() as home:
        words_task(home, 30, models="sim:swift, \"sim:erratic!500\"", extra="repeat: 2\n")
        home.run("run", "task.yaml", "--speed", 0, "-q", "--attempts", 1)
        rows = [json.loads(line) for line in home.run("export", "-f", "jsonl").out.splitlines()]
        child = home.run("export", "last", "-f", "inspect", "-o", "x.json")
        assert child.returncode == 2 and "holds one model" in child.err and "--variant" in child.err
        child = home.run("export", "last", "-f", "inspect", "--variant", "sim:swft", "-o", "x.json")
        assert child.returncode == 2 and "did you mean \"sim:swift\"" in child.err
        for variant in ("sim:swift", "sim:erratic!500"):
            assert home.run("export", "last", "-f", "inspect", "--variant", variant, "-o", "log.json").returncode == 0
            log = read_eval_log(os.path.join(home.path, "log.json"))
            mine = {(r["case_id"], r["repetition"] + 1): r for r in rows if r["variant"] == variant}
            assert log.status == "success" and log.eval.config.epochs == 2 and len(log.samples) == len(mine) == 60
            assert log.eval.model == variant.replace(":", "/") and log.eval.packages.get("assay")
            for s in log.samples:
                row = mine[(s.id, s.epoch)]
                assert (s.error is not None) == (row["status"] == "failed")
                assert {k: v.value for k, v in (s.scores or {}).items()} == {k: v for k, v in row["scores"].items() if v is not None}
                usage = s.model_usage[log.eval.model]
                assert (usage.input_tokens, usage.output_tokens) == (row["usage"]["input_tokens"], row["usage"]["output_tokens"])
                assert s.target and s.metadata["input"] in s.input and s.metadata["assay"]["trial"] == row["trial"]
            # Inspect writes it again, as it understood it, and that comes back as the same run
            write_eval_log(log, os.path.join(home.path, "again.json"), format="json")
            for name in ("log.json", "again.json"):
                back = home.json("import", name, "--json")
                was, now = ({v["variant"]: v for v in home.json("show", r, "--json")["variants"]} for r in (log.eval.run_id, back["run"]))
                for scorer_name, old in was[variant]["scores"].items():
                    new = now[variant]["scores"].get(scorer_name)
                    if old["n"]:
                        assert new["n"] == old["n"] and abs(new["mean"] - old["mean"]) < 1e-12, (scorer_name, old, new)
                got = [json.loads(line) for line in home.run("export", back["run"], "-f", "jsonl").out.splitlines()]
                keep = lambda r: (r["case_id"], r["repetition"], r["status"], r["latency_ms"])  # noqa: E731
                assert sorted(map(keep, got)) == sorted(keep(r) for r in rows if r["variant"] == variant)
                home.run("rm", back["run"], "--yes")


@test
def logs_that_are_broken_or_hostile_get_a_sentence():
    with Home() as home:
        path = inspect_log(home, epochs=1)
        good = open(path).read()
        log = json.loads(good)

        def refused(text, *words):
            home.file("bad.json", text)
            child = home.run("import", "bad.json")
            assert child.returncode == 2 and child.err.count("\n") == 1, (child.returncode, child.err)
            for w in words:
                assert w in child.err, (w, child.err)

        def changed(**more):
            return json.dumps({**log, **more})
        refused("{}", "no log that is known")
        refused("[1", "bad.json")
        refused(changed(samples=None), "no samples")
        refused(changed(version=9), "version 9")
        refused(changed(samples=[{"epoch": 1}]), "sample 1 has no id")
        refused(changed(samples=[{"id": "x", "epoch": 1001}]), "epochs are 1 to 1000")
        refused(changed(samples=[{"id": "x", "scores": {"s%d" % i: {"value": 1} for i in range(65)}}]), "more than 64 scorers")
        refused("PK\x03\x04...", "inspect log convert")
        refused("[" * 100000, "bad.json")
        # 64 scorers and epoch 1000 are fine, and what is no number is left out and said
        home.file("ok.json", changed(samples=[{"id": "x", "epoch": 1000, "scores": {"s%d" % i: {"value": [1]} for i in range(64)}}]))
        got = home.json("import", "ok.json", "--json")
        assert got["trials"] == 1000 and home.json("runs", "--json")[0]["failed"] == 999
        # what Python writes and JSON has not
        text = good.replace('"value": 0.01', '"value": NaN')
        log["samples"][0]["scores"]["match"]["value"] = float("nan")
        home.file("nan.json", json.dumps(log))
        assert "NaN" in open(os.path.join(home.path, "nan.json")).read() and text
        got = home.json("import", "nan.json", "--json")
        row = json.loads(home.run("export", got["run"], "-f", "jsonl").out.splitlines()[0])
        assert row["scores"]["match"] is None and "no number" in row["notes"]["match"]


# --- answers ---------------------------------------------------------------------------------------------------------

def harness_value(text, gold, regex=None, pick=0, ignore=(), case=False, punctuation=False, numbers=False):
    """lm-evaluation-harness: the regex filter, then exact_match, on trimmed texts."""
    text, gold = text.strip(), gold.strip()
    if regex is not None:
        found = re.findall(regex, text)
        if not found or not -len(found) <= pick < len(found):
            return 0.0
        text = found[pick]
        if isinstance(text, tuple):
            text = next((m for m in text if m), "")
        text = text.strip()
    for r in ignore:
        text, gold = re.sub(r, "", text), re.sub(r, "", gold)
    if case:
        text, gold = text.lower(), gold.lower()
    if punctuation:
        table = str.maketrans("", "", string.punctuation)
        text, gold = text.translate(table), gold.translate(table)
    if numbers:
        table = str.maketrans("", "", string.digits)
        text, gold = text.translate(table), gold.translate(table)
    return float(text == gold)


def normal(s):
    """OpenAI evals' utils.normalize."""
    s = "".join(c for c in s.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", s).split())


def evals_value(how, text, golds):
    text = text.strip()
    if how == "starts":
        return float(any(text.startswith(g.strip()) for g in golds))
    if how == "includes":
        return float(any(g.strip() in text for g in golds))

    def fuzzy(a, b):
        a, b = normal(a), normal(b)
        return a == b if not a or not b else a in b or b in a
    return float(any(fuzzy(text, g) for g in golds))


def echoed(home, cases, metrics):
    """Scores of texts, as if a model had said them: sim:echo says its prompt."""
    home.file("cases.jsonl", "".join(json.dumps({"id": str(i), "input": t, "expected": g}) + "\n" for i, (t, g) in enumerate(cases)))
    home.file("task.json", json.dumps({"name": "echo", "models": ["sim:echo"], "prompt": "{{ input }}", "dataset": "cases.jsonl", "metrics": metrics}))
    child = home.run("run", "task.json", "--speed", 0, "-q", "--fresh")
    assert child.returncode in (0, 1), child.err
    return [json.loads(line) for line in home.run("export", "last", "-f", "jsonl", "--transcripts").out.splitlines()]


@test
def answer_match_gives_what_the_harness_and_openai_evals_give():
    rng = random.Random(7)
    pieces = ["The answer is", "42", "#### 42", "#### -7", "1,234.5", "yes", "Yes", "No.", "Paris", "paris!", "a", "the", "an apple", "B", "(B)", "\n", "$3", "x y"]
    golds = ["42", "-7", "1,234.5", "yes", "Paris", "apple", "B", "#### 42", "the answer is 42", "x  y"]
    kinds = {
        "plain": {}, "case": {"ignore_case": True}, "all": {"ignore_case": True, "ignore_punctuation": True, "ignore_numbers": True},
        "strict": {"regex": r"#### (\-?[0-9\.\,]+)"}, "last": {"regex": r"(-?[$0-9.,]{2,})|(-?[0-9]+)", "pick": -1},
        "second": {"regex": r"[A-Za-z]+", "pick": 1}, "dropped": {"ignore": [",", r"\$", r"(?s).*#### ", r"\.$"]},
    }
    hows = ("starts", "includes", "fuzzy")
    cases = [(" ".join(rng.choice(pieces) for _ in range(rng.randint(1, 5))) or "x", rng.choice(golds)) for _ in range(400)]
    cases = [(t, g) for t, g in cases if t.strip()]
    metrics = [{"metric": "answer_match", "name": n, **o} for n, o in kinds.items()] + [{"metric": "answer_match", "name": h, "how": h} for h in hows]
    with Home() as home:
        rows, seen, count = echoed(home, cases, metrics), {}, 0
        for (text, gold), row in zip(cases, rows):
            said = row["transcript"]["turns"][-1]["response"]
            assert said == text.strip()
            for name, o in kinds.items():
                want = harness_value(text, gold, o.get("regex"), o.get("pick", 0), o.get("ignore", ()), o.get("ignore_case"),
                                     o.get("ignore_punctuation"), o.get("ignore_numbers"))
                assert row["scores"][name] == want, (name, text, gold, row["scores"][name], want)
                seen.setdefault(name, set()).add(want)
                count += 1
            for how in hows:
                want = evals_value(how, text, [gold])
                assert row["scores"][how] == want, (how, text, gold, row["scores"][how], want)
                seen.setdefault(how, set()).add(want)
                count += 1
        assert all(s == {0.0, 1.0} for s in seen.values()), seen
        print("       %d verdicts, all equal" % count)
        pairs = [('{"a": 1, "b": [2]}', '{"b":[2.0],"a":1}', 1), ('{"a": 1}', '{"a": 2}', 0), ("[1, 2]", "[2, 1]", 0), ("no json", '{"a": 1}', 0), ('"x"', '"x"', 1)]
        rows = echoed(home, [(t, [g]) for t, g, _ in pairs], [{"metric": "answer_match", "how": "json"}])
        assert [r["scores"]["answer_match"] for r in rows] == [w for _, _, w in pairs]


@test
def answer_match_says_what_its_options_may_be():
    with Home() as home:
        for options, words in (({"how": "equal"}, "did you mean \"equals\""), ({"regex": "("}, "regex"), ({"pick": 1}, "pick says"),
                               ({"ignore": ["x"] * 17}, "at most 16"), ({"ignore": [1]}, "pattern 1"), ({"ignore_case": 1}, "true or false"),
                               ({"regexp": "x"}, "it knows key regex")):
            home.file("t.json", json.dumps({"name": "t", "models": ["sim:echo"], "prompt": "x", "metrics": [{"metric": "answer_match", **options}]}))
            child = home.run("validate", "t.json")
            assert child.returncode == 2 and words in child.err, (options, child.err)
        home.file("t.json", json.dumps({"name": "t", "models": ["sim:echo"], "prompt": "x", "metrics": [{"metric": "answer_match", "ignore": ["x"] * 16}]}))
        assert home.run("validate", "t.json").returncode == 0


# --- what is carried over --------------------------------------------------------------------------------------------

GSM = {"task": "sums", "dataset_path": "json", "dataset_kwargs": {"data_files": {"train": "train.jsonl", "test": "test.jsonl"}}, "test_split": "test",
       "output_type": "generate_until", "doc_to_text": "Question: {{question}}\nAnswer:", "doc_to_target": "{{answer}}",
       "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}]}
CHOICE = {**GSM, "output_type": "multiple_choice", "doc_to_choice": "{{options}}", "doc_to_target": "right", "metric_list": [{"metric": "acc"}]}
DOCS = [{"id": "d%d" % i, "question": "How much is %d and %d, all in all?" % (i, i), "answer": "%d and %d.\n#### %d" % (i, i, 2 * i),
         "options": [str(2 * i), "it's <%d>" % i, "no"], "right": 1, "many": [str(2 * i), "%d." % (2 * i)]} for i in range(1, 5)]


def without(o, *keys):
    return {k: v for k, v in o.items() if k not in keys}


# name, the task, what becomes of it: "carried", words of a warning, or words of the error
LM_EVAL = [
    ("generate_until with templates", GSM, "carried"),
    ("doc_to_text, doc_to_target: a field", {**GSM, "doc_to_text": "question", "doc_to_target": "answer"}, "carried"),
    ("doc_to_target: a list of answers", {**GSM, "doc_to_target": "many"}, "carried"),
    ("data_files: one file", {**GSM, "dataset_kwargs": {"data_files": "test.jsonl"}, "test_split": "train"}, "carried"),
    ("dataset_path: csv", {**GSM, "dataset_path": "csv", "dataset_kwargs": {"data_files": {"test": "test.csv"}}}, "carried"),
    ("validation_split", {**without(GSM, "test_split"), "validation_split": "test"}, "carried"),
    ("description", {**GSM, "description": "Solve these.\n\n"}, "carried"),
    ("num_fewshot, sampler first_n", {**GSM, "num_fewshot": 2, "fewshot_split": "train", "fewshot_config": {"sampler": "first_n"}}, "carried"),
    ("num_fewshot drawn at random", {**GSM, "num_fewshot": 2, "training_split": "train"}, "first 2 documents"),
    ("fewshot and target delimiters", {**GSM, "num_fewshot": 1, "fewshot_split": "train", "fewshot_config": {"sampler": "first_n"},
                                       "fewshot_delimiter": "\n--\n", "target_delimiter": ": "}, "carried"),
    ("generation_kwargs: until, max_gen_toks, temperature", {**GSM, "generation_kwargs": {"until": ["\n\n", "Q:"], "max_gen_toks": 50,
                                                                                        "temperature": 0.5, "do_sample": True}}, "carried"),
    ("generation_kwargs: others", {**GSM, "generation_kwargs": {"repetition_penalty": 1.1}}, "repetition_penalty"),
    ("exact_match options", {**GSM, "metric_list": [{"metric": "exact_match", "ignore_case": True, "ignore_punctuation": True,
                                                     "regexes_to_ignore": [",", "(?s).*#### "]}]}, "carried"),
    ("filters: regex, take_first", {**GSM, "filter_list": [
        {"name": "strict", "filter": [{"function": "regex", "regex_pattern": "#### (\\-?[0-9\\.\\,]+)"}, {"function": "take_first"}]},
        {"name": "flexible", "filter": [{"function": "regex", "group_select": -1, "regex_pattern": "(-?[0-9]+)"}, {"function": "take_first"}]}]}, "carried"),
    ("filters: majority_vote", {**GSM, "filter_list": [{"name": "maj", "filter": [{"function": "majority_vote"}]}]}, "majority_vote"),
    ("metrics: bleu, chrf, f1", {**GSM, "metric_list": [{"metric": "bleu"}, {"metric": "chrf"}, {"metric": "f1"}]}, "carried"),
    ("metrics: others", {**GSM, "metric_list": [{"metric": "exact_match"}, {"metric": "ter"}]}, "\"ter\""),
    ("repeats", {**GSM, "repeats": 3}, "carried"),
    ("include", {"include": "base.yaml", "task": "sub", "description": "More."}, "carried"),
    ("multiple_choice by generation", CHOICE, "by generation"),
    ("multiple_choice: doc_to_choice a list", {**CHOICE, "doc_to_choice": ["yes", "no"], "doc_to_target": "{{ 'no' }}"}, "by generation"),
    ("acc_norm", {**CHOICE, "metric_list": [{"metric": "acc_norm"}]}, "log-likelihoods"),
    ("keys of no meaning here", {**GSM, "should_decontaminate": True, "metadata": {"version": 1}, "tag": ["x"]}, "carried"),
    ("keys that are not known", {**GSM, "doc_to_smell": "x"}, "doc_to_smell"),
    ("output_type: loglikelihood", {**GSM, "output_type": "loglikelihood"}, "! log-likelihoods"),
    ("data on a hub", {**GSM, "dataset_path": "openai/gsm8k"}, "! save it as JSON lines"),
    ("process_docs", {**GSM, "process_docs": "x"}, "! process_docs"),
    ("gen_prefix", {**GSM, "gen_prefix": "Sure"}, "! gen_prefix"),
    ("!function", "task: t\ndataset_path: json\nprocess_docs: !function utils.f\ndoc_to_text: x\n", "! Python"),
    ("files outside the folder", {**GSM, "dataset_kwargs": {"data_files": "../test.jsonl"}}, "! "),
]

EVAL = {"caps": {"id": "caps.dev.v0", "description": "Capitals.", "metrics": ["accuracy"]},
        "caps.dev.v0": {"class": "evals.elsuite.basic.match:Match", "args": {"samples_jsonl": "caps.jsonl"}}}


def evals(cls="basic.match:Match", **args):
    return {**EVAL, "caps.dev.v0": {"class": "evals.elsuite." + cls, "args": {"samples_jsonl": "caps.jsonl", **args}}}


OPENAI = [
    ("Match", EVAL, "carried"), ("Includes", evals("basic.includes:Includes"), "carried"), ("FuzzyMatch", evals("basic.fuzzy_match:FuzzyMatch"), "carried"),
    ("JsonMatch", evals("basic.json_match:JsonMatch", samples_jsonl="json.jsonl"), "carried"),
    ("ignore_case, max_tokens", evals("basic.includes:Includes", ignore_case=True, max_tokens=20), "carried"),
    ("few-shot examples", evals(num_few_shot=1, few_shot_jsonl="shots.jsonl"), "carried"),
    ("input as text", evals(samples_jsonl="text.jsonl"), "carried"),
    ("samples below data/", evals(samples_jsonl="below.jsonl"), "carried"),
    ("samples with different roles", evals(samples_jsonl="mixed.jsonl"), "joined into one text"),
    ("other args", evals(shuffle=True), "\"shuffle\""),
    ("several evals in a file", {**EVAL, "other.dev.v0": EVAL["caps.dev.v0"]}, "1 evals more"),
    ("ModelBasedClassify", evals("modelgraded.classify:ModelBasedClassify"), "! Match, Includes"),
    ("samples on a server", evals(samples_jsonl="https://x/y.jsonl"), "! file of the task's folder"),
    ("files outside the folder", evals(samples_jsonl="../caps.jsonl"), "! "),
]

GOLDENS = [
    ("a list of goldens", [{"input": "Say ab, please, in full.", "expected_output": "ab", "context": ["c"], "retrieval_context": None}], "carried"),
    ("{goldens: [...]}", {"goldens": [{"input": "Say ab, please, in full.", "expected_output": "ab", "actual_output": None}]}, "carried"),
    ("camelCase members", {"goldens": [{"input": "Say ab, please, in full.", "expectedOutput": "ab", "retrievalContext": ["c"]}]}, "carried"),
]


def fixtures(home):
    lines = lambda rows: "".join(json.dumps(r) + "\n" for r in rows)  # noqa: E731
    home.file("test.jsonl", lines(DOCS))
    home.file("train.jsonl", lines(DOCS[2:]))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["question", "answer"])
    writer.writerows([d["question"], d["answer"]] for d in DOCS)
    home.file("test.csv", table.getvalue())
    home.file("base.yaml", json.dumps(GSM))
    said = lambda c: [{"role": "system", "content": "Name the capital."}, {"role": "user", "content": "Of %s, please?" % c}]  # noqa: E731
    caps = [{"input": said("France"), "ideal": ["Paris"]}, {"input": said("Peru"), "ideal": "Lima"}]
    home.file("caps.jsonl", lines(caps))
    home.file("data/below.jsonl", lines(caps))
    home.file("json.jsonl", lines([{"input": said("France as JSON"), "ideal": "{\"capital\": \"Paris\"}"}]))
    home.file("text.jsonl", lines([{"input": "Name the capital of France now.", "ideal": "Paris"}]))
    home.file("mixed.jsonl", lines(caps + [{"input": "Name the capital of Chile now.", "ideal": "Santiago"}]))
    home.file("shots.jsonl", lines([{"sample": [{"role": "system", "content": "Of Spain?", "name": "example_user"},
                                                {"role": "system", "content": "Madrid", "name": "example_assistant"}]}]))


def probe(home, name, task, suffix):
    """Runs it, and says how it went: carried, warned or refused, with what was said."""
    path = "probe" + suffix
    home.file(path, task if isinstance(task, str) else json.dumps(task))
    checked = home.run("validate", path, "--models", "sim:careful")
    if checked.returncode:
        assert checked.returncode == 2 and path in checked.err, (name, checked.err)
        return "refused", checked.err
    ran = home.run("run", path, "--models", "sim:careful", "--speed", 0, "-q", "--fresh")
    assert ran.returncode in (0, 1), (name, ran.err)
    made = home.run("import", path)
    assert made.returncode == 0 and json.loads(made.out)["cases"], (name, made.err)
    return ("warned" if "warning" in checked.err else "carried"), checked.err


def check(found, name, want, said):
    kind = "carried" if want == "carried" else "refused" if want.startswith("!") else "warned"
    assert found == kind, (name, found, kind, said)
    words = want.lstrip("! ") if want != "carried" else ""
    assert words in said, (name, words, said)


COUNTS = {}


def probes(title, rows, suffix):
    with Home() as home:
        fixtures(home)
        for name, task, want in rows:
            found, said = probe(home, name, task, suffix)
            check(found, name, want, said)
            COUNTS.setdefault(title, {"carried": [], "warned": [], "refused": []})[found].append(name)


@test
def tasks_of_lm_evaluation_harness_run_or_say_why_not():
    probes("lm-evaluation-harness", LM_EVAL, ".yaml")


@test
def evals_of_openais_registry_run_or_say_why_not():
    probes("OpenAI evals", OPENAI, ".yaml")


@test
def goldens_are_a_dataset():
    with Home() as home:
        for name, data, want in GOLDENS:
            home.file("goldens.json", json.dumps(data))
            home.file("task.yaml", "name: g\nmodels: [sim:careful]\nprompt: \"{{ input }}\"\ndataset: goldens.json\nmetrics: [exact_match]\n")
            child = home.run("run", "task.yaml", "--speed", 0, "-q", "--fresh")
            assert child.returncode in (0, 1), (name, child.err)
            row = json.loads(home.run("export", "last", "-f", "jsonl").out.splitlines()[0])
            assert row["scores"]["exact_match"] is not None, name
            COUNTS.setdefault("DeepEval goldens", {"carried": [], "warned": [], "refused": []})["carried"].append(name)


@test
def what_a_harness_task_asks_is_what_the_harness_asks():
    with Home() as home:
        fixtures(home)
        task = {**GSM, "description": "Solve.\n\n", "num_fewshot": 2, "fewshot_split": "train", "fewshot_config": {"sampler": "first_n"},
                "filter_list": [{"name": "strict", "filter": [{"function": "regex", "regex_pattern": "#### ([0-9]+)"}]}],
                "metric_list": [{"metric": "exact_match", "regexes_to_ignore": ["(?s).*#### "]}]}
        home.file("t.yaml", json.dumps(task))
        home.run("run", "t.yaml", "--models", "sim:careful", "--speed", 0, "-q")
        trial = home.json("show", "last", "0", "--json")
        shots = "".join("Question: %s\nAnswer: %s\n\n" % (d["question"], d["answer"]) for d in DOCS[2:])
        want = "Solve.\n\n" + shots + "Question: %s\nAnswer:" % DOCS[0]["question"]
        assert trial["transcript"]["turns"][0]["prompt"] == want, trial["transcript"]["turns"][0]["prompt"]
        made = json.loads(home.run("import", "t.yaml").out)
        assert made["params"] == {"temperature": 0.0, "stop": ["\n\n"]} or made["params"]["stop"] == ["\n\n"], made["params"]
        assert made["metrics"][0] == {"metric": "answer_match", "name": "strict", "ignore": ["(?s).*#### "], "regex": "#### ([0-9]+)"}
        home.file("mc.yaml", json.dumps(CHOICE))
        made = json.loads(home.run("import", "mc.yaml").out)
        assert made["cases"][0]["expected"] == "B" and made["cases"][0]["vars"]["lm_eval_choices"] == "A. 2\nB. it's <1>\nC. no\n"
        assert home.run("import", "t.yaml", "-o", "ours.json").returncode == 0
        assert home.run("run", "ours.json", "--models", "sim:careful", "--speed", 0, "-q").returncode in (0, 1)
        letters = [("B", 1), ("b", 1), (" B.", 1), ("(B)", 1), ("The answer is B", 1), ("Answer: B) because", 1), ("A", 0), ("Bee", 0), ("none", 0)]
        rows = echoed(home, [(t, "B") for t, _ in letters], made["metrics"])
        assert [r["scores"]["acc"] for r in rows] == [w for _, w in letters], [(t, r["scores"]["acc"]) for (t, _), r in zip(letters, rows)]


@test
def messages_of_an_eval_are_sent_as_messages():
    with Home() as home:
        fixtures(home)
        home.file("e.yaml", json.dumps(evals(num_few_shot=1, few_shot_jsonl="shots.jsonl")))
        assert home.run("run", "e.yaml", "--models", "sim:careful", "--speed", 0, "-q").returncode in (0, 1)
        said = home.json("show", "last", "1", "--json")["transcript"]
        assert said["system"] == "Name the capital." and said["turns"][0]["prompt"] == "Of Peru, please?"
        assert said["messages"] == [{"role": "user", "content": "Of Spain?"}, {"role": "assistant", "content": "Madrid"}]


@test
def every_ceiling_is_met_with_a_sentence():
    with Home() as home:
        fixtures(home)

        def refused(name, task, *words):
            home.file(name, json.dumps(task))
            child = home.run("validate", name, "--models", "sim:swift")
            assert child.returncode == 2, (name, child.err)
            for w in words:
                assert w in child.err, (w, child.err)
        refused("a.yaml", {**GSM, "num_fewshot": 101, "fewshot_split": "train"}, "from 0 to 100")
        refused("a.yaml", {**CHOICE, "doc_to_choice": list("abcdefghijklmnopqrstuvwxyz") + ["aa"]}, "1 to 26")
        refused("a.yaml", {**CHOICE, "doc_to_target": "{{ 9 }}"}, "no number of a choice")
        for i in range(6):
            home.file("inc%d.yaml" % i, json.dumps({"include": "inc%d.yaml" % (i + 1), "description": "x"}))
        home.file("inc6.yaml", json.dumps(GSM))
        refused("a.yaml", {"include": "inc0.yaml", "task": "deep"}, "5 deep")
        home.file("big.jsonl", "".join('{"question":"q%d","answer":"a"}\n' % i for i in range(100001)))
        refused("a.yaml", {**GSM, "dataset_kwargs": {"data_files": "big.jsonl"}}, "more than 100000 documents")
        refused("a.yaml", evals(num_few_shot=101, few_shot_jsonl="shots.jsonl"), "from 0 to 100")
        home.file("long.jsonl", json.dumps({"input": [{"role": "user", "content": "x"}] * 65, "ideal": "x"}) + "\n")
        refused("a.yaml", evals(samples_jsonl="long.jsonl"), "1 to 64 messages")
        refused("a.yaml", {**GSM, "doc_to_text": "{{ nothing_like_it }}"}, "nothing_like_it")
        refused("a.yaml", {**GSM, "doc_to_text": "{{ unclosed"}, "a.yaml")


def table():
    rows = ["| from | carried over | with a warning | refused, with a sentence |", "| --- | --- | --- | --- |"]
    for title in ("lm-evaluation-harness", "OpenAI evals", "DeepEval goldens"):
        kinds = COUNTS[title]
        rows.append("| %s | %s |" % (title, " | ".join("%d: %s" % (len(kinds[k]), "; ".join(kinds[k])) if kinds[k] else "0" for k in ("carried", "warned", "refused"))))
    return "\n".join(rows)


@test
def the_table_in_the_manual_says_what_was_found():
    if set(COUNTS) != {"lm-evaluation-harness", "OpenAI evals", "DeepEval goldens"}:
        return                              # single tests were asked for
    begin, end = "<!-- made by tests/imports: begin -->\n", "\n<!-- made by tests/imports: end -->"
    text = open(COMPAT).read()
    before, rest = text.split(begin)
    old, after = rest.split(end)
    if os.environ.get("ASSAY_TEST_WRITE"):
        open(COMPAT, "w").write(before + begin + table() + end + after)
        return
    assert old == table(), "docs/compat.md is stale: ASSAY_TEST_WRITE=1 tests/imports/run.sh writes it anew"


main()
