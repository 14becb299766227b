import { expect, test } from "vitest";
import { changesOf } from "./history";

type State = Parameters<typeof changesOf>[0][number];

const state = (id: string, created_seq: number, retired_seq: number | null): State => ({
  id,
  created_seq,
  retired_seq,
  kind: "box",
  label: 1,
  geometry: "[1,2,3,4]",
  attributes: {},
  source: "person",
  confidence: null,
  origin: "person",
  author: 1,
  task: null,
  gone: false,
  at: `2026-01-${created_seq}`,
  by: 1,
  retired_at: retired_seq === null ? null : `2026-01-${retired_seq}`,
  retired_by: retired_seq === null ? null : 2,
});

test("who drew it is told beside who brought it in", () => {
  const [moment] = changesOf([
    { ...state("a", 5, null), author: 3 },
    { ...state("b", 5, null), author: 4 },
    { ...state("c", 5, null), author: 3 },
  ]);
  expect([moment?.by, moment?.authors]).toEqual([1, [3, 4]]);
});

test("a revision tells what it made, changed and removed", () => {
  expect(
    changesOf([state("a", 5, 9), state("b", 5, null), state("a", 9, 12), state("c", 9, null)]).map(
      ({ seq, created, changed, removed, by }) => [seq, created, changed, removed, by],
    ),
  ).toEqual([
    [5, 2, 0, 0, 1],
    [9, 1, 1, 0, 1],
    [12, 0, 0, 1, 2],
  ]);
});
