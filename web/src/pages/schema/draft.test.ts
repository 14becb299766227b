import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { differences, drafted, edgesIn, namesIn, wanted } from "./draft";

const SCHEMA: Schemas["Schema"] = {
  version: 3,
  labels: [
    { id: 1, name: "RBC", color: "#ff0000", kinds: ["box"] },
    { id: 2, name: "hand", kinds: ["keypoints"], skeleton: { points: ["a", "b"], edges: [[0, 1]] } },
    { id: 3, name: "old", archived: true },
  ],
  attributes: [
    {
      id: 4,
      name: "focus",
      kind: "radio",
      on: [1],
      options: [
        { id: 5, name: "sharp" },
        { id: 6, name: "gone", archived: true },
      ],
      default: 5,
    },
    { id: 7, name: "why", kind: "text", on: [1], condition: { attribute: 4, one_of: [5] } },
    {
      id: 8,
      name: "place",
      kind: "tree",
      per: "file",
      options: [
        { id: 9, name: "sea" },
        { id: 10, name: "deep", parent: 9 },
      ],
    },
    { id: 11, name: "size", kind: "slider", min: 0, max: 5, step: 0.5 },
  ],
};

describe("a draft of the schema", () => {
  it("says by names what the server said by ids", () => {
    expect(wanted(drafted(SCHEMA))).toEqual({
      labels: {
        RBC: { kinds: ["box"], color: "#ff0000", foreign: {} },
        hand: { kinds: ["keypoints"], skeleton: { points: ["a", "b"], edges: [[0, 1]] }, foreign: {} },
      },
      attributes: {
        focus: {
          kind: "radio",
          per: "annotation",
          on: ["RBC"],
          options: [{ name: "sharp" }],
          required: false,
          default: "sharp",
          foreign: {},
        },
        why: {
          kind: "text",
          per: "annotation",
          on: ["RBC"],
          options: [],
          required: false,
          if: { attribute: "focus", in: ["sharp"] },
          foreign: {},
        },
        place: {
          kind: "tree",
          per: "file",
          on: [],
          options: [{ name: "sea" }, { name: "deep", parent: "sea" }],
          required: false,
          foreign: {},
        },
        size: {
          kind: "slider",
          per: "annotation",
          on: [],
          options: [],
          required: false,
          min: 0,
          max: 5,
          step: 0.5,
          foreign: {},
        },
      },
    });
  });

  it("renames a label everywhere it is named", () => {
    const before = drafted(SCHEMA);
    const labels = before.labels.map((label) => (label.name === "RBC" ? { ...label, name: "red cell" } : label));
    const after = { ...before, labels };
    const told = wanted(after);
    expect(told.labels?.["red cell"]?.was).toBe("RBC");
    expect(told.attributes?.["focus"]?.on).toEqual(["red cell"]);
    expect(differences(before, after)).toEqual(["rename label RBC to red cell"]);
  });

  it("lists what was added, changed, archived and brought back", () => {
    const before = drafted(SCHEMA);
    const [first, hand, old] = before.labels;
    const after = {
      labels: [
        { ...first!, color: "#00ff00" },
        { ...hand!, archived: true },
        { ...old!, archived: false },
        { ...first!, key: "n", name: "new" },
      ],
      attributes: before.attributes,
    };
    expect(differences(before, after)).toEqual([
      "change label RBC",
      "archive label hand",
      "bring back label old",
      "add label new",
    ]);
    expect(differences(before, before)).toEqual([]);
  });

  it("reads names and edges as they are typed", () => {
    expect(namesIn(" RBC, WBC,,RBC \n x", ["x"])).toEqual(["RBC", "WBC"]);
    expect(edgesIn("1-2, 2 - 3")).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(edgesIn("1-2, 3")).toBeUndefined();
    expect(edgesIn("")).toEqual([]);
  });
});
