"""The PDF report and the charts, read back by other programs: poppler for the pages, Python's XML parser for the SVG."""
import glob
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from whole import ASSAY, ROOT, Home, test, main, words_task, cases_jsonl  # noqa: E402

BUILD = os.environ.get("ASSAY_BUILD", os.path.join(ROOT, "build"))
SVG = "{http://www.w3.org/2000/svg}"
CHARTS = ("frontier", "intervals", "latency", "checks", "confusion")


def tool(*words):
    done = subprocess.run(words, capture_output=True, timeout=120)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.decode("utf-8", "replace")


def text_of(path):
    return tool("pdftotext", "-layout", path, "-")


def info_of(path):
    return dict(re.findall(r"^([^:]+): +(.*)$", tool("pdfinfo", path), re.M))


def whole_document(path):
    """What every one of our documents promises; returns its number of pages."""
    info = info_of(path)
    pages = int(info["Pages"])
    assert pages >= 1 and info["Page size"].startswith("595.28 x 841.89"), info
    assert info["Creator"].startswith("assay ") and info["JavaScript"] == "no", info
    text = text_of(path).split("\f")
    for number in range(1, pages + 1):
        assert re.search(r"\b%d of %d\s*$" % (number, pages), text[number - 1]), (number, text[number - 1][-200:])
    fonts = tool("pdffonts", path).splitlines()[2:]
    assert fonts, "no font in it"
    for font in fonts:
        assert re.search(r" yes +(yes|no) +yes +\d+ +\d+$", font), ("not embedded, or without a map to Unicode", font)
    words = re.findall(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>',
                       tool("pdftotext", "-bbox", path, "-"))
    assert words
    for left, top, right, bottom, word in words:
        assert 48 < float(left) and float(right) < 549 and 40 < float(top) and float(bottom) < 826, ("off the page", word, left, top, right, bottom)
    return pages


def bookmarks(path):
    return re.findall(r"<item page=\"(\d+)\">(.*?)</item>", tool("pdftohtml", "-xml", "-i", "-stdout", path))


def report(home, *args, name="r.pdf"):
    made = home.run("report", "last", "--pdf", "-o", name, *args)
    assert made.returncode == 0 and not made.err, (made.returncode, made.err)
    return os.path.join(home.path, name)


@test
def the_document_says_the_numbers_of_the_result():
    with Home() as home:
        ran = home.run("run", os.path.join(ROOT, "examples", "support-tickets", "task.yaml"), "--speed", "100", "--quiet")
        assert ran.returncode == 0, ran.err
        path = report(home)
        result = home.json("show", "--json")
        text, pages = text_of(path), whole_document(path)
        assert pages >= 4, pages
        for v in result["variants"]:
            row = next(line for line in text.splitlines() if re.match(r"\s*%d +%s\b" % (v["rank"], re.escape(v["variant"])), line))
            row = row.replace(" ", "")                    # where a font's digits stand apart, the reader sees spaces
            assert "%.1f%%" % (100 * v["quality"]["mean"]) in row, (row, v["quality"])
            assert "%.1f\u2013%.1f" % (100 * v["quality"]["low"], 100 * v["quality"]["high"]) in row, (row, v["quality"])
        flat = re.sub(r"\s+", " ", text)
        assert re.sub(r"\s+", " ", result["recommendation"]["best_overall_text"]) in flat
        for part in home.json("explain", "--json")["parts"]:
            assert not part["sentences"] or re.sub(r"\s+", " ", part["sentences"][0]) in flat, part
        assert "%d trials" % result["run"]["trials"] in flat
        assert info_of(path)["Title"] == "support_tickets: models compared"
        for heading in ("Ranking", "Thresholds", "Failed checks", "Every metric and check", "Cost", "Worst trials", "How it was run"):
            assert heading in flat, heading
        marks = bookmarks(path)
        assert [m for m in marks if m[1] == "Worst trials"] and len([m for m in marks if m[1].startswith("Case ")]) == 20, marks
        assert all(1 <= int(page) <= pages for page, _ in marks)
        for page, title in marks:                         # a bookmark leads to the page its heading is on
            assert re.sub(r"\s+", "", title)[:20] in re.sub(r"\s+", "", text.split("\f")[int(page) - 1]), (page, title)
        links = re.findall(r'<a href="[^"]*#(\d+)">(\D[^<]*)</a>', tool("pdftohtml", "-xml", "-i", "-stdout", path))
        places = {title: page for page, title in marks}
        assert len(links) >= 9 and all(places[title] == page for page, title in links), (links, places)


@test
def the_worst_trials_are_shown_with_input_expected_and_answer():
    with Home() as home:
        words_task(home, 40, models="sim:swift, sim:chatty", extra="  - {name: never, contains: zzz, severity: critical}\n")
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode == 0
        text = text_of(report(home, "--trials", 3))
        assert len(re.findall(r"^Case c\d+ ", text, re.M)) == 3, text
        assert "3 of 80 trials with a fault" in text
        case = int(re.search(r"^Case c(\d+) ", text, re.M).group(1))
        assert "Case number %d is about" % case in text
        for word in ("input", "expected", "answered", "critical: never"):
            assert re.search(r"^\s*%s" % word, text, re.M), word
        none = text_of(report(home, "--trials", 0))
        assert "Worst trials" not in none and "Ranking" in none
        refused = home.run("report", "last", "--pdf", "--trials", 501)
        assert refused.returncode == 2 and "500" in refused.err, refused.err


@test
def a_run_without_a_finished_trial_has_a_document_too():
    with Home() as home:
        words_task(home, 5, models="openai:gpt-4o-mini")
        failed = home.run("run", "task.yaml", "--base-url", "http://127.0.0.1:9", "--attempts", 1, "--quiet", OPENAI_API_KEY="k")
        assert failed.returncode == 3, (failed.returncode, failed.err)
        path = report(home)
        whole_document(path)
        text = text_of(path)
        assert "Failed trials" in text and "5 failed" in text and "no value" in re.sub(r"\s+", " ", text), text


@test
def fifty_variants_and_long_names_break_across_pages_with_their_heads():
    with Home() as home:
        home.file("cases.jsonl", cases_jsonl(6))
        home.file("task.yaml", "name: many\nvariants:\n" + "".join(
            "  - {name: 'variant %02d %s', model: 'sim:%s', params: {temperature: 0.%02d}}\n" % (
                i, "w" * (i * 2), ("swift", "chatty", "erratic")[i % 3], i) for i in range(50)) +
            "prompt: '{{ input }}'\ndataset: cases.jsonl\nmetrics: [accuracy, cost, latency]\nchecks: [{name: short, max_words: 3}]\n")
        ran = home.run("run", "task.yaml", "--speed", 0, "--quiet")
        assert ran.returncode in (0, 3), ran.err
        path = report(home)
        whole_document(path)
        pages = text_of(path).split("\f")
        with_head = [p for p in pages if re.search(r"# +variant +.*95 % interval", p)]
        assert len(with_head) >= 2, "the ranking's head stands on each of its pages"
        rows = [line for p in with_head for line in p.splitlines() if re.match(r"\s*\d+ +variant \d\d", line)]
        assert len(rows) == 50, len(rows)


@test
def hostile_text_and_every_script_stay_on_the_page():
    with Home() as home:
        odd = [{"id": "big\u202e\u001b[31m", "input": "x" * 1000000, "expected": "y" * 300000},
               {"id": "scripts", "input": "\u05e9\u05dc\u05d5\u05dd \u4e2d\u6587 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0e44\u0e17\u0e22 \u0939\u093f\u0928\u094d\u0926\u0940 e\u0301\u0323 \u0416\u03a9\n" * 3,
                "expected": "\u0416"},
               {"id": "marks", "input": "<b>\u0000\u0007\u001b]0;t\u0007 %PDF %%EOF endobj (\\", "expected": "\u2028\u202d"},
               {"id": "lines", "input": "\n" * 5000 + "end", "expected": "\ufffe"}]
        home.file("cases.jsonl", "".join(json.dumps(c) + "\n" for c in odd))
        home.file("task.yaml", "name: 'hostile <&> (x\\) \u0416'\nmodels: [sim:swift]\nprompt: '{{ input }}'\n"
                  "dataset: cases.jsonl\nmetrics: [accuracy]\nchecks: [{name: never, contains: zzz, severity: critical}]\n")
        ran = home.run("run", "task.yaml", "--speed", 0, "--quiet")
        assert ran.returncode in (0, 3), ran.err
        path = report(home)
        pages, text = whole_document(path), text_of(path)
        assert pages < 20, pages
        assert "the first 4000 of 1000" in text and "the first 60 lines of 50" in text, text[-3000:]
        assert "\u0416\u03a9" in text and "\u202e" not in text and "\x1b" not in text
        assert os.path.getsize(path) < 3000000


@test
def what_a_bound_leaves_out_is_said():
    with Home() as home:
        home.file("cases.jsonl", cases_jsonl(1))
        home.file("task.yaml", "name: wide\nvariants:\n" + "".join(
            "  - {name: 'v%04d', model: 'sim:swift', params: {seed: %d}}\n" % (i, i) for i in range(501)) +
            "prompt: '{{ input }}'\ndataset: cases.jsonl\nmetrics: [accuracy]\n")
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode in (0, 3)
        path = report(home)
        flat = re.sub(r"\s+", " ", text_of(path))
        whole_document(path)
        for words in ("The first 500 of 501 variants.", "The first 60 of 501 variants.", "101 variants past the first 400 are not drawn."):
            assert words in flat, words
    with Home() as home:
        home.file("cases.jsonl", cases_jsonl(2))
        home.file("task.yaml", "name: long\nmodels: [sim:swift]\nprompt: '{{ input }}'\nturns: [%s]\ndataset: cases.jsonl\n" %
                  ", ".join("again %d" % i for i in range(8)) + "metrics: [accuracy]\nchecks:\n" +
                  "".join("  - {name: c%d, contains: zzz%d, severity: warning}\n" % (i, i) for i in range(15)))
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode in (0, 3)
        text = text_of(report(home))
        assert "... and 3 turns more" in text and "... and 3 failed checks more" in text, text[-3000:]
        assert "asked (turn 2 of 9)" in text and "again 0" in text


@test
def a_classification_has_its_matrices():
    with Home() as home:
        task = words_task(home, 80, models="sim:swift, sim:erratic, sim:chatty, sim:careful, sim:deep")
        with open(task) as f:
            home.file("task.yaml", f.read().replace("[accuracy, cost", "[classification, cost"))
        assert home.run("run", "task.yaml", "--speed", 0, "--quiet").returncode in (0, 3)
        path = report(home)
        whole_document(path)
        text = text_of(path)
        first = home.json("show", "--json")["variants"][0]
        labels = text[text.index("Labels", text.index("Failed checks")):]
        assert "macro F1" in labels and "The first 4 of 5 variants." in labels and "battery" in labels, labels[:3000]
        assert "accuracy %.1f %%" % (100 * first["quality"]["mean"]) in labels, first
        root = xml.etree.ElementTree.fromstring(home.run("report", "--chart", "confusion").out)
        words = [t.text for t in root.iter(SVG + "text")]
        assert words.count("(no label)") == 1 and words.count("router") == 2, words


@test
def charts_are_pictures_that_a_real_parser_reads():
    with Home() as home:
        words_task(home, 24, models="sim:swift, sim:chatty, sim:erratic")
        home.run("run", "task.yaml", "--speed", 0, "--quiet")
        for name in CHARTS:
            for width in (280, 720):
                made = home.run("report", "last", "--chart", name, "--width", width)
                assert made.returncode == 0, made.err
                root = xml.etree.ElementTree.fromstring(made.out)
                assert root.tag == SVG + "svg" and float(root.get("width")) == width and root.find(SVG + "title").text
                assert "prefers-color-scheme:dark" in made.out
        home.run("report", "last", "--chart", "intervals", "-o", "chart.svg")
        words = [t.text for t in xml.etree.ElementTree.parse(os.path.join(home.path, "chart.svg")).iter(SVG + "text")]
        means = {v["variant"]: v["quality"]["mean"] for v in home.json("show", "--json")["variants"]}
        for name, mean in means.items():
            assert name in words and "%.1f %%" % (100 * mean) in words, (name, mean, words)


@test
def every_chart_the_unit_tests_draw_is_xml_with_finite_numbers():
    program = os.path.join(BUILD, "test_eval")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, "s_"], capture_output=True, text=True, cwd=ROOT, timeout=300,
                              env={**os.environ, "ASSAY_TEST_CHARTS": folder})
        assert done.returncode == 0, done.stdout[-2000:]
        files = glob.glob(os.path.join(folder, "*.svg"))
        assert len(files) > 100, len(files)
        for path in files:
            root = xml.etree.ElementTree.parse(path).getroot()
            for node in root.iter():
                for key in ("x", "y", "cx", "cy", "r", "width", "height", "font-size", "stroke-width", "opacity"):
                    value = node.get(key)
                    assert value is None or re.fullmatch(r"-?\d+(\.\d+)?", value), (path, node.tag, key, value)
                if node.get("d"):
                    assert re.fullmatch(r"M[-\d. ]+(L[-\d. ]+)+Z?", node.get("d")), (path, node.get("d"))
        print("%d charts parsed" % len(files))


@test
def forms_files_and_mistakes():
    with Home() as home:
        words_task(home, 6)
        home.run("run", "task.yaml", "--speed", 0, "--quiet")
        short = home.run("runs").out.splitlines()[1].split()[0]
        named = home.run("report", "--pdf")
        assert named.returncode == 0 and re.fullmatch(r"words-\w+\.pdf\n", named.out), (named.out, named.err)
        whole_document(os.path.join(home.path, named.out.strip()))
        assert short in named.out, (short, named.out)
        for name in ("x.pdf", "y.pdf"):
            assert home.run("export" if name == "x.pdf" else "report", "last", "-o", name).returncode == 0
            whole_document(os.path.join(home.path, name))
        piped = subprocess.run([ASSAY, "report", "--pdf", "-o", "-"], capture_output=True, env=home.env, cwd=home.path, timeout=60)
        assert piped.returncode == 0 and piped.stdout.startswith(b"%PDF-"), piped.stderr
        assert home.run("report", "--md").out.startswith("# words")
        for args, words in ((["report"], "which form"), (["report", "--pdf", "--md"], "ask for one"),
                            (["report", "--chart", "frontire"], 'did you mean "frontier"'), (["report", "-o", "x.docx"], "no format"),
                            (["report", "--pdf", "-o", "no/such/folder/x.pdf"], "can't be written"),
                            (["report", "nosuchrun", "--pdf"], "no run"), (["report", "--chart", "latency", "--width", "9"], "280")):
            refused = home.run(*args)
            assert refused.returncode not in (0, None) and words in refused.err, (args, refused.returncode, refused.err)
        assert not glob.glob(os.path.join(home.path, "*.part"))


@test
def a_terminal_is_not_given_a_pdf():
    with Home() as home:
        words_task(home, 3)
        home.run("run", "task.yaml", "--speed", 0, "--quiet")
        for args in (["report", "--pdf", "-o", "-"], ["export", "-f", "pdf"], ["show", "-f", "pdf"]):
            main_end, end = pty.openpty()
            refused = subprocess.run([ASSAY, *args], stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.PIPE, env=home.env, timeout=60)
            os.close(end)
            os.close(main_end)
            assert refused.returncode == 2 and b"terminal" in refused.stderr, (args, refused.stderr)


@test
def only_a_pdf_opens_the_libraries_that_make_one():
    linked = tool("ldd", ASSAY)
    assert "cairo" not in linked and "pango" not in linked, linked


if __name__ == "__main__":
    main()
