"""The run: kill, start again, and see that everything continues by itself. And its table: what was hit, how often."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from scenario.crash import proof
from scenario.crash.installation import PROCESSES, Installation, NotThere, Process
from scenario.crash.outside import Receiver
from scenario.crash.steps import OPERATIONS, Steps
from scenario.crash.world import World

CELLS = list(product(OPERATIONS, PROCESSES))
FEED_SECONDS = 10.0
MOST_FEEDS = 6
PER_INSTALLATION = 50  #: kills, so that no export grows without end


@dataclass
class Outcome:
    """The hits of a run, and whatever was not as it must be."""

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    points: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    saves: int = 0
    messages: int = 0
    repeated: int = 0

    @property
    def kills(self) -> int:
        return self.hits.total()

    @property
    def missed(self) -> list[tuple[str, Process]]:
        """What was never hit."""
        return [cell for cell in CELLS if not self.hits[cell]]

    def least(self, chance: random.Random) -> tuple[str, Process]:
        """What was hit least, with the operation and the process that were hit least on the whole."""

        def key(cell: tuple[str, Process]) -> tuple[int, int]:
            row, column = (sum(n for hit, n in self.hits.items() if hit[i] == cell[i]) for i in (0, 1))
            return self.hits[cell], row + column

        least = min(map(key, CELLS))
        return chance.choice([cell for cell in CELLS if key(cell) == least])

    def __str__(self) -> str:
        wide = max(map(len, OPERATIONS))
        lines = [f"{'killed inside':{wide}}" + "".join(f"{process:>10}" for process in PROCESSES)]
        lines += [f"{one:{wide}}" + "".join(f"{self.hits[one, p]:>10}" for p in PROCESSES) for one in OPERATIONS]
        lines.append(
            f"{self.kills} kills; {self.saves} acknowledged saves; {self.messages} messages, {self.repeated} repeated"
        )
        return "\n".join(lines)


def crash(kills: int, seed: int, *, hasty: bool = True, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """So many kills, spread evenly over what can be hit, in one installation after another."""
    chance = random.Random(seed)
    outcome = Outcome()
    while outcome.kills < kills:
        _live(outcome, min(kills, outcome.kills + PER_INSTALLATION), chance, hasty, say)
    return outcome


def _live(outcome: Outcome, kills: int, chance: random.Random, hasty: bool, say: Callable[[str], None]) -> None:
    """The life of one installation, from its first start to its proof."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="penstock-crash-")))
        installation = Installation(folder, hasty)
        steps = stack.enter_context(Steps(installation.socket, chance))
        receiver = stack.enter_context(Receiver())
        stack.callback(installation.end)
        world = World(installation, receiver, chance)
        stack.callback(world.stop)
        installation.start()
        world.begin()
        while outcome.kills < kills:
            _kill_one(outcome, installation, steps, world, chance, say)
        world.finish()
        outcome.troubles += proof.troubles(world)
        if (code := installation.stop()) != 0:
            outcome.troubles.append(f"the server ended with {code} when it was asked to stop")
        outcome.saves += world.ledger.saves
        outcome.messages += receiver.got
        outcome.repeated += receiver.got - len(receiver.acted)


def _kill_one(
    outcome: Outcome,
    installation: Installation,
    steps: Steps,
    world: World,
    chance: random.Random,
    say: Callable[[str], None],
) -> None:
    """Wait until somebody is inside the step that was hit least, and kill the process that was hit least there."""
    operation, process = outcome.least(chance)
    hold = steps.hold(operation)
    for _ in range(MOST_FEEDS):
        world.feed(operation)
        if hold.wait(FEED_SECONDS) or world.ledger.troubles:
            break
    else:
        raise NotThere(f"nobody came to {operation}: {world.ledger.troubles} {world.left()}\n{installation.tail()}")
    if world.ledger.troubles:
        raise NotThere(f"{world.ledger.troubles}\n{installation.tail()}")
    installation.kill(process, chance)
    hold.release()
    outcome.hits[operation, process] += 1
    outcome.points.append(f"{process} while {operation}, before {hold.at}")
    say(outcome.points[-1])
    if process == "server":
        installation.start()
