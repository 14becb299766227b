import { describe, expect, test } from "vitest";
import { changesOf, merged } from "./sides";

describe("both sides' changes", () => {
  const base = { name: "a", guide: "look", review: { share: 0, by: null }, labels: [1, 2] };

  test("stand together where they are of different fields", () => {
    const mine = { ...base, guide: "look twice" };
    const theirs = { ...base, review: { share: 0.5, by: null }, labels: [1, 2, 3] };
    expect(merged(base, mine, theirs)).toEqual({ ...theirs, guide: "look twice" });
  });

  test("end in mine where both changed one field", () => {
    expect(merged(base, { ...base, name: "mine" }, { ...base, name: "theirs", guide: "x" })).toEqual({
      ...base,
      name: "mine",
      guide: "x",
    });
  });

  test("go thing by thing in lists with keys, with what either added", () => {
    const one = { key: "1", name: "RBC", color: "red" };
    const two = { key: "2", name: "WBC", color: "blue" };
    const mine = [{ ...one, name: "red cell" }, two, { key: "new", name: "mine", color: "white" }];
    const theirs = [{ ...one, color: "pink" }, two, { key: "3", name: "Platelets", color: "grey" }];
    expect(merged([one, two], mine, theirs)).toEqual([
      { key: "1", name: "red cell", color: "pink" },
      two,
      { key: "3", name: "Platelets", color: "grey" },
      { key: "new", name: "mine", color: "white" },
    ]);
  });

  test("lose what one took away and the other left alone", () => {
    const [one, two] = [
      { key: "1", n: 1 },
      { key: "2", n: 2 },
    ];
    expect(merged([one, two], [one], [one, two])).toEqual([one]);
    expect(merged([one, two], [{ ...one, n: 5 }, two], [one])).toEqual([{ key: "1", n: 5 }]);
  });
});

test("what a side changed is told field by field", () => {
  const base = { guide: "look", review: { share: 0 }, labels: [1], lease_seconds: 60 };
  const side = { guide: "look twice", review: { share: 0.5 }, labels: [1, 4], lease_seconds: 60 };
  expect(changesOf(base, side, { guide: "Guide" })).toEqual([
    { what: "Guide", value: "look twice" },
    { what: "review, share", value: "0.5" },
    { what: "labels", value: "1, 4" },
  ]);
});
