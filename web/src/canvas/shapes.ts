/**
 * Shapes as the API has them, and how they are measured. Pure; the vectors in tests/vectors/geometry.json are read by
 * these and by the server's own tests.
 *
 * Coordinates are pixels of the upright image, x right, y down, edges exclusive.
 */

import { maskBounds, maskArea, type Mask } from "./rle";

export type Kind = "tag" | "box" | "rotated_box" | "ellipse" | "polygon" | "polyline" | "point" | "keypoints" | "mask";
export type Ring = number[];
export type Polygon = Ring[][];
export type Shape = number[] | Polygon | Mask | null;

export interface Point {
  x: number;
  y: number;
}

export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Size {
  width: number;
  height: number;
}

export const NOWHERE: Bounds = { x: 0, y: 0, width: 0, height: 0 };

/** Flat numbers of the kinds that are a list of them. */
export const flat = (shape: Shape): number[] => shape as number[];
export const polygon = (shape: Shape): Polygon => shape as Polygon;
export const mask = (shape: Shape): Mask => shape as Mask;

/** Points of a flat list, `stride` numbers each. */
export function points(numbers: readonly number[], stride = 2): Point[] {
  const found: Point[] = [];
  for (let i = 0; i + 1 < numbers.length; i += stride) found.push({ x: numbers[i]!, y: numbers[i + 1]! });
  return found;
}

export const flatten = (of: readonly Point[]): number[] => of.flatMap((p) => [p.x, p.y]);

/** A point turned clockwise (as seen, y down) by `degrees` around another. */
export function turned(p: Point, around: Point, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const dx = p.x - around.x;
  const dy = p.y - around.y;
  return { x: around.x + dx * cos - dy * sin, y: around.y + dx * sin + dy * cos };
}

/** The middle of a box, [x, y, width, height], rotated or not. An ellipse begins with its own, [cx, cy, rx, ry, angle]. */
export function middle(shape: readonly number[]): Point {
  return { x: shape[0]! + shape[2]! / 2, y: shape[1]! + shape[3]! / 2 };
}

/** The box that an ellipse fills, at its angle. */
export function ellipseBox(shape: readonly number[]): number[] {
  const [cx, cy, rx, ry, angle] = shape as [number, number, number, number, number];
  return [cx - rx, cy - ry, 2 * rx, 2 * ry, angle];
}

/** The ellipse that fills a box, at its angle. */
export function ellipseIn(box: readonly number[]): number[] {
  const [x, y, w, h, angle] = box as [number, number, number, number, number?];
  return [rounded(x + w / 2), rounded(y + h / 2), rounded(w / 2), rounded(h / 2), angle ?? 0];
}

/** The four corners of a box, rotated or not: upper left, upper right, lower right, lower left before turning. */
export function corners(shape: readonly number[]): Point[] {
  const [x, y, w, h] = shape as [number, number, number, number];
  const upright = [
    { x, y },
    { x: x + w, y },
    { x: x + w, y: y + h },
    { x, y: y + h },
  ];
  const angle = shape[4] ?? 0;
  if (angle === 0) return upright;
  const centre = middle(shape);
  return upright.map((p) => turned(p, centre, angle));
}

export function around(of: readonly Point[]): Bounds {
  if (of.length === 0) return NOWHERE;
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const p of of) {
    if (p.x < left) left = p.x;
    if (p.x > right) right = p.x;
    if (p.y < top) top = p.y;
    if (p.y > bottom) bottom = p.y;
  }
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** Half the width and height of the upright box around an ellipse. */
function ellipseReach(shape: readonly number[]): Point {
  const [, , rx, ry, degrees] = shape as [number, number, number, number, number];
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return { x: Math.hypot(rx * cos, ry * sin), y: Math.hypot(rx * sin, ry * cos) };
}

/** The smallest upright box around a shape. Keypoints count where marked; a tag is nowhere. */
export function bounds(kind: Kind, shape: Shape): Bounds {
  switch (kind) {
    case "tag":
      return NOWHERE;
    case "box": {
      const [x, y, width, height] = shape as [number, number, number, number];
      return { x, y, width, height };
    }
    case "rotated_box":
      return around(corners(flat(shape)));
    case "ellipse": {
      const [cx, cy] = flat(shape) as [number, number];
      const reach = ellipseReach(flat(shape));
      return { x: cx - reach.x, y: cy - reach.y, width: 2 * reach.x, height: 2 * reach.y };
    }
    case "polygon":
      return around(polygon(shape).flatMap((part) => points(part[0]!)));
    case "keypoints":
      return around(marked(flat(shape)));
    case "mask":
      return maskBounds(mask(shape));
    default:
      return around(points(flat(shape)));
  }
}

/** The marked points of a keypoints shape. */
export function marked(shape: readonly number[]): Point[] {
  return points(shape, 3).filter((_, i) => shape[i * 3 + 2] !== 0);
}

/** The area within one ring, whichever way round it runs. */
export const ringArea = (ring: Ring): number => Math.abs(signedArea(ring));

/** Positive for a ring that runs clockwise as seen (y down). */
export function signedArea(ring: Ring): number {
  let twice = 0;
  const n = ring.length;
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    twice += ring[i]! * ring[j + 1]! - ring[j]! * ring[i + 1]!;
  }
  return twice / 2;
}

/** Square pixels inside: of a polygon its outer rings less their holes; of lines and points none. */
export function area(kind: Kind, shape: Shape): number {
  switch (kind) {
    case "box":
    case "rotated_box":
      return flat(shape)[2]! * flat(shape)[3]!;
    case "ellipse":
      return Math.PI * flat(shape)[2]! * flat(shape)[3]!;
    case "polygon":
      return polygon(shape).reduce(
        (sum, [outer, ...holes]) => sum + ringArea(outer!) - holes.reduce((less, hole) => less + ringArea(hole), 0),
        0,
      );
    case "mask":
      return maskArea(mask(shape));
    default:
      return 0;
  }
}

/** A hundredth of a pixel is finer than any hand, and keeps what is sent short. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Every coordinate through a function; marks of keypoints and angles stay. A mask can't be mapped. */
export function mapped(kind: Kind, shape: Shape, by: (p: Point) => Point): Shape {
  switch (kind) {
    case "tag":
    case "mask":
      return shape;
    case "polygon":
      return polygon(shape).map((part) => part.map((ring) => flatten(points(ring).map(by))));
    case "keypoints":
      return flat(shape).flatMap((_, i, all) => {
        if (i % 3 !== 0) return [];
        const p = all[i + 2] === 0 ? { x: all[i]!, y: all[i + 1]! } : by({ x: all[i]!, y: all[i + 1]! });
        return [p.x, p.y, all[i + 2]!];
      });
    case "box":
    case "rotated_box":
    case "ellipse": {
      const [x, y, ...rest] = flat(shape);
      const p = by({ x: x!, y: y! });
      return [p.x, p.y, ...rest];
    }
    default:
      return flatten(points(flat(shape)).map(by));
  }
}

/** A shape moved; its numbers rounded. */
export function moved(kind: Kind, shape: Shape, dx: number, dy: number): Shape {
  return mapped(kind, shape, (p) => ({ x: rounded(p.x + dx), y: rounded(p.y + dy) }));
}

/** The nearest shift to (dx, dy) that keeps bounds inside an image they were inside of. */
export function shiftInside(of: Bounds, image: Size, dx: number, dy: number): Point {
  const low = (at: number): number => Math.min(0, -at);
  const high = (at: number, length: number, end: number): number => Math.max(0, end - at - length);
  return {
    x: Math.min(Math.max(dx, low(of.x)), high(of.x, of.width, image.width)),
    y: Math.min(Math.max(dy, low(of.y)), high(of.y, of.height, image.height)),
  };
}

export function clamped(p: Point, image: Size): Point {
  return { x: Math.min(Math.max(p.x, 0), image.width), y: Math.min(Math.max(p.y, 0), image.height) };
}

/** The box between two opposite corners, rounded; null when it has no area. */
export function boxBetween(a: Point, b: Point): number[] | null {
  const left = rounded(Math.min(a.x, b.x));
  const top = rounded(Math.min(a.y, b.y));
  const width = rounded(Math.abs(a.x - b.x));
  const height = rounded(Math.abs(a.y - b.y));
  return width > 0 && height > 0 ? [left, top, width, height] : null;
}

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

export function union(all: readonly Bounds[]): Bounds {
  return around(
    all.flatMap((b) => [
      { x: b.x, y: b.y },
      { x: b.x + b.width, y: b.y + b.height },
    ]),
  );
}

/** Whether one box wholly holds another. */
export function holds(outer: Bounds, inner: Bounds): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
