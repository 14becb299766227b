"""Runs a command and stops it when the worker that asked for it dies. Started as a program of its own.

It leads the command's process group and asks the system, twice a second, whether its parent is still there.
"""

import os
import signal
import subprocess
import sys
from types import FrameType

LOOK_SECONDS = 0.5


def main(parent: int, argv: list[str]) -> int:
    """Run `argv` to its end, or to that of the process `parent`; its exit code as a shell gives it."""
    # The command is in this process group, so it gets the signal too. A handler ends at exec; ignoring would not.
    signal.signal(signal.SIGTERM, _hear)
    try:
        command = subprocess.Popen(argv)
    except OSError as error:
        sys.stdout.write(f"{argv[0]}: {error.strerror}\n")
        return 127
    while True:
        try:
            code = command.wait(LOOK_SECONDS)
            return code if code >= 0 else 128 - code
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                command.kill()
                if os.name != "nt" and os.getpgid(0) == os.getpid():  # the group is ours, with all that it started
                    os.killpg(0, signal.SIGKILL)


def _hear(_number: int, _frame: FrameType | None) -> None:
    """The command ends, and this program after it."""


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
