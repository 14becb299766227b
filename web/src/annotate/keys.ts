/**
 * The keys: one registry binds them, prints them on the `?` sheet, and lets each be bound anew. Digits go by their place
 * on the keyboard, letters by what is printed on them.
 */

import { Signal } from "../canvas/signal";

export interface Action {
  id: string;
  title: string;
  group: string;
  /** As in "Ctrl+Shift+Z", "B", "1", "`", "Space". The first is the one that is shown. */
  keys: readonly string[];
  /** Held down in place of pressed: what ends it gets the second call. */
  hold?: boolean;
  /** Whether it makes sense to keep the key down. */
  repeats?: boolean;
}

export interface Bound extends Action {
  /** What it was before somebody chose another. */
  usual: readonly string[];
}

export type Handler = (end?: boolean) => unknown;

/** The part of a keyboard event that matters. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  repeat?: boolean;
}

/** A place to keep one's own keys. */
export interface Keep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEPT = "penstock.keys";
const NAMES: Record<string, string> = { " ": "Space", Esc: "Escape", Del: "Delete", Return: "Enter" };

/** What a press is called. Shift is named with letters, digits and named keys; a "?" is a "?", however it is typed. */
export function chord(press: Press): string {
  const parts: string[] = [];
  if (press.ctrlKey || press.metaKey) parts.push("Ctrl");
  if (press.altKey) parts.push("Alt");
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(press.code)?.[1];
  const latin = /^Key([A-Z])$/.exec(press.code)?.[1];
  let name = digit ?? NAMES[press.key] ?? press.key;
  if (name.length === 1 && /\p{Letter}/u.test(name)) {
    // A letter of another script stands for the Latin one at its place, so that no layout is without keys.
    name = /[a-z]/i.test(name) ? name.toUpperCase() : (latin ?? name.toUpperCase());
  }
  if (press.code === "Backquote" && name === "Dead") name = "`";
  const isSign = name.length === 1 && !/[A-Z0-9]/.test(name);
  if (press.shiftKey && !isSign) parts.push("Shift");
  return [...parts, name].join("+");
}

/** A key that was pressed alone and means nothing by itself. */
export const isModifier = (press: Press): boolean =>
  ["Control", "Shift", "Alt", "Meta", "AltGraph"].includes(press.key);

export class Keys {
  readonly bound: Signal<readonly Bound[]>;
  private readonly handlers = new Map<string, Handler>();
  private readonly held = new Map<string, string>();

  constructor(
    actions: readonly Action[],
    private readonly keep: Keep,
  ) {
    const own = this.own();
    this.bound = new Signal(actions.map((one) => ({ ...one, usual: one.keys, keys: own[one.id] ?? one.keys })));
  }

  /** What does an action, from now on. Returns how to stop. A handler that returns false lets the key be. */
  on(handlers: Record<string, Handler>): () => void {
    for (const [id, handler] of Object.entries(handlers)) this.handlers.set(id, handler);
    return () => {
      for (const [id, handler] of Object.entries(handlers)) {
        if (this.handlers.get(id) === handler) this.handlers.delete(id);
      }
    };
  }

  /** A key went down: whether it did something. */
  down(press: Press): boolean {
    const pressed = chord(press);
    for (const action of this.bound.get()) {
      if (!action.keys.includes(pressed)) continue;
      const handler = this.handlers.get(action.id);
      if (!handler) continue;
      if (action.hold) {
        if (!press.repeat) {
          this.held.set(press.code, action.id);
          handler(false);
        }
        return true;
      }
      if (press.repeat && !action.repeats) return true;
      if (handler() !== false) return true;
    }
    return false;
  }

  up(press: Pick<Press, "code">): void {
    const id = this.held.get(press.code);
    this.held.delete(press.code);
    if (id !== undefined) this.handlers.get(id)?.(true);
  }

  /** The window lost the keyboard: nothing is held any more. */
  letGo(): void {
    for (const code of [...this.held.keys()]) this.up({ code });
  }

  /** Do what a key would, for a button. */
  run(id: string): void {
    this.handlers.get(id)?.();
  }

  /** The key that is shown for an action. */
  shown(id: string): string {
    return this.bound.get().find((one) => one.id === id)?.keys[0] ?? "";
  }

  /** What an action is called. */
  title(id: string): string {
    return this.bound.get().find((one) => one.id === id)?.title ?? id;
  }

  /** The actions that have a chord, other than one. */
  conflicts(pressed: string, but: string): Bound[] {
    return this.bound.get().filter((one) => one.id !== but && one.keys.includes(pressed));
  }

  /** Bind an action anew. Whatever had the chord goes without it: ask `conflicts` and tell, first. */
  bind(id: string, pressed: string): void {
    this.change((one) => {
      if (one.id === id) return [pressed];
      return one.keys.filter((key) => key !== pressed);
    });
  }

  reset(): void {
    this.change((one) => one.usual);
  }

  private change(keys: (of: Bound) => readonly string[]): void {
    this.bound.update((all) => all.map((one) => ({ ...one, keys: keys(one) })));
    const own = this.bound.get().filter((one) => one.keys.join() !== one.usual.join());
    try {
      this.keep.setItem(KEPT, JSON.stringify(Object.fromEntries(own.map((one) => [one.id, one.keys]))));
    } catch {
      // a browser that keeps nothing: for this page alone
    }
  }

  private own(): Record<string, string[]> {
    try {
      const kept: unknown = JSON.parse(this.keep.getItem(KEPT) ?? "{}");
      const entries = Object.entries(kept as object).filter(([, keys]) => Array.isArray(keys));
      return Object.fromEntries(entries) as Record<string, string[]>;
    } catch {
      return {}; // somebody else's words under our name
    }
  }
}

const TEXT = new Set(["text", "search", "number", "email", "url", "tel", "password", "date", "time", "datetime-local"]);
const CHOOSING = new Set(["combobox", "listbox", "option", "menuitem", "tab", "tree", "treeitem"]);
const MOVES = /^(?:Arrow|Home|End|Page)|^ $/;

/** Whether somebody types into it. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === "TEXTAREA" || target.tagName === "SELECT") return true;
  return target.tagName === "INPUT" && TEXT.has((target as HTMLInputElement).type);
}

/** Whether a press belongs to what has the focus: typing, choosing, moving on a slider, or going on by Tab. */
export function isTyping(target: EventTarget | null, press: Press): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (takesText(target)) return true;
  if (press.ctrlKey || press.metaKey || target === document.body) return false;
  if (press.key === "Tab") return true;
  const role = target.getAttribute("role") ?? "";
  if (CHOOSING.has(role)) return MOVES.test(press.key) || press.key === "Enter";
  if (target.tagName === "INPUT" || role === "slider" || role === "radio") return MOVES.test(press.key);
  if (target.tagName === "BUTTON" || target.tagName === "A") return press.key === "Enter" || press.key === " ";
  return false;
}
