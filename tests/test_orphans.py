import signal
import subprocess
import sys

import psutil
import pytest

LEAVES_ORPHANS = """
import os, subprocess, sys, time
from tfdisent.orphans import guard
guard()
ORPHAN = [sys.executable, "-c", "import time; time.sleep(120)"]
PARENT = f"import subprocess; print(subprocess.Popen({ORPHAN!r}, start_new_session=True).pid)"
for _ in range(2):
    subprocess.run([sys.executable, "-c", PARENT])
CHILD
"""


@pytest.mark.skipif(
    sys.platform != "linux", reason="Linux gives a process the children whose parents have died"
)
@pytest.mark.parametrize(
    ("child", "code"), [("os.kill(os.getpid(), 9)", 0x100 - signal.SIGKILL), ("sys.exit(3)", 3)]
)
def test_what_a_guarded_process_has_left_behind_is_killed_when_it_ends(child, code):
    program = LEAVES_ORPHANS.replace("CHILD", child)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    orphans = [int(line) for line in done.stdout.split()]
    assert len(orphans) == 2 and done.returncode == code
    assert not any(psutil.pid_exists(each) for each in orphans)


def test_a_guarded_process_goes_on_with_its_input_and_output():
    program = "from tfdisent.orphans import guard; guard(); print(input() + '!', flush=True)"
    done = subprocess.run([sys.executable, "-c", program], input="here\n", capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("here!\n", "", 0)
