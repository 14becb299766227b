/**
 * Masks: COCO run-length text, column-major, the first run background. The same format as the server's
 * `annotations/rle.py`: each run but the first three is stored as its difference to the run two before it, in groups of
 * five bits, six bits to a character, from "0".
 */

import type { Bounds } from "./shapes";

export interface Mask {
  size: [height: number, width: number];
  counts: string;
}

/** Lengths of background and foreground in turn. */
export function runs(mask: Mask): number[] {
  const found: number[] = [];
  let value = 0;
  let scale = 1;
  for (let i = 0; i < mask.counts.length; i++) {
    const group = mask.counts.charCodeAt(i) - 48;
    value += (group & 0x1f) * scale;
    scale *= 32;
    if (group & 0x20) continue;
    if (group & 0x10) value -= scale;
    if (found.length > 2) value += found[found.length - 2]!;
    found.push(value);
    value = 0;
    scale = 1;
  }
  return found;
}

/** Runs as text. */
export function compress(of: readonly number[]): string {
  let out = "";
  for (let i = 0; i < of.length; i++) {
    let left = i > 2 ? of[i]! - of[i - 2]! : of[i]!;
    for (;;) {
      const group = ((left % 32) + 32) % 32;
      left = Math.floor(left / 32);
      const more = group & 0x10 ? left !== -1 : left !== 0;
      out += String.fromCharCode((more ? group | 0x20 : group) + 48);
      if (!more) break;
    }
  }
  return out;
}

/** Foreground pixels. */
export function maskArea(mask: Mask): number {
  return runs(mask).reduce((sum, run, i) => sum + (i % 2 ? run : 0), 0);
}

/** The smallest box around the foreground; all zero when there is none. */
export function maskBounds(mask: Mask): Bounds {
  const height = mask.size[0];
  let left = Infinity;
  let top = Infinity;
  let right = 0;
  let bottom = 0;
  let at = 0;
  runs(mask).forEach((run, i) => {
    if (i % 2 && run) {
      const first = Math.floor(at / height);
      const last = Math.floor((at + run - 1) / height);
      left = Math.min(left, first);
      right = Math.max(right, last + 1);
      top = Math.min(top, first === last ? at % height : 0);
      bottom = Math.max(bottom, first === last ? ((at + run - 1) % height) + 1 : height);
    }
    at += run;
  });
  return right ? { x: left, y: top, width: right - left, height: bottom - top } : { x: 0, y: 0, width: 0, height: 0 };
}

/** The mask's pixels, one byte each, column by column: the pixel (x, y) is at `x * height + y`. */
export function pixels(mask: Mask): Uint8Array {
  const [height, width] = mask.size;
  const found = new Uint8Array(height * width);
  const all = spans(mask);
  for (let i = 0; i < all.length; i += 2) found.fill(1, all[i], all[i + 1]);
  return found;
}

/** Where each stretch of foreground begins and ends among those pixels, in order. */
export function spans(mask: Mask): number[] {
  const found: number[] = [];
  let at = 0;
  runs(mask).forEach((run, i) => {
    if (i % 2 && run) found.push(at, at + run);
    at += run;
  });
  return found;
}

/** The mask of such stretches, none of which touches another. */
export function maskOf(of: readonly number[], height: number, width: number): Mask {
  const found: number[] = [];
  let at = 0;
  for (const edge of of) {
    found.push(edge - at);
    at = edge;
  }
  if (at < height * width) found.push(height * width - at);
  return { size: [height, width], counts: compress(found) };
}

/** Whether a pixel belongs. */
export function maskHolds(mask: Mask, x: number, y: number): boolean {
  const [height, width] = mask.size;
  const column = Math.floor(x);
  const row = Math.floor(y);
  if (column < 0 || row < 0 || column >= width || row >= height) return false;
  const wanted = column * height + row;
  let at = 0;
  const all = runs(mask);
  for (let i = 0; i < all.length; i++) {
    at += all[i]!;
    if (wanted < at) return i % 2 === 1;
  }
  return false;
}
