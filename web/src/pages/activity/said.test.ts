import { expect, it } from "vitest";
import { linkOf, nameOf, type Names } from "./said";

const NAMES: Names = {
  person: new Map([[1, "Ann"]]),
  template: new Map([[2, "first pass"]]),
  dataset: new Map([[3, "gold"]]),
  action: new Map([[4, "early export"]]),
};

it("says names in place of ids", () => {
  expect(nameOf({ kind: "task.done", body: { task: 9, template: 2, file: 5, author: 1 } }, NAMES)).toEqual([
    "first pass",
  ]);
  expect(nameOf({ kind: "dataset.created", body: { dataset: 3, name: "gold" } }, NAMES)).toEqual(["gold"]);
  expect(nameOf({ kind: "member.added", body: { person: 1 } }, NAMES)).toEqual(["Ann"]);
  expect(nameOf({ kind: "x.y", body: { template: 99 } }, NAMES)).toEqual([]);
});

it("leads to what an event speaks of", () => {
  expect(linkOf(7, { kind: "task.done", body: { file: 5, template: 2 } })).toBe("/p/7/files/5");
  expect(linkOf(7, { kind: "action.failed", body: { action: 4, run: 6 } })).toBe("/p/7/actions/4/runs/6");
  expect(linkOf(7, { kind: "dataset.renamed", body: { dataset: 3 } })).toBe("/p/7/data/3");
  expect(linkOf(7, { kind: "member.added", body: { person: 1 } })).toBeNull();
});
