#!/usr/bin/env python3
"""tools/man.py ASSAY > docs/assay.1: the man page, made from what the program says of itself."""
import re
import subprocess
import sys


def ask(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True, check=True,
                          env={"COLUMNS": "400", "NO_COLOR": "1", "HOME": "/nowhere", "PATH": "/usr/bin:/bin"}).stdout


def roff(text):
    return re.sub(r"(?m)^\.", r"\\&.", text.replace("\\", "\\e").replace("-", "\\-"))


overview = ask("help")
print('.TH ASSAY 1\n.SH NAME\nassay \\- compare language models on a task\n.SH SYNOPSIS\n.B assay\n.I COMMAND\n[options]')
print(".SH DESCRIPTION\n" + roff("Runs a task over many language models, scores every answer, prices it, ranks the models "
                                "with intervals, and keeps everything behind the answer."))
print(".SH COMMANDS")
for name in re.findall(r"(?m)^  (\w+)  ", overview):
    page = ask("help", name).rstrip("\n").split("\n")
    print(".SS " + roff(page[0]))
    options = False
    for line in page[2:]:
        found = re.match(r"^  (-\S | {3})(--\S+(?: \S+)?)(?: {2,}(.*))?$", line)
        if line == "Options":
            options = True
        elif options and found:
            print(".TP\n.B " + roff((found.group(1) or "").strip() + " " + found.group(2)).strip() + "\n" + roff(found.group(3) or ""))
        elif line.strip():
            print(roff(line.strip()))
        else:
            print(".PP")
print(".SH EXIT STATUS\n" + roff("0 done, 1 a threshold was missed, 2 bad input, 3 some trials failed or the run was stopped, "
                                "4 environment (no key, store unusable), 130 interrupted (saved)."))
print(".SH ENVIRONMENT\n" + roff("ASSAY_HOME, XDG_DATA_HOME: where runs lie. OPENAI_API_KEY and its like (assay providers lists "
                                "them), or NAME_FILE naming a file. ASSAY_LOG: level of the log on standard error. NO_COLOR."))
