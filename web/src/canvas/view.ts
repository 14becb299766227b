/** Where the image lies on the screen. Pure: screen = image * scale + offset. */

import type { Bounds, Point, Size } from "./shapes";

export interface View {
  scale: number;
  x: number;
  y: number;
}

export const MARGIN = 16;
const LARGEST_SCALE = 64;

export const toScreen = (view: View, p: Point): Point => ({
  x: p.x * view.scale + view.x,
  y: p.y * view.scale + view.y,
});

export const toImage = (view: View, p: Point): Point => ({
  x: (p.x - view.x) / view.scale,
  y: (p.y - view.y) / view.scale,
});

/** The whole of some bounds in the middle of the screen, with a margin; never more than 8 times as large. */
export function fit(of: Bounds, screen: Size, margin = MARGIN, largest = 8): View {
  const scale = Math.min(
    largest,
    Math.max(1, screen.width - 2 * margin) / Math.max(1, of.width),
    Math.max(1, screen.height - 2 * margin) / Math.max(1, of.height),
  );
  return {
    scale,
    x: screen.width / 2 - (of.x + of.width / 2) * scale,
    y: screen.height / 2 - (of.y + of.height / 2) * scale,
  };
}

/** Zoomed by a factor with the point under the cursor staying there. */
export function zoomed(view: View, at: Point, factor: number, image: Size, screen: Size): View {
  const smallest = Math.min(1, fit({ x: 0, y: 0, ...image }, screen).scale) / 4;
  const scale = Math.min(LARGEST_SCALE, Math.max(smallest, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** Panned, with a corner of the image kept on the screen. */
export function panned(view: View, dx: number, dy: number, image: Size, screen: Size): View {
  const keep = 48;
  const within = (at: number, length: number, end: number): number => Math.min(end - keep, Math.max(keep - length, at));
  return {
    scale: view.scale,
    x: within(view.x + dx, image.width * view.scale, screen.width),
    y: within(view.y + dy, image.height * view.scale, screen.height),
  };
}

/** What of the image is on the screen. */
export function visible(view: View, screen: Size): Bounds {
  const from = toImage(view, { x: 0, y: 0 });
  return { x: from.x, y: from.y, width: screen.width / view.scale, height: screen.height / view.scale };
}
