"""Keeps one worker process alive beside the server: started again when it dies, stopped with the server."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

logger = logging.getLogger(__name__)

STOP_SECONDS = 30.0
SHORT_LIFE_SECONDS = 5.0
_FRUGAL = {"MALLOC_ARENA_MAX": "2"}
"""glibc has an arena for each thread, and what bulk jobs leave in theirs isn't given back: twice the memory."""
_PAUSES = (0.1, 0.5, 2.0, 5.0, 10.0)


class Child:
    """A supervised process. Its standard input gives it a line to begin with, and ends when we do, even by kill -9."""

    def __init__(
        self, command: Sequence[str], told: bytes, stop_seconds: float = STOP_SECONDS, niceness: int = 0
    ) -> None:
        self._command = list(command)
        self._told = told
        self._stop_seconds = stop_seconds
        self._niceness = niceness
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_told = False
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._supervise, name="penstock supervisor", daemon=True)

    def prepare(self) -> None:
        """Begin the process, which waits for its line: what it needs for that takes most of a start."""
        self._thread.start()

    def start(self) -> None:
        """Begin it, and tell it the line."""
        with self._telling:
            self._is_told = True
            if self._process is not None:
                _tell(self._process, self._told)
        if not self._thread.is_alive():
            self._thread.start()

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def stop(self) -> None:
        """Ask it to finish what it is at, and wait for that; end it when it takes too long. Safe to repeat."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(self._stop_seconds)
            except subprocess.TimeoutExpired:
                logger.warning("the worker did not stop within %g s: it is killed, its jobs start again", STOP_SECONDS)
                process.kill()
                process.wait()
        if self._thread.is_alive():
            self._thread.join(self._stop_seconds)

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                env=_FRUGAL | os.environ,
                start_new_session=True,  # Ctrl-C in the terminal is the server's to pass on
            )
            self._make_nice(process)
            with self._telling:
                self._process = process
                if self._is_told:
                    _tell(process, self._told)
            if self._stopping.is_set():  # `stop` may have looked before there was a process to end
                process.terminate()
            code = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if self._stopping.is_set():
                return
            failures = failures + 1 if time.monotonic() - began < SHORT_LIFE_SECONDS else 0
            logger.warning("the worker ended (%s); it is started again", code)
            self._stopping.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])

    def _make_nice(self, process: "subprocess.Popen[bytes]") -> None:
        """At once: half of what a start costs is over before the program could do it."""
        if self._niceness and hasattr(os, "setpriority"):
            with suppress(ProcessLookupError):  # it died at birth
                os.setpriority(os.PRIO_PROCESS, process.pid, self._niceness)


def _tell(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
    except (BrokenPipeError, ValueError):
        pass  # it died at birth, or while it waited; the supervisor sees that next
