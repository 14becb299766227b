/** Painting on a mask: round strokes over column-major pixels. Pure. */

import { fromPixels, pixels, type Mask } from "./rle";
import type { Point, Size } from "./shapes";

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
  const of = mask ? pixels(mask) : new Uint8Array(height * width);
  const value = erase ? 0 : 1;
  let last = stroke[0];
  if (!last) return mask;
  disc(of, height, width, last, radius, value);
  for (const p of stroke.slice(1)) {
    const steps = Math.max(1, Math.ceil(Math.hypot(p.x - last.x, p.y - last.y) / Math.max(0.5, radius / 3)));
    for (let i = 1; i <= steps; i++) {
      const t = i / steps;
      disc(of, height, width, { x: last.x + (p.x - last.x) * t, y: last.y + (p.y - last.y) * t }, radius, value);
    }
    last = p;
  }
  return of.includes(1) ? fromPixels(of, height, width) : null;
}

/** Fill the pixels whose middles are within a circle; the one under its middle always. */
function disc(of: Uint8Array, height: number, width: number, at: Point, radius: number, value: number): void {
  const from = Math.max(0, Math.ceil(at.x - radius - 0.5));
  const to = Math.min(width - 1, Math.floor(at.x + radius - 0.5));
  for (let x = from; x <= to; x++) {
    const dx = x + 0.5 - at.x;
    const half = Math.sqrt(Math.max(0, radius * radius - dx * dx));
    const top = Math.max(0, Math.ceil(at.y - half - 0.5));
    const bottom = Math.min(height, Math.floor(at.y + half - 0.5) + 1);
    if (bottom > top) of.fill(value, x * height + top, x * height + bottom);
  }
  const column = Math.floor(at.x);
  const row = Math.floor(at.y);
  if (column >= 0 && row >= 0 && column < width && row < height) of[column * height + row] = value;
}
