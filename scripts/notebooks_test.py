"""Checks that notebooks run headless, and that a failing cell makes the run fail and report the reason.

    python scripts/notebooks_test.py        (see kernel_test.py for what must be installed)

Papermill has no translator for this kernel's language, so its -p does not work here: a notebook takes its
parameters from environment variables, as in `SERA_SCALE=small papermill in.ipynb out.ipynb`.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

GOOD = ["const scale: string = process.env.SERA_SCALE ?? 'full';", "scale", "console.log(6 * 7)", "process.cwd()"]
BAD = ["1 + 1", "throw new RangeError('beyond the last pair')", "console.log('never')"]
UNTYPED = ["const count: number = 'three';"]


class NotebookTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def run_notebook(self, runner, cells):
        """Runs cells as a notebook; returns the finished runner process, and the notebook with its outputs."""
        notebook = new_notebook(cells=[new_code_cell(code) for code in cells])
        notebook.metadata.kernelspec = {"name": "sera", "display_name": "SeRA (TypeScript)", "language": "typescript"}
        source, target = self.folder / "in.ipynb", self.folder / "out.ipynb"
        nbformat.write(notebook, source)
        command = {
            "nbclient": ["jupyter", "execute", "in.ipynb", "--output=out.ipynb"],
            "papermill": ["papermill", "in.ipynb", "out.ipynb", "--no-progress-bar"],
        }[runner]
        command[0] = str(Path(sys.executable).parent / command[0])
        ended = subprocess.run(
            command, cwd=self.folder, env={**os.environ, "SERA_SCALE": "small"}, capture_output=True, text=True, timeout=120
        )
        return ended, nbformat.read(target, as_version=4) if target.exists() else None

    def each_runner(self, check):
        for runner in ["nbclient", "papermill"]:
            with self.subTest(runner=runner):
                check(runner)

    def test_good_notebook(self):
        def check(runner):
            ended, notebook = self.run_notebook(runner, GOOD)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            nbformat.validate(notebook)
            outputs = [cell.outputs for cell in notebook.cells]
            self.assertEqual(outputs[0], [])
            self.assertEqual(outputs[1][0].data["text/plain"], "'small'")
            self.assertEqual(outputs[2][0].text, "42\n")
            self.assertEqual(outputs[3][0].data["text/plain"], f"'{self.folder}'")

        self.each_runner(check)

    def test_failing_cell(self):
        def check(runner):
            ended, _ = self.run_notebook(runner, BAD)
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn("RangeError: beyond the last pair", ended.stderr)
            self.assertNotIn("never", ended.stdout)

        self.each_runner(check)

    def test_cell_that_does_not_compile(self):
        def check(runner):
            ended, _ = self.run_notebook(runner, UNTYPED)
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn("Type 'string' is not assignable to type 'number'", ended.stderr)

        self.each_runner(check)

    def test_failed_notebook_keeps_the_error(self):
        ended, notebook = self.run_notebook("papermill", BAD)
        errors = [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]
        self.assertEqual([(error.ename, error.evalue) for error in errors], [("RangeError", "beyond the last pair")])


if __name__ == "__main__":
    unittest.main()
