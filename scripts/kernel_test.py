"""Checks the installed kernel with Jupyter's own client and the Jupyter project's kernel tests.

    pip install --requirement scripts/requirements-test.txt
    sera kernel install --sys-prefix
    python scripts/kernel_test.py
"""

import signal
import time
import unittest

import jupyter_kernel_test
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel

KERNEL = "sera"


class ProtocolTests(jupyter_kernel_test.KernelTests):
    """Without history: the kernel keeps none, because front ends have their own."""

    kernel_name = KERNEL
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("attention")'
    code_generate_error = 'throw new RangeError("beyond")'
    code_inspect_sample = "Math.max"
    code_execute_result = [
        {"code": "1 + 1", "result": "2"},
        {"code": '"two" + " words"', "result": "'two words'"},
        {"code": "await Promise.resolve([1, 2])", "result": "[ 1, 2 ]"},
    ]
    code_display_data = [
        {"code": 'import { display } from "tslab"; display.html("<b>bold</b>")', "mime": "text/html"},
        {"code": 'display.svg("<svg xmlns=\'http://www.w3.org/2000/svg\'/>")', "mime": "image/svg+xml"},
    ]
    completion_samples = [
        {"text": "Math.hyp", "matches": ["hypot"]},
        {"text": "[1, 2].toS"},
    ]
    complete_code_samples = ["1 + 1", "const one = 1", "function f() {\n  return 1;\n}\n", "await f()"]
    incomplete_code_samples = ["function f() {", "const o = {", "`text", "[1,"]
    invalid_code_samples = ["const = 1", "1 +* 2", "}"]


class SpecTests(unittest.TestCase):
    def test_spec(self):
        spec = KernelSpecManager().get_kernel_spec(KERNEL)
        self.assertEqual(spec.language, "typescript")
        self.assertEqual(spec.interrupt_mode, "message")
        self.assertIn("SeRA", spec.display_name)


class ManagerTests(unittest.TestCase):
    """What a notebook server does with a kernel besides running cells."""

    def setUp(self):
        self.manager, self.client = start_new_kernel(kernel_name=KERNEL)
        # Waiting for a busy kernel repeats its request for information. The replies to all of them come before this one.
        self.run_cell("1")

    def tearDown(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def run_cell(self, code):
        """Runs a cell until it ends; returns its reply and its outputs."""
        outputs = []
        reply = self.client.execute_interactive(code, timeout=30, output_hook=outputs.append)
        return reply["content"], [message for message in outputs if message["msg_type"] != "status"]

    def interrupted(self, code, interrupt):
        """Starts a cell that does not end, interrupts it, and returns its reply."""
        request = self.client.execute(f'console.log("on"); {code}')
        while self.client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        interrupt()
        reply = self.client.get_shell_msg(timeout=15)
        self.assertEqual(reply["parent_header"]["msg_id"], request)
        return reply["content"]

    def check_interrupt(self, interrupt):
        self.run_cell("const kept = 41")
        for code in ["while (true) {}", "await new Promise(() => {})"]:
            with self.subTest(code=code):
                content = self.interrupted(code, interrupt)
                self.assertEqual(content["status"], "error")
                self.assertEqual(content["ename"], "Interrupted")
                reply, outputs = self.run_cell("kept + 1")
                self.assertEqual(reply["status"], "ok")
                self.assertEqual([output["content"]["data"]["text/plain"] for output in outputs if output["msg_type"] == "execute_result"], ["42"])

    def test_interrupt_by_message(self):
        self.check_interrupt(self.manager.interrupt_kernel)

    def test_interrupt_by_signal(self):
        self.check_interrupt(lambda: self.manager.signal_kernel(signal.SIGINT))

    def test_restart(self):
        self.run_cell("const forgotten = 1")
        self.manager.restart_kernel(now=False)
        self.client.wait_for_ready(timeout=30)
        reply, _ = self.run_cell("forgotten")
        self.assertEqual(reply["status"], "error")
        self.assertEqual(self.run_cell("const forgotten = 2; forgotten")[0]["status"], "ok")

    def test_shutdown_in_time(self):
        self.client.shutdown()
        deadline = time.monotonic() + 5
        while self.manager.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(self.manager.is_alive())

    def test_heartbeat(self):
        self.client.hb_channel.unpause()
        self.client.execute("while (true) {}")
        time.sleep(3)
        self.assertTrue(self.client.hb_channel.is_beating())
        self.manager.interrupt_kernel()

    def test_queue_behind_an_error_is_aborted(self):
        self.client.execute('await new Promise((done) => setTimeout(done, 300)); throw new Error("first")')
        self.client.execute('console.log("never")')
        replies = [self.client.get_shell_msg(timeout=30)["content"]["status"] for _ in range(2)]
        self.assertEqual(replies, ["error", "aborted"])


if __name__ == "__main__":
    unittest.main()
