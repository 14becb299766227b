import { describe, expect, test } from "vitest";
import { applied, creation, type Change, type State } from "../canvas/changes";
import { box, byId } from "../canvas/fixture";
import { Ledger } from "./ledger";

const start: State = { annotations: byId(box("old")), suggestions: byId(box("guess", { source: "model" })) };

/** A desk and a server that refuses what it is told to. */
function lab() {
  const ledger = new Ledger(start, start, 7);
  let here = start;
  let there = start;
  const refused: string[] = [];
  return {
    ledger,
    do(id: string, changes: Change[], refuse = false) {
      here = applied(here, changes, start, 7);
      ledger.send(id, changes);
      if (refuse) refused.push(id);
      else this.get(id, changes);
      ledger.refuse(refused);
    },
    get(id: string, changes: Change[]) {
      there = applied(there, changes, start, 7);
      ledger.settle(id);
    },
    here: () => here,
    there: () => there,
    apply: (changes: Change[]) => (here = applied(here, changes, start, 7)),
    mend(...ids: string[]) {
      const made = ledger.mend(here, ids)!;
      refused.splice(0, refused.length, ...refused.filter((id) => !made.instead.includes(id)));
      ledger.refuse(refused);
      this.get("mending", made.changes);
      there = applied(there, made.changes, start, 7);
      return made;
    },
  };
}

const moved = (id: string, x: number): Change => ({ do: "update", id, geometry: [x, 0, 10, 10] });

describe("what was refused", () => {
  const cases: Record<string, Change[]> = {
    "a new shape": [creation(box("new"))],
    "a move": [moved("old", 5)],
    "a deletion": [{ do: "delete", id: "old" }],
    "an accepted suggestion": [{ do: "accept", id: "guess" }],
    "a changed suggestion": [moved("guess", 5)],
    "a rejected suggestion": [{ do: "delete", id: "guess" }],
    several: [creation(box("new")), moved("old", 3), { do: "delete", id: "guess" }],
  };
  test.each(Object.entries(cases))("and mended is sent as it is now: %s", (_, changes) => {
    const one = lab();
    one.do("a", changes, true);
    expect(one.there()).toEqual(start);
    one.mend(changes[0]!.id);
    expect(one.there()).toEqual(one.here());
    expect(one.ledger.isRefused).toBe(false);
  });
  test.each(Object.entries(cases))("and is let go goes back to what the server has: %s", (_, changes) => {
    const one = lab();
    one.do("a", changes, true);
    one.apply(one.ledger.letGo(one.here(), [changes[0]!.id])!.changes);
    expect(one.here()).toEqual(one.there());
  });
});

test("a change of a refused shape takes all with it that was refused because of it, and nothing else", () => {
  const one = lab();
  one.do("draw", [creation(box("new"))], true);
  one.do("move", [moved("new", 4)], true);
  one.do("other", [moved("old", 9)], true);
  one.do("fine", [creation(box("fine"))]);
  const made = one.mend("new");
  expect(made.instead).toEqual(["draw", "move"]);
  expect(made.changes).toEqual([creation(box("new", { geometry: [4, 0, 10, 10] }))]);
  expect(one.ledger.knows("other")).toBe(true);
  expect(one.there().annotations.get("old")).toEqual(box("old"));
  expect(one.ledger.mend(one.here(), ["fine"])).toBeNull();
});

test("a refused shape that was taken back needs nothing more", () => {
  const one = lab();
  one.do("draw", [creation(box("new"))], true);
  one.apply([{ do: "delete", id: "new" }]);
  expect(one.ledger.mend(one.here(), ["new"])).toMatchObject({ instead: ["draw"], changes: [] });
});

test("what is still on its way counts as there, and commands of another tab are none of ours", () => {
  const { ledger } = lab();
  ledger.send("way", [moved("old", 5)]);
  ledger.refuse(["theirs"]);
  expect(ledger.isRefused).toBe(false);
  ledger.send("turn", [{ do: "update", id: "old", label: 2 }]);
  ledger.refuse(["turn"]);
  const here = applied(start, [moved("old", 5), { do: "update", id: "old", label: 2 }], start, 7);
  expect(ledger.mend(here, ["old"])?.changes).toEqual([{ do: "update", id: "old", label: 2 }]);
});
