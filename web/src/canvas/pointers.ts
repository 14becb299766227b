/**
 * Mouse, pen and touch as gestures: press, drag, double click, pan, pinch and wheel. A finger counts once it moved, was
 * lifted or stayed, so that the first of two that pinch draws nothing.
 */

import type { Point } from "./shapes";

export interface Gestures {
  /** `borrow`: Ctrl is held, which selects without leaving the tool. */
  down(at: Point, shift: boolean, secondary: boolean, borrow: boolean): void;
  move(at: Point, shift: boolean): void;
  up(at: Point, shift: boolean): void;
  double(at: Point, shift: boolean): void;
  abandon(): void;
  leave(): void;
  pan(dx: number, dy: number): void;
  zoom(factor: number, at: Point): void;
  /** What the pointer looks like; null for what the tool at hand says. */
  point(cursor: string | null): void;
}

/** A finger that moved no further than this many screen pixels taps, and one that stays so long presses the other button. */
const TAP = 6;
const LONG_MS = 600;

interface Finger {
  id: number;
  at: Point;
  shift: boolean;
  timer: ReturnType<typeof setTimeout>;
}

export class Pointers {
  private readonly touches = new Map<number, Point>();
  private waiting: Finger | null = null;
  private panning: Point | null = null;
  private pressed: number | null = null;
  private byPen = false;
  /** Where the canvas is, so that a move asks for no layout. */
  private box: DOMRect | null = null;
  private spaceHeld = false;
  private readonly ends = new AbortController();

  constructor(
    private readonly host: HTMLElement,
    private readonly to: Gestures,
  ) {
    host.style.touchAction = "none";
    const { signal } = this.ends;
    window.addEventListener("resize", this.moved, { signal });
    window.addEventListener("scroll", this.moved, { signal, capture: true, passive: true });
    host.addEventListener("pointerenter", this.moved, { signal });
    host.addEventListener("pointerdown", (event) => this.down(event), { signal });
    host.addEventListener("pointermove", (event) => this.move(event), { signal });
    host.addEventListener("pointerup", (event) => this.up(event), { signal });
    host.addEventListener("pointercancel", (event) => this.lost(event), { signal });
    host.addEventListener("pointerleave", () => this.to.leave(), { signal });
    host.addEventListener("dblclick", (event) => this.to.double(this.at(event), event.shiftKey), { signal });
    host.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    host.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
  }

  close(): void {
    this.ends.abort();
    this.forget();
  }

  /** Space is held: the next press pans. */
  hold(space: boolean): void {
    this.spaceHeld = space;
    this.to.point(space ? "grab" : null);
  }

  private at(event: MouseEvent): Point {
    this.box ??= this.host.getBoundingClientRect();
    return { x: event.clientX - this.box.left, y: event.clientY - this.box.top };
  }

  /** The canvas may be elsewhere now. */
  private readonly moved = (): void => {
    this.box = null;
  };

  private down(event: PointerEvent): void {
    this.moved();
    const at = this.at(event);
    const isTouch = event.pointerType === "touch";
    if (isTouch && this.byPen && this.pressed !== null) return; // the hand that holds the pen
    capture(this.host, event.pointerId);
    if (isTouch && !this.isFirst(event.pointerId, at)) return;
    if (event.button === 1 || this.spaceHeld) {
      this.panning = at;
      event.preventDefault();
    } else if (isTouch) this.wait(event, at);
    else {
      this.byPen = event.pointerType === "pen";
      this.press(event.pointerId, at, event.shiftKey, event.button === 2, event.ctrlKey || event.metaKey);
    }
  }

  /** A finger came down: whether it is the only one. With the second begins a pinch, whatever the first was doing. */
  private isFirst(id: number, at: Point): boolean {
    this.touches.set(id, at);
    if (this.touches.size === 2) {
      if (this.pressed !== null) this.to.abandon();
      this.pressed = null;
      this.forget();
    }
    return this.touches.size === 1;
  }

  private wait({ pointerId: id, shiftKey: shift }: PointerEvent, at: Point): void {
    this.forget();
    this.waiting = { id, at, shift, timer: setTimeout(() => this.begin(true), LONG_MS) };
  }

  /** The finger that was waited for is a press. */
  private begin(secondary = false): void {
    const finger = this.waiting;
    this.forget();
    if (!finger) return;
    this.to.move(finger.at, finger.shift); // no finger hovers: it is there at once
    this.press(finger.id, finger.at, finger.shift, secondary, false);
  }

  private forget(): void {
    clearTimeout(this.waiting?.timer);
    this.waiting = null;
  }

  private press(id: number, at: Point, shift: boolean, secondary: boolean, borrow: boolean): void {
    this.pressed = id;
    this.to.down(at, shift, secondary, borrow);
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    if (this.touches.size === 2 && this.touches.has(event.pointerId)) {
      this.pinch(event.pointerId, at);
      return;
    }
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, at);
    if (this.panning) {
      this.to.pan(at.x - this.panning.x, at.y - this.panning.y);
      this.panning = at;
      return;
    }
    if (this.waiting?.id === event.pointerId) {
      if (Math.hypot(at.x - this.waiting.at.x, at.y - this.waiting.at.y) <= TAP) return;
      this.begin();
    }
    const all = this.pressed === event.pointerId ? (event.getCoalescedEvents?.() ?? []) : [];
    for (const one of all.slice(0, -1)) this.to.move(this.at(one), event.shiftKey);
    this.to.move(at, event.shiftKey);
  }

  private up(event: PointerEvent): void {
    this.touches.delete(event.pointerId);
    if (this.panning) {
      this.panning = null;
      return;
    }
    if (this.waiting?.id === event.pointerId) this.begin();
    if (this.pressed !== event.pointerId) return;
    this.pressed = null;
    this.to.up(this.at(event), event.shiftKey);
  }

  private lost(event: PointerEvent): void {
    this.touches.delete(event.pointerId);
    this.panning = null;
    if (this.waiting?.id === event.pointerId) this.forget();
    if (this.pressed !== event.pointerId) return;
    this.pressed = null;
    this.to.abandon();
  }

  private pinch(id: number, at: Point): void {
    const [other] = [...this.touches].filter(([one]) => one !== id).map(([, p]) => p);
    const before = this.touches.get(id)!;
    this.touches.set(id, at);
    if (!other) return;
    const was = { x: (before.x + other.x) / 2, y: (before.y + other.y) / 2 };
    const now = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.to.pan(now.x - was.x, now.y - was.y);
    const length = (p: Point): number => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    this.to.zoom(length(at) / length(before), now);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) {
      this.to.pan(-(event.deltaX || event.deltaY) * lines, 0);
      return;
    }
    const step = Math.max(-120, Math.min(120, event.deltaY * lines));
    this.to.zoom(Math.exp(-step * (event.ctrlKey ? 0.01 : 0.0018)), this.at(event));
  }
}

/** A pointer that is gone already can't be captured; the press counts all the same. */
function capture(host: HTMLElement, id: number): void {
  try {
    host.setPointerCapture(id);
  } catch {
    // the pointer ended before we got to it
  }
}
