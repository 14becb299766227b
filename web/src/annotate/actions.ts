/** Every key of the annotator's screen. The `?` sheet is printed from this list. */

import type { Action } from "./keys";

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0];

const tools: readonly [string, string, string][] = [
  ["tool.select", "Select and move", "V"],
  ["tool.box", "Box", "B"],
  ["tool.rotated_box", "Rotated box", "R"],
  ["tool.polygon", "Polygon", "P"],
  ["tool.polyline", "Line", "L"],
  ["tool.point", "Point", "."],
  ["tool.keypoints", "Skeleton", "K"],
  ["tool.ellipse", "Ellipse", "O"],
  ["tool.brush", "Brush", "M"],
  ["tool.eraser", "Eraser", "E"],
];

const one =
  (group: string) =>
  (id: string, title: string, keys: string | string[], more: Partial<Action> = {}): Action => ({
    id,
    title,
    group,
    keys: typeof keys === "string" ? [keys] : keys,
    ...more,
  });

const tool = one("Tools");
const label = one("Labels");
const shape = one("Shapes");
const suggestion = one("Suggestions");
const view = one("View");
const task = one("Task");

export const ACTIONS: readonly Action[] = [
  ...tools.map(([id, title, key]) => tool(id, title, key)),
  tool("press", "Click at the cross, which the arrows move", "U"),
  tool("press-shift", "Click at the cross with Shift", "Shift+U"),
  tool("tags", "Tags of the file", "T"),
  tool("smaller", "Smaller brush", "[", { repeats: true }),
  tool("larger", "Larger brush", "]", { repeats: true }),
  ...DIGITS.map((digit, at) => label(`label.${at}`, `Label ${at + 1}`, String(digit))),
  label("palette", "Find a label", "/"),
  label("repeat", "Repeat the last shape", "N"),
  shape("finish-shape", "Close the shape, else answer its questions", "Enter"),
  shape("delete", "Take back the last point, else delete", ["Backspace", "Delete"]),
  shape("cancel", "Cancel, else select nothing", "Escape"),
  shape("next-shape", "Next shape", "Tab", { repeats: true }),
  shape("previous-shape", "Previous shape", "Shift+Tab", { repeats: true }),
  ...(["Left", "Right", "Up", "Down"] as const).flatMap((to) => [
    shape(`nudge.${to}`, `Move ${to.toLowerCase()} a pixel, or the cross`, `Arrow${to}`, { repeats: true }),
    shape(`nudge10.${to}`, `Move ${to.toLowerCase()} 10 pixels, or the cross further`, `Shift+Arrow${to}`, {
      repeats: true,
    }),
  ]),
  shape("undo", "Undo", "Ctrl+Z", { repeats: true }),
  shape("redo", "Redo", ["Ctrl+Shift+Z", "Ctrl+Y"], { repeats: true }),
  shape("copy", "Copy", "Ctrl+C"),
  shape("paste", "Paste", "Ctrl+V"),
  shape("duplicate", "Duplicate", "Ctrl+D"),
  shape("group", "Group, or take a group apart", "Ctrl+G"),
  shape("all", "Select all", "Ctrl+A"),
  shape("back", "Send to the back", "Ctrl+["),
  shape("front", "Bring to the front", "Ctrl+]"),
  shape("previous-image", "Copy from the previous image", "C"),
  shape("lock", "Lock", "J"),
  suggestion("accept", "Accept", "A"),
  suggestion("reject", "Reject", "X"),
  suggestion("accept-all", "Accept all above the slider", "Shift+A"),
  view("hide", "Hide", "H"),
  view("hide-others", "Hide all others, or show all", "Shift+H"),
  view("bare", "Hold for the bare image", "`", { hold: true }),
  view("pan", "Hold to pan", "Space", { hold: true }),
  view("zoom-in", "Zoom in", ["+", "="], { repeats: true }),
  view("zoom-out", "Zoom out", "-", { repeats: true }),
  view("fit", "The whole image", "Z"),
  view("image", "Image settings", "I"),
  view("crosshair", "Crosshair", "W"),
  view("differences", "What changed since the stage before", "Y"),
  task("finish", "Finish, or accept", ["F", "Ctrl+Enter"]),
  task("previous", "Open the previous image again", "D"),
  task("skip", "Skip", "S"),
  task("guide", "Guide", "G"),
  task("comment", "Comment", "Q"),
  task("return", "Return to its annotator", "Shift+R"),
  task("keys", "Keys", "?"),
];
