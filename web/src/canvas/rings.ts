/** Rings, lines and where one touches them. Pure. A ring is flat, [x1, y1, ...], and not closed. */

import type { Point, Polygon, Ring } from "./shapes";
import { rounded } from "./shapes";

/** Whether a point lies within a ring, by the even-odd rule. */
export function inRing(ring: Ring, p: Point): boolean {
  let inside = false;
  const n = ring.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
    const yi = ring[i + 1]!;
    const yj = ring[j + 1]!;
    if (yi > p.y !== yj > p.y && p.x < ((ring[j]! - ring[i]!) * (p.y - yi)) / (yj - yi) + ring[i]!) inside = !inside;
  }
  return inside;
}

/** Whether a point lies in a part of a polygon and in none of its holes. */
export function inPolygon(polygon: Polygon, p: Point): boolean {
  return polygon.some(([outer, ...holes]) => inRing(outer!, p) && !holes.some((hole) => inRing(hole, p)));
}

export interface Nearest {
  /** The edge from vertex `edge` to the next. */
  edge: number;
  at: Point;
  distance: number;
}

/** The nearest place on a line through flat points; `closed` joins the last to the first. */
export function nearestEdge(line: readonly number[], p: Point, closed: boolean): Nearest {
  const n = line.length / 2;
  let best: Nearest = { edge: 0, at: { x: line[0]!, y: line[1]! }, distance: Infinity };
  for (let i = 0; i < (closed ? n : n - 1); i++) {
    const j = (i + 1) % n;
    const at = nearestOn(line[i * 2]!, line[i * 2 + 1]!, line[j * 2]!, line[j * 2 + 1]!, p);
    const distance = Math.hypot(at.x - p.x, at.y - p.y);
    if (distance < best.distance) best = { edge: i, at, distance };
  }
  return best;
}

function nearestOn(ax: number, ay: number, bx: number, by: number, p: Point): Point {
  const dx = bx - ax;
  const dy = by - ay;
  const square = dx * dx + dy * dy;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((p.x - ax) * dx + (p.y - ay) * dy) / square));
  return { x: ax + t * dx, y: ay + t * dy };
}

/** A line with a vertex more, after vertex `edge`. */
export function withVertex(line: readonly number[], edge: number, p: Point): number[] {
  const made = [...line];
  made.splice((edge + 1) * 2, 0, rounded(p.x), rounded(p.y));
  return made;
}

/** A line with a vertex elsewhere. */
export function withMoved(line: readonly number[], vertex: number, p: Point): number[] {
  const made = [...line];
  made[vertex * 2] = rounded(p.x);
  made[vertex * 2 + 1] = rounded(p.y);
  return made;
}

/** A line without a vertex; null when it would have fewer than `fewest`. */
export function withoutVertex(line: readonly number[], vertex: number, fewest: number): number[] | null {
  if (line.length / 2 <= fewest) return null;
  return line.filter((_, i) => Math.floor(i / 2) !== vertex);
}

/** Where a vertex of a polygon is: part, ring, position in the ring. */
export interface Place {
  part: number;
  ring: number;
  vertex: number;
}

/** A polygon with one ring replaced, or taken away when null; null when nothing is left. A hole goes with its outer. */
export function withRing(polygon: Polygon, part: number, ring: number, made: Ring | null): Polygon | null {
  const parts = polygon.flatMap((rings, p) => {
    if (p !== part) return [rings];
    if (made !== null) return [rings.map((old, r) => (r === ring ? made : old))];
    return ring === 0 ? [] : [rings.filter((_, r) => r !== ring)];
  });
  return parts.length ? parts : null;
}

/** A polygon with a ring more: a hole in the part that holds the ring's first point, else a part of its own. */
export function withMore(polygon: Polygon, ring: Ring): Polygon {
  const start = { x: ring[0]!, y: ring[1]! };
  const part = polygon.findIndex(([outer]) => inRing(outer!, start));
  return part < 0 ? [...polygon, [ring]] : polygon.map((rings, i) => (i === part ? [...rings, ring] : rings));
}
