/** Painting on a mask: round strokes, at the price of the pixels around the stroke, however large the image. Pure. */

import { maskOf, spans, type Mask } from "./rle";
import type { Bounds, Point, Size } from "./shapes";

/**
 * A mask with a stroke of a round brush painted onto it, or erased from it. `mask` null paints on nothing.
 * Null when no pixel is left.
 */
export function painted(
  mask: Mask | null,
  image: Size,
  stroke: readonly Point[],
  radius: number,
  erase = false,
): Mask | null {
  const height = Math.round(image.height);
  const width = Math.round(image.width);
  if (stroke.length === 0) return mask;
  const drawn = strokeSpans(stroke, radius, width, height);
  const before = mask ? spans(mask) : [];
  const after = erase ? without(before, drawn) : united(before, drawn);
  return after.length ? maskOf(after, height, width) : null;
}

/** What a stroke covers, as spans of column-major pixels: where each begins and ends, in order. */
function strokeSpans(stroke: readonly Point[], radius: number, width: number, height: number): number[] {
  const window = around(stroke, radius, width, height);
  const of = new Uint8Array(window.width * window.height);
  let last = stroke[0]!;
  disc(of, window, last, radius);
  for (const p of stroke.slice(1)) {
    const steps = Math.max(1, Math.ceil(Math.hypot(p.x - last.x, p.y - last.y) / Math.max(0.5, radius / 3)));
    for (let i = 1; i <= steps; i++) {
      const t = i / steps;
      disc(of, window, { x: last.x + (p.x - last.x) * t, y: last.y + (p.y - last.y) * t }, radius);
    }
    last = p;
  }
  const found: number[] = [];
  for (let column = 0; column < window.width; column++) {
    const first = column * window.height;
    const end = first + window.height;
    const origin = (window.x + column) * height + window.y - first;
    for (let from = of.indexOf(1, first); from >= 0 && from < end;) {
      let to = of.indexOf(0, from);
      if (to < 0 || to > end) to = end;
      found.push(origin + from, origin + to);
      from = of.indexOf(1, to);
    }
  }
  return found;
}

/** The pixels of the image that a stroke can reach. */
function around(stroke: readonly Point[], radius: number, width: number, height: number): Bounds {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (const { x, y } of stroke) {
    left = Math.min(left, Math.floor(x - radius - 1));
    top = Math.min(top, Math.floor(y - radius - 1));
    right = Math.max(right, Math.ceil(x + radius + 1));
    bottom = Math.max(bottom, Math.ceil(y + radius + 1));
  }
  const x = Math.max(0, left);
  const y = Math.max(0, top);
  return { x, y, width: Math.max(0, Math.min(width, right) - x), height: Math.max(0, Math.min(height, bottom) - y) };
}

/** Fill the pixels of a window whose middles are within a circle; the one under its middle always. */
function disc(of: Uint8Array, { x: left, y: top, width, height }: Bounds, at: Point, radius: number): void {
  const from = Math.max(0, Math.ceil(at.x - radius - 0.5) - left);
  const to = Math.min(width - 1, Math.floor(at.x + radius - 0.5) - left);
  for (let x = from; x <= to; x++) {
    const dx = left + x + 0.5 - at.x;
    const half = Math.sqrt(Math.max(0, radius * radius - dx * dx));
    const first = Math.max(0, Math.ceil(at.y - half - 0.5) - top);
    const end = Math.min(height, Math.floor(at.y + half - 0.5) + 1 - top);
    if (end > first) of.fill(1, x * height + first, x * height + end);
  }
  const column = Math.floor(at.x) - left;
  const row = Math.floor(at.y) - top;
  if (column >= 0 && row >= 0 && column < width && row < height) of[column * height + row] = 1;
}

/** Two lists of spans as one. */
function united(a: readonly number[], b: readonly number[]): number[] {
  const made: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const isFirst = j >= b.length || (i < a.length && a[i]! <= b[j]!);
    const [from, to] = isFirst ? [a[i]!, a[i + 1]!] : [b[j]!, b[j + 1]!];
    if (isFirst) i += 2;
    else j += 2;
    if (made.length && from <= made[made.length - 1]!) made[made.length - 1] = Math.max(made[made.length - 1]!, to);
    else made.push(from, to);
  }
  return made;
}

/** The first spans, but for what the second ones cover. */
function without(a: readonly number[], b: readonly number[]): number[] {
  const made: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i]!;
    const to = a[i + 1]!;
    while (j < b.length && b[j + 1]! <= from) j += 2;
    for (let k = j; k < b.length && b[k]! < to; k += 2) {
      if (b[k]! > from) made.push(from, b[k]!);
      from = Math.max(from, b[k + 1]!);
    }
    if (from < to) made.push(from, to);
  }
  return made;
}
