/** What the tests begin with. */
import type { Annotation } from "./changes";

/** A box that a person drew. */
export const box = (id: string, more: Partial<Annotation> = {}): Annotation => ({
  id,
  kind: "box",
  label: 1,
  geometry: [0, 0, 10, 10],
  attributes: {},
  source: "person",
  confidence: null,
  group: null,
  at: null,
  author: 7,
  foreign: {},
  ...more,
});

export const byId = (...all: Annotation[]): Map<string, Annotation> => new Map(all.map((one) => [one.id, one]));
