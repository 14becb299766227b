/** Every key of the annotator's screen. The `?` sheet is printed from this list. */

import { drawing as words } from "../words/drawing";
import type { Action } from "./keys";

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0];

const tools: readonly [string, string][] = [
  ["tool.select", "V"],
  ["tool.box", "B"],
  ["tool.rotated_box", "R"],
  ["tool.polygon", "P"],
  ["tool.polyline", "L"],
  ["tool.point", "."],
  ["tool.keypoints", "K"],
  ["tool.ellipse", "O"],
  ["tool.brush", "M"],
  ["tool.eraser", "E"],
];

const one =
  (group: string) =>
  (id: string, keys: string | string[], more: Partial<Action> = {}): Action => ({
    id,
    title: words.keys[id] ?? id,
    group,
    keys: typeof keys === "string" ? [keys] : keys,
    ...more,
  });

const tool = one(words.groups.tools);
const label = one(words.groups.labels);
const shape = one(words.groups.shapes);
const suggestion = one(words.groups.suggestions);
const view = one(words.groups.view);
const task = one(words.groups.task);

export const ACTIONS: readonly Action[] = [
  ...tools.map(([id, key]) => tool(id, key)),
  tool("press", "U"),
  tool("press-shift", "Shift+U"),
  tool("tags", "T"),
  tool("smaller", "[", { repeats: true }),
  tool("larger", "]", { repeats: true }),
  ...DIGITS.map((digit, at) => label(`label.${at}`, String(digit))),
  label("palette", "/"),
  label("repeat", "N"),
  shape("finish-shape", "Enter"),
  shape("delete", ["Backspace", "Delete"]),
  shape("cancel", "Escape"),
  shape("next-shape", "Tab", { repeats: true }),
  shape("previous-shape", "Shift+Tab", { repeats: true }),
  ...(["Left", "Right", "Up", "Down"] as const).flatMap((to) => [
    shape(`nudge.${to}`, `Arrow${to}`, { repeats: true }),
    shape(`nudge10.${to}`, `Shift+Arrow${to}`, {
      repeats: true,
    }),
  ]),
  shape("undo", "Ctrl+Z", { repeats: true }),
  shape("redo", ["Ctrl+Shift+Z", "Ctrl+Y"], { repeats: true }),
  shape("copy", "Ctrl+C"),
  shape("paste", "Ctrl+V"),
  shape("duplicate", "Ctrl+D"),
  shape("group", "Ctrl+G"),
  shape("all", "Ctrl+A"),
  shape("back", "Ctrl+["),
  shape("front", "Ctrl+]"),
  shape("previous-image", "C"),
  shape("lock", "J"),
  suggestion("accept", "A"),
  suggestion("reject", "X"),
  suggestion("accept-all", "Shift+A"),
  view("hide", "H"),
  view("hide-others", "Shift+H"),
  view("bare", "`", { hold: true }),
  view("pan", "Space", { hold: true }),
  view("zoom-in", ["+", "="], { repeats: true }),
  view("zoom-out", "-", { repeats: true }),
  view("fit", "Z"),
  view("image", "I"),
  view("crosshair", "W"),
  view("differences", "Y"),
  task("finish", ["F", "Ctrl+Enter"]),
  task("previous", "D"),
  task("skip", "S"),
  task("guide", "G"),
  task("comment", "Q"),
  task("return", "Shift+R"),
  task("keys", "?"),
];
