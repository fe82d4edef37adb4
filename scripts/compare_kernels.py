"""Compares what a later cell can change in Node's REPL, Deno's kernel, IPython, tslab and this kernel: each runs the same
cells, and a Markdown table shows the results ("yes" if the result is what a reader of the cells expects).

Needs jupyter_client and ipykernel, a built checkout, and Deno if its column is wanted:
    python scripts/compare_kernels.py [path of deno]
"""

import os
import queue
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parent.parent
DENO = sys.argv[1] if len(sys.argv) > 1 else None
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
EDIT = 'writeFileSync("lib.mjs", "export const f = () => %s;\\n")'
TIMED = "let s = 0; const t0 = performance.now(); for (let i = 0; i < 1e7; i++) s += i; Math.round(performance.now() - t0)"

# What is compared, the expected output (None: a number of milliseconds), and the cells in TypeScript and in Python;
# "node" gives other cells for Node's REPL. "stop" instead of a cell interrupts the one before it.
ROWS = [
    ("assigns a variable: earlier functions see it", "20",
     ["let beta = 1; const scaled = (x) => beta * x;", "beta = 2;", "scaled(10)"],
     ["beta = 1\nscaled = lambda x: beta * x", "beta = 2", "scaled(10)"]),
    ("declares a `let` again, with another type", "text",
     ["let shape: any = 5; const shown = () => shape;", 'let shape: any = "text";', "shown()"],
     ["shape = 5\nshown = lambda: shape", "shape = 'text'", "shown()"]),
    ("defines a function again: callers use the new one", "2",
     ["function inner() { return 1 }; function outer() { return inner() }", "function inner() { return 2 }", "outer()"],
     ["def inner(): return 1\ndef outer(): return inner()", "def inner(): return 2", "outer()"]),
    ("… a class", "2",
     ["class Point { v() { return 1 } }; const make = () => new Point().v();", "class Point { v() { return 2 } }", "make()"],
     ["class Point:\n    v = 1\nmake = lambda: Point.v", "class Point:\n    v = 2", "make()"]),
    ("… an enum", "4",
     ["enum Kind { A }; const kinds = () => Object.keys(Kind).length;", "enum Kind { C = 7, D = 8 }", "kinds()"],
     ["from enum import Enum\nclass Kind(Enum):\n    A = 0\nkinds = lambda: len(Kind)", "Kind = Enum('Kind', 'a b c d')", "kinds()"]),
    ("imports a name again: earlier functions use the new one", "/a",
     ['import { basename as named } from "node:path"; const short = (x: string) => named(x);', 'import { dirname as named } from "node:path";', 'short("/a/b")'],
     ["from os.path import basename as named\nshort = lambda x: named(x)", "from os.path import dirname as named", "short('/a/b')"]),
    ("assigns what an earlier cell destructured", "30",
     ["let { p, q: [r] } = { p: 1, q: [2] }; const all = () => p + r;", "[p, r] = [10, 20];", "all()"],
     ["p, (r,) = 1, (2,)\nall_ = lambda: p + r", "p, r = 10, 20", "all_()"]),
    ("reads what an earlier cell's closure wrote", "2",
     ["let count = 0; const up = () => ++count;", "up(); up();", "count"],
     ["count = 0\ndef up():\n    global count\n    count += 1", "up(); up()", "count"]),
    ("changes what running async code reads", "7",
     ["let limit = 1; const later = new Promise((done: any) => { const look = () => (limit > 1 ? done(limit) : setTimeout(look, 5)); look(); });", "limit = 7;", "await later"],
     ["import asyncio\nlimit = 1\nasync def look():\n    while limit <= 1: await asyncio.sleep(.005)\n    return limit\nlater = asyncio.ensure_future(look())", "limit = 7", "await later"]),
    ("uses a `var` of a block", "3",
     ["if (true) { var found = 3; }", "found"],
     ["if True:\n    found = 3", "found"]),
    ("shadows a name in a block only", "1",
     ["let outside = 1;", "{ let outside = 2; outside++; }", "outside"],
     ["outside = 1", "(lambda outside: outside)(2);", "outside"]),
    ("assigns a `const` of an earlier cell", "error",
     ["const fixed = 5;", "fixed = 6;"],
     ["fixed = 5", "fixed = 6"]),
    ("names a variable as a global: modules keep theirs", "own",
     ["const fetch = () => 7;", 'const { seen } = await import("./uses.mjs");', "seen()"],
     ["len = lambda x: 7", "from uses import seen", "seen()"]),
    ("imports an edited local file", "2",
     ['import { writeFileSync } from "node:fs"; ' + EDIT % 1 + ';', 'import { f } from "./lib.mjs"; f()', EDIT % 2 + ";", 'import { f } from "./lib.mjs"; f()'],
     ["open('lib.py', 'w').write('f = lambda: 1')", "from lib import f", "open('lib.py', 'w').write('f = lambda:   2')", "from lib import f; f()"]),
    ("ends in `{ a: 1, b: 2 }`", "{ a: 1, b: 2 }",
     ["{ a: 1, b: 2 }"],
     ["{ 'a': 1, 'b': 2 }"]),
    ("ends in `null`", "null", ["null"], ["None"]),
    ("has a type error: reported before it runs", "error",
     ['const wrong: number = "text";'],
     ["wrong: int = 'text'"]),
    ("loops 10⁷ times over a top-level variable", None,
     [TIMED],
     ["import time\nt0 = time.perf_counter()\ns = 0\nfor i in range(10**7): s += i\nround((time.perf_counter() - t0) * 1000)"]),
    ("is interrupted in a loop: the variables are kept", "5",
     ["let kept = 5;", "while (true) {}", "stop", "kept"],
     ["kept = 5", "while True: pass", "stop", "kept"]),
    ("is interrupted after an `await`: it then stops", "true",
     ["let turns = 0;", "for (;;) { turns++; await new Promise((done) => setTimeout(done, 5)); }", "stop", "let before = turns; await new Promise((done) => setTimeout(done, 200)); before === turns"],
     ["import asyncio\nturns = 0", "while True:\n    turns += 1\n    await asyncio.sleep(.005)", "stop", "before = turns\nawait asyncio.sleep(.2)\n'true' if before == turns else 'false'"]),
]
USES = {"uses.mjs": 'export const seen = () => (fetch.name === "fetch" && String(fetch).length > 20 ? "own" : "the cell\'s");\n',
        "uses.py": "seen = lambda: 'own' if len('abc') == 3 else \"the cell's\"\n"}


class Kernel:
    """A kernel over the Jupyter protocol."""

    def __init__(self, argv, folder):
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(argv=argv, interrupt_mode="message" if "deno" in argv[0] else "signal")
        self.manager.start_kernel(cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code, stop=False):
        """A cell's result or output, or "error"."""
        shown = []

        def hook(message):
            content = message["content"]
            if message["msg_type"] == "error":
                shown.append("error")
            if message["msg_type"] in ("execute_result", "display_data"):
                shown.append(content["data"].get("text/plain", ""))
            if message["msg_type"] == "stream":
                shown.append("error" if content["name"] == "stderr" else content["text"])

        if not stop:
            self.client.execute_interactive(code, timeout=60, output_hook=hook)
            # Some kernels report that they are idle before they have sent all output.
            while message := self.late():
                hook(message)
            return "error" if "error" in shown else clean("".join(shown))
        self.client.execute(code)
        time.sleep(2)
        self.manager.interrupt_kernel()
        time.sleep(2)
        return ""

    def late(self):
        try:
            return self.client.get_iopub_msg(timeout=0.3)
        except queue.Empty:
            return None

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Repl:
    """Node's REPL, one line per cell."""

    def __init__(self, folder):
        self.process = subprocess.Popen(["node", "-i"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.marks = 0
        self.run("0")

    def read(self, until, seconds):
        text, end = "", time.monotonic() + seconds
        while not until(text) and time.monotonic() < end:
            text += (self.process.stdout.read() or b"").decode()
            time.sleep(0.02)
        return text

    def run(self, code, stop=False):
        # Once the mark of a second line appears, all output of the first line has been shown.
        self.marks += 1
        mark = f"mark-{self.marks}-end"
        plain = re.sub(r": (?:any|string|number)\b", "", code)
        self.process.stdin.write(f"{plain}\n".encode())
        self.process.stdin.flush()
        # A line that arrives while the REPL awaits a promise runs before the promise's value is shown.
        time.sleep(0.5)
        if stop:
            time.sleep(2)
            self.process.send_signal(2)
            time.sleep(2)
        self.process.stdin.write(f"'mark-{self.marks}-' + 'end'\n".encode())
        self.process.stdin.flush()
        text = self.read(lambda text: mark in text, 20).split(f"'{mark}'")[0]
        return "error" if re.search(r"Error\b", text) else clean(re.sub(r"^(?:> |\.\.\. |\| )+|(?:> )+$", "", text, flags=re.M))

    def close(self):
        self.process.kill()


def clean(text):
    return ESCAPES.sub("", text).strip().strip("'\"")


def open_kernel(column, folder):
    if column == "Node's REPL":
        return Repl(folder)
    argv = {
        "Deno": [DENO, "jupyter", "--kernel", "--conn", "{connection_file}"],
        "IPython": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "tslab": ["node", str(ROOT / "node_modules/tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"],
        "this kernel": ["node", str(ROOT / "dist/src/kernel/main.js"), "{connection_file}"],
    }[column]
    return Kernel(argv, folder)


def cell_of(column):
    """The entries of a column, one for each row."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in USES.items():
            Path(folder, name).write_text(text)
        kernel = open_kernel(column, folder)
        found = []
        try:
            for what, expected, typescript, python in ROWS:
                cells = python if column == "IPython" else typescript
                shown = ""
                for i, code in enumerate(cells):
                    if code == "stop":
                        continue
                    try:
                        shown = kernel.run(code, stop=cells[i + 1 : i + 2] == ["stop"])
                    except (OSError, TimeoutError) as error:
                        shown = "ends the process" if isinstance(error, BrokenPipeError) else "no answer"
                        kernel.close()
                        kernel = open_kernel(column, folder)
                        break
                found.append(f"{shown} ms" if expected is None else "yes" if shown.replace("'", "") == expected else shown.split("\n")[0][:40] or "nothing")
                print(f"{column}: {what}: {found[-1]}", file=sys.stderr, flush=True)
        finally:
            kernel.close()
    return found


if __name__ == "__main__":
    columns = ["Node's REPL", *(["Deno"] if DENO else []), "IPython", "tslab", "this kernel"]
    table = [cell_of(column) for column in columns]
    print("| a later cell … | " + " | ".join(columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for i, (what, *_) in enumerate(ROWS):
        print(f"| {what} | " + " | ".join(column[i] for column in table) + " |")
