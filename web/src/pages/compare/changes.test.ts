import { expect, test } from "vitest";
import type { Annotation } from "../data/queries";
import { answersOf, byFile, type Change, fieldsOf, revisionOf } from "./changes";

const box: Annotation = {
  id: "x",
  kind: "box",
  label: 1,
  geometry: [1, 2, 3, 4],
  attributes: {},
  source: "person",
  confidence: null,
};

const change = (file: number, kind: Change["change"], over: Partial<Change> = {}): Change => ({
  file,
  key: `${file}.png`,
  id: "x",
  change: kind,
  by: "person",
  before: kind === "added" ? null : box,
  after: kind === "removed" ? null : box,
  ...over,
});

test("changes are counted by file", () => {
  const found = byFile([change(2, "added"), change(2, "removed"), change(5, "added")]);
  expect(found.map(({ key, count }) => [key, count.added, count.changed, count.removed])).toEqual([
    ["2.png", 1, 0, 1],
    ["5.png", 1, 0, 0],
  ]);
});

test("a change says in which fields", () => {
  expect(
    fieldsOf(change(2, "changed", { after: { ...box, label: 2, geometry: [1, 2, 3, 5], source: "model" } })),
  ).toEqual(["label", "geometry"]);
  expect(fieldsOf(change(2, "changed", { after: { ...box, source: "model" } }))).toEqual(["source"]);
  expect(fieldsOf(change(2, "added"))).toEqual([]);
});

test("answers that differ are told by their names", () => {
  const weather = { id: 4, name: "weather", options: [{ id: 1, name: "rain" }] };
  const schema = { attributes: [weather] } as unknown as Parameters<typeof answersOf>[1];
  const [before, after] = [
    { ...box, attributes: { 4: 1, 5: true } },
    { ...box, attributes: { 5: true, 6: "wet" } },
  ];
  expect(answersOf(change(2, "changed", { before, after }), schema)).toEqual([
    { name: "weather", before: "rain", after: "" },
    { name: "6", before: "", after: "wet" },
  ]);
});

test("a state is read as it is written", () => {
  expect(revisionOf("version:7")).toEqual({ version: 7 });
  expect(revisionOf("dataset:3@1200")).toEqual({ dataset: 3, seq: 1200 });
  expect(revisionOf("dataset:3")).toBeNull();
});
