/** Handles of a selected shape, and what dragging one makes of it. Pure. */

import { withMoved, withoutVertex, withRing, withVertex, type Place } from "./rings";
import {
  corners,
  ellipseBox,
  ellipseIn,
  flat,
  middle,
  points,
  polygon,
  rounded,
  turned,
  type Kind,
  type Point,
  type Shape,
} from "./shapes";

export type Handle =
  | { kind: "corner"; index: number; at: Point }
  | { kind: "side"; index: number; at: Point }
  | { kind: "turn"; at: Point }
  | { kind: "vertex"; place: Place; at: Point }
  | { kind: "edge"; place: Place; at: Point };

/** How far the handle that turns a shape is from its upper side, in screen pixels. */
export const ARM = 24;
const MOST_VERTICES = 400;

/** The handles of a shape, in image coordinates, those on top first. `pixel` is one screen pixel in the image's. */
export function handles(kind: Kind, shape: Shape, pixel: number): Handle[] {
  switch (kind) {
    case "box":
      return boxHandles(flat(shape));
    case "rotated_box":
      return [turnHandle(flat(shape), pixel), ...boxHandles(flat(shape))];
    case "ellipse": {
      const box = ellipseBox(flat(shape));
      return [turnHandle(box, pixel), ...boxHandles(box)];
    }
    case "polygon":
      return polygon(shape).flatMap((part, p) =>
        part.flatMap((ring, r) => lineHandles(ring, { part: p, ring: r, vertex: 0 }, true)),
      );
    case "polyline":
      return lineHandles(flat(shape), { part: 0, ring: 0, vertex: 0 }, false);
    case "point":
      return [vertex({ x: flat(shape)[0]!, y: flat(shape)[1]! }, 0)];
    case "keypoints":
      return points(flat(shape), 3).flatMap((p, i) => (flat(shape)[i * 3 + 2] === 0 ? [] : [vertex(p, i)]));
    default:
      return [];
  }
}

const vertex = (at: Point, index: number): Handle => ({
  kind: "vertex",
  place: { part: 0, ring: 0, vertex: index },
  at,
});

function boxHandles(box: readonly number[]): Handle[] {
  const found = corners(box);
  return [
    ...found.map((at, index): Handle => ({ kind: "corner", index, at })),
    ...found.map((at, index): Handle => ({ kind: "side", index, at: halfway(at, found[(index + 1) % 4]!) })),
  ];
}

function turnHandle(box: readonly number[], pixel: number): Handle {
  const at = { x: box[0]! + box[2]! / 2, y: box[1]! - ARM * pixel };
  return { kind: "turn", at: turned(at, middle(box), box[4] ?? 0) };
}

function lineHandles(line: readonly number[], place: Place, closed: boolean): Handle[] {
  const all = points(line);
  const vertices = all.map((at, i): Handle => ({ kind: "vertex", place: { ...place, vertex: i }, at }));
  if (all.length > MOST_VERTICES) return vertices;
  const ends = closed ? all : all.slice(0, -1);
  const edges = ends.map((at, i): Handle => {
    return { kind: "edge", place: { ...place, vertex: i }, at: halfway(at, all[(i + 1) % all.length]!) };
  });
  return [...vertices, ...edges];
}

const halfway = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** A shape with one of its handles dragged to a point; the same when it can't be. */
export function reshaped(kind: Kind, shape: Shape, handle: Handle, to: Point, snap = false): Shape {
  switch (handle.kind) {
    case "corner":
    case "side":
      if (kind === "ellipse") return ellipseIn(resized(ellipseBox(flat(shape)), handle, to));
      return resized(flat(shape), handle, to);
    case "turn": {
      const box = kind === "ellipse" ? ellipseBox(flat(shape)) : flat(shape);
      const centre = middle(box);
      let angle = (Math.atan2(to.y - centre.y, to.x - centre.x) * 180) / Math.PI + 90;
      if (angle > 180) angle -= 360;
      if (snap) angle = Math.round(angle / 15) * 15;
      return [...flat(shape).slice(0, 4), rounded(angle)];
    }
    case "vertex":
      return withVertexAt(kind, shape, handle.place, to);
    case "edge":
      return inserted(kind, shape, handle.place, to);
  }
}

/** A box with a corner or a side dragged: the opposite one stays where it is. */
function resized(box: number[], handle: { kind: "corner" | "side"; index: number }, to: Point): number[] {
  const [x, y, w, h] = box as [number, number, number, number];
  const angle = box[4] ?? 0;
  const centre = middle(box);
  const p = turned(to, centre, -angle);
  let [left, top, right, bottom] = [x, y, x + w, y + h];
  const sides = handle.kind === "corner" ? CORNER_SIDES[handle.index]! : [handle.index];
  for (const side of sides) {
    if (side === 0) top = p.y;
    if (side === 1) right = p.x;
    if (side === 2) bottom = p.y;
    if (side === 3) left = p.x;
  }
  const width = Math.max(0.01, rounded(Math.abs(right - left)));
  const height = Math.max(0.01, rounded(Math.abs(bottom - top)));
  const made = { x: Math.min(left, right) + width / 2, y: Math.min(top, bottom) + height / 2 };
  const now = turned(made, centre, angle);
  const start = [rounded(now.x - width / 2), rounded(now.y - height / 2), width, height];
  return box.length > 4 ? [...start, angle] : start;
}

/** The sides that meet at each corner: 0 top, 1 right, 2 bottom, 3 left. */
const CORNER_SIDES = [
  [0, 3],
  [0, 1],
  [2, 1],
  [2, 3],
];

function withVertexAt(kind: Kind, shape: Shape, place: Place, to: Point): Shape {
  switch (kind) {
    case "polygon": {
      const ring = polygon(shape)[place.part]![place.ring]!;
      return withRing(polygon(shape), place.part, place.ring, withMoved(ring, place.vertex, to));
    }
    case "keypoints": {
      const made = [...flat(shape)];
      made[place.vertex * 3] = rounded(to.x);
      made[place.vertex * 3 + 1] = rounded(to.y);
      return made;
    }
    default:
      return withMoved(flat(shape), place.vertex, to);
  }
}

function inserted(kind: Kind, shape: Shape, place: Place, to: Point): Shape {
  if (kind !== "polygon") return withVertex(flat(shape), place.vertex, to);
  const ring = polygon(shape)[place.part]![place.ring]!;
  return withRing(polygon(shape), place.part, place.ring, withVertex(ring, place.vertex, to));
}

/** A shape without one of its vertices; null when it can't be without it. A hole of three points goes as a whole. */
export function withoutVertexAt(kind: Kind, shape: Shape, place: Place): Shape {
  switch (kind) {
    case "polygon": {
      const ring = polygon(shape)[place.part]![place.ring]!;
      return withRing(polygon(shape), place.part, place.ring, withoutVertex(ring, place.vertex, 3));
    }
    case "polyline":
      return withoutVertex(flat(shape), place.vertex, 2);
    case "keypoints": {
      const made = flat(shape).map((n, i) => (Math.floor(i / 3) === place.vertex ? 0 : n));
      return made.some((n, i) => i % 3 === 2 && n > 0) ? made : null;
    }
    default:
      return null;
  }
}
