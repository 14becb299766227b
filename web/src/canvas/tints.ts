/** Masks as tinted pictures, one canvas each, kept as long as their annotation is. */

import type { Annotation } from "./changes";
import { maskBounds, runs } from "./rle";
import { mask, type Bounds } from "./shapes";

export interface Tint {
  canvas: HTMLCanvasElement;
  bounds: Bounds;
}

const kept = new WeakMap<object, Map<string, Tint>>();

/** The picture of a mask in a colour, over its bounds. */
export function tinted(of: Annotation, colour: string): Tint {
  const geometry = mask(of.geometry);
  const known = kept.get(geometry) ?? new Map<string, Tint>();
  kept.set(geometry, known);
  const found = known.get(colour) ?? tint(of, colour);
  known.set(colour, found);
  return found;
}

function tint(of: Annotation, colour: string): Tint {
  const geometry = mask(of.geometry);
  const bounds = maskBounds(geometry);
  const height = geometry.size[0];
  const width = Math.max(1, bounds.width);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.max(1, bounds.height);
  const context = canvas.getContext("2d")!;
  const data = context.createImageData(canvas.width, canvas.height);
  const into = new Uint32Array(data.data.buffer);
  const value = packed(colour);
  let at = 0;
  runs(geometry).forEach((run, i) => {
    for (let n = at; i % 2 && n < at + run; n++) {
      into[((n % height) - bounds.y) * width + Math.floor(n / height) - bounds.x] = value;
    }
    at += run;
  });
  context.putImageData(data, 0, 0);
  return { canvas, bounds };
}

/** A colour `#rrggbb` as one opaque pixel; every machine with a browser is little-endian. */
function packed(colour: string): number {
  const n = Number.parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((n & 0xff) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}
