import { expect, test } from "vitest";
import { byFollower } from "./setbacks";

test("a follower's setbacks are told together, with the newest reason; one that stands still by itself", () => {
  const aside = { follower: "metrics.work", events: 2, state: "set_aside" as const };
  expect(
    byFollower([
      { follower: "metrics.work", seq: 12, events: 0, trouble: "away", state: "stopped" },
      { ...aside, id: 2, seq: 9, trouble: "odd" },
      { ...aside, id: 1, seq: 5, trouble: "even" },
    ]),
  ).toEqual([
    { follower: "metrics.work", isStopped: true, events: 0, seqs: [12], ids: [], trouble: "away" },
    { follower: "metrics.work", isStopped: false, events: 4, seqs: [9, 5], ids: [1, 2], trouble: "odd" },
  ]);
});
