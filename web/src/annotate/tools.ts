/** What is at hand: tools, and how the image is shown. Both stay from image to image. */

import type { Kind } from "../canvas/shapes";

export type ToolName = "select" | "brush" | "eraser" | Exclude<Kind, "tag" | "mask">;

export interface Prefs {
  brightness: number;
  contrast: number;
  gamma: number;
  crosshair: boolean;
  radius: number;
  above: number;
}

export const PLAIN: Prefs = { brightness: 1, contrast: 1, gamma: 1, crosshair: false, radius: 12, above: 0 };

export const toolFor = (kind: Kind): ToolName => (kind === "mask" ? "brush" : kind === "tag" ? "select" : kind);

export const kindFor = (tool: ToolName): Kind | null =>
  tool === "select" ? null : tool === "brush" || tool === "eraser" ? "mask" : tool;
