"""`python -m tests.scenario.crash --kills 200`: kill -9, many times, and the table of what was hit."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # tests import from there

from scenario.crash.run import CELLS, crash


def main(arguments: list[str] | None = None) -> int:
    """The exit code is 0 when nothing was lost, doubled or left half, and nothing was left out in the long run."""
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patient", action="store_true", help="wait as long for dead workers as the product does")
    parser.add_argument("--quiet", action="store_true", help="print the table alone")
    told = parser.parse_args(arguments)
    say = (lambda _: None) if told.quiet else print
    outcome = crash(told.kills, told.seed, hasty=not told.patient, say=say)
    print(outcome)
    for trouble in outcome.troubles:
        print("TROUBLE", trouble)
    return 1 if outcome.troubles or (told.kills >= len(CELLS) and outcome.missed) else 0


if __name__ == "__main__":
    sys.exit(main())
