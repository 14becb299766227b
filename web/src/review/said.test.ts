import { expect, test } from "vitest";
import type { Annotation } from "../canvas/changes";
import { box } from "../canvas/fixture";
import type { Schema } from "../annotate/questions";
import { said } from "./said";

const schema = {
  labels: [
    { id: 1, name: "cat" },
    { id: 2, name: "dog" },
  ],
  attributes: [
    {
      id: 3,
      name: "asleep",
      kind: "radio",
      options: [
        { id: 7, name: "yes" },
        { id: 8, name: "no" },
      ],
    },
    { id: 4, name: "blurred", kind: "checkbox" },
  ],
} as unknown as Schema;

const before = box("a", { geometry: [10, 10, 50, 50], attributes: { "3": 7 } });

test.each<[Partial<Annotation>, string[]]>([
  [{}, []],
  [{ label: 2, attributes: { "3": 8 } }, ["cat → dog", "asleep: yes → no"]],
  [{ attributes: { "4": true } }, ["asleep: yes → no answer", "blurred: no answer → yes"]],
  [{ geometry: [13, 14, 50, 50] }, ["moved by 5 px"]],
  [{ geometry: [10, 10, 60.04, 40] }, ["50 × 50 → 60 × 40 px"]],
  [{ kind: "polygon", geometry: [[[10, 10, 60, 10, 60, 60]]] }, ["reshaped"]],
  [{ group: "g", at: { z: 1 } }, ["grouped", "stacked anew"]],
])("%j is told as %j", (more, told) => {
  const was = more.kind === "polygon" ? { ...before, kind: more.kind, geometry: [[[10, 10, 60, 60, 10, 60]]] } : before;
  expect(said(was as Annotation, { ...was, ...more } as Annotation, schema)).toEqual(told);
});
