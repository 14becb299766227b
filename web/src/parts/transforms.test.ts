import { expect, test } from "vitest";
import { mapIn, mapText } from "./transforms";

test("lines rename, merge, drop and keep labels", () => {
  const map = { car: "vehicle", van: "vehicle", shadow: null, "old man": "man" };
  expect(mapIn("car = vehicle\nvan=vehicle\n\nshadow =\n old man = man ")).toEqual(map);
  expect(mapIn("tree")).toEqual({ tree: "tree" });
  expect(mapIn(mapText(map))).toEqual(map);
});
