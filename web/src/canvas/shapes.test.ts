/** The vectors are those that the server's own tests read. */
import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/geometry.json";
import { handles, reshaped, withoutVertexAt } from "./handles";
import { inPolygon, inRing, nearestEdge, withMore, withRing, withVertex } from "./rings";
import { area, bounds, boxBetween, corners, moved, shiftInside, type Kind, type Shape } from "./shapes";
import { touches } from "./touching";

describe.each(vectors.good)("$kind $shape", ({ kind, shape, bounds: around, area: inside }) => {
  test("bounds and area are the server's", () => {
    const found = bounds(kind as Kind, shape as Shape);
    for (const [i, n] of [found.x, found.y, found.width, found.height].entries()) expect(n).toBeCloseTo(around[i]!, 6);
    expect(area(kind as Kind, shape as Shape)).toBeCloseTo(inside, 6);
  });

  test("moving it there and back changes nothing", () => {
    const there = moved(kind as Kind, shape as Shape, 3, -2);
    expect(moved(kind as Kind, there, -3, 2)).toEqual(shape);
  });
});

test("a box is the same from any two opposite corners, and nothing without an area", () => {
  const wanted = [1, 2, 3, 4];
  expect(boxBetween({ x: 1, y: 2 }, { x: 4, y: 6 })).toEqual(wanted);
  expect(boxBetween({ x: 4, y: 2 }, { x: 1, y: 6 })).toEqual(wanted);
  expect(boxBetween({ x: 4, y: 2 }, { x: 4, y: 6 })).toBeNull();
});

test("a shape stays inside the image it was inside of", () => {
  const image = { width: 100, height: 50 };
  const box = { x: 10, y: 10, width: 20, height: 20 };
  expect(shiftInside(box, image, -50, 50)).toEqual({ x: -10, y: 20 });
  expect(shiftInside({ ...box, x: -5 }, image, -3, 0)).toEqual({ x: 0, y: 0 });
});

const square = [0, 0, 10, 0, 10, 10, 0, 10];

test("a hole is not inside, nor is what lies between parts", () => {
  const shape = [[square, [4, 4, 6, 4, 6, 6, 4, 6]], [[20, 0, 30, 0, 30, 10]]];
  expect(inPolygon(shape, { x: 2, y: 2 })).toBe(true);
  expect(inPolygon(shape, { x: 5, y: 5 })).toBe(false);
  expect(inPolygon(shape, { x: 15, y: 5 })).toBe(false);
  expect(inPolygon(shape, { x: 28, y: 3 })).toBe(true);
  expect(inRing(square, { x: -1, y: 5 })).toBe(false);
});

test("the nearest edge and a vertex on it", () => {
  const near = nearestEdge(square, { x: 11, y: 4 }, true);
  expect(near).toMatchObject({ edge: 1, at: { x: 10, y: 4 }, distance: 1 });
  expect(withVertex(square, near.edge, near.at)).toEqual([0, 0, 10, 0, 10, 4, 10, 10, 0, 10]);
  expect(nearestEdge(square, { x: -1, y: 5 }, true).edge).toBe(3);
  expect(nearestEdge(square, { x: -1, y: 5 }, false).edge).not.toBe(3);
});

test("a ring that begins inside a part is a hole in it, else a part of its own", () => {
  const hole = [4, 4, 6, 4, 6, 6];
  const apart = [20, 0, 30, 0, 30, 10];
  expect(withMore([[square]], hole)).toEqual([[square, hole]]);
  expect(withMore([[square]], apart)).toEqual([[square], [apart]]);
  expect(withRing([[square, hole], [apart]], 0, 0, null)).toEqual([[apart]]);
  expect(withRing([[square]], 0, 0, null)).toBeNull();
});

test("a vertex can be taken away while three are left; a hole goes as a whole", () => {
  const at = (part: number, ring: number, vertex: number) => ({ part, ring, vertex });
  expect(withoutVertexAt("polygon", [[square]], at(0, 0, 1))).toEqual([[[0, 0, 10, 10, 0, 10]]]);
  expect(withoutVertexAt("polygon", [[[0, 0, 1, 0, 1, 1]]], at(0, 0, 1))).toBeNull();
  expect(withoutVertexAt("polygon", [[square, [4, 4, 6, 4, 6, 6]]], at(0, 1, 0))).toEqual([[square]]);
  expect(withoutVertexAt("keypoints", [1, 1, 2, 5, 5, 1], at(0, 0, 0))).toEqual([0, 0, 0, 5, 5, 1]);
  expect(withoutVertexAt("polyline", [0, 0, 1, 1], at(0, 0, 0))).toBeNull();
});

describe("dragging a handle keeps the opposite side where it is", () => {
  const shapes: [Kind, number[]][] = [
    ["box", [10, 10, 20, 30]],
    ["rotated_box", [10, 10, 20, 30, 30]],
    ["rotated_box", [10, 10, 20, 30, -120]],
  ];
  test.each(shapes)("%s %j", (kind, shape) => {
    for (const handle of handles(kind, shape, 1)) {
      if (handle.kind !== "corner") continue;
      const to = { x: handle.at.x + 3, y: handle.at.y + 2 };
      const made = reshaped(kind, shape, handle, to) as number[];
      const opposite = corners(shape)[(handle.index + 2) % 4]!;
      const near = Math.min(...corners(made).map((p) => Math.hypot(p.x - opposite.x, p.y - opposite.y)));
      const under = Math.min(...corners(made).map((p) => Math.hypot(p.x - to.x, p.y - to.y)));
      expect(near).toBeLessThan(0.03);
      expect(under).toBeLessThan(0.03);
    }
  });
});

test("the upper handle turns a shape about its middle", () => {
  const [turn] = handles("rotated_box", [0, 0, 10, 10, 0], 1);
  expect(reshaped("rotated_box", [0, 0, 10, 10, 0], turn!, { x: 50, y: 5 })).toEqual([0, 0, 10, 10, 90]);
  expect(reshaped("ellipse", [5, 5, 4, 2, 0], turn!, { x: 5, y: 50 })).toEqual([5, 5, 4, 2, 180]);
  expect(reshaped("ellipse", [5, 5, 4, 2, 0], turn!, { x: 6, y: -50 }, true)).toEqual([5, 5, 4, 2, 0]);
});

test("what a point touches", () => {
  expect(touches("ellipse", [10, 10, 8, 2, 0], { x: 17, y: 10 }, 0)).toBe(true);
  expect(touches("ellipse", [10, 10, 8, 2, 0], { x: 10, y: 13 }, 0)).toBe(false);
  expect(touches("ellipse", [10, 10, 8, 2, 90], { x: 10, y: 17 }, 0)).toBe(true);
  expect(touches("rotated_box", [0, 0, 10, 2, 45], { x: 8, y: 4 }, 0)).toBe(true);
  expect(touches("rotated_box", [0, 0, 10, 2, 45], { x: 9, y: 0.5 }, 0)).toBe(false);
  expect(touches("polyline", [0, 0, 10, 0], { x: 5, y: 2 }, 3)).toBe(true);
  expect(touches("mask", { size: [3, 4], counts: "4240" }, { x: 1.5, y: 1.5 }, 0)).toBe(true);
});
