import { expect, test, vi } from "vitest";
import { ACTIONS } from "./actions";
import { chord, Keys, type Keep, type Press } from "./keys";

const press = (key: string, code: string, more: Partial<Press> = {}): Press => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

const kept = (): Keep & { words: Map<string, string> } => {
  const words = new Map<string, string>();
  return { words, getItem: (key) => words.get(key) ?? null, setItem: (key, value) => void words.set(key, value) };
};

test.each<[Press, string]>([
  [press("b", "KeyB"), "B"],
  [press("B", "KeyB", { shiftKey: true }), "Shift+B"],
  [press("z", "KeyZ", { metaKey: true, shiftKey: true }), "Ctrl+Shift+Z"],
  [press("w", "KeyZ"), "W"], // letters by what is printed: an azerty keyboard
  [press("&", "Digit1"), "1"], // digits by their place
  [press("и", "KeyB"), "B"], // another script: the Latin letter at this place
  [press("?", "Slash", { shiftKey: true }), "?"],
  [press("ß", "Minus"), "ß"],
  [press("+", "Equal", { shiftKey: true }), "+"],
  [press(" ", "Space"), "Space"],
  [press("ArrowLeft", "ArrowLeft", { shiftKey: true }), "Shift+ArrowLeft"],
])("%j is called %s", (pressed, name) => {
  expect(chord(pressed)).toBe(name.length === 1 && /\p{Ll}/u.test(name) ? name.toUpperCase() : name);
});

test("no two actions have the same key, and every action has one", () => {
  const keys = ACTIONS.flatMap((action) => action.keys);
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  expect(ACTIONS.filter((action) => action.keys.length === 0)).toEqual([]);
  expect(ACTIONS.filter((action) => action.title === action.id)).toEqual([]);
  expect(new Set(ACTIONS.map((action) => action.id)).size).toBe(ACTIONS.length);
});

test("a press does what it is bound to, and a handler may let it be", () => {
  const keys = new Keys(ACTIONS, kept());
  const box = vi.fn();
  const stop = keys.on({ "tool.box": box, copy: () => false });
  expect(keys.down(press("b", "KeyB"))).toBe(true);
  expect(keys.down(press("b", "KeyB", { repeat: true }))).toBe(true);
  expect(box).toHaveBeenCalledTimes(1);
  expect(keys.down(press("c", "KeyC", { ctrlKey: true }))).toBe(false);
  expect(keys.down(press("p", "KeyP"))).toBe(false);
  stop();
  expect(keys.down(press("b", "KeyB"))).toBe(false);
});

test("a held key ends once, also when the window loses the keyboard", () => {
  const keys = new Keys(ACTIONS, kept());
  const pan = vi.fn();
  keys.on({ pan });
  keys.down(press(" ", "Space"));
  keys.down(press(" ", "Space", { repeat: true }));
  keys.up({ code: "Space" });
  keys.letGo();
  expect(pan.mock.calls).toEqual([[false], [true]]);
});

test("an action can be bound anew; what had the key is told and goes without it", () => {
  const keep = kept();
  const keys = new Keys(ACTIONS, keep);
  expect(keys.conflicts("P", "tool.box").map((one) => one.id)).toEqual(["tool.polygon"]);
  keys.bind("tool.box", "P");
  const again = new Keys(ACTIONS, keep);
  expect(again.shown("tool.box")).toBe("P");
  expect(again.shown("tool.polygon")).toBe("");
  again.reset();
  expect(new Keys(ACTIONS, keep).shown("tool.polygon")).toBe("P");
});

test("what others kept under our name does no harm", () => {
  const keep = kept();
  for (const words of ["{", "[1]", '{"tool.box": 3}', "null"]) {
    keep.setItem("penstock.keys", words);
    expect(new Keys(ACTIONS, keep).shown("tool.box")).toBe("B");
  }
});
