/**
 * Tools that draw, as state machines: pointer events in, a shape out when it is whole. They know no screen and no
 * annotations, so they never grab an existing shape.
 */

import { drawing as words } from "../../words/drawing";
import {
  boxBetween,
  clamped,
  distance,
  ellipseIn,
  flatten,
  rounded,
  type Kind,
  type Point,
  type Shape,
  type Size,
} from "../shapes";

export interface Pointer {
  image: Point;
  screen: Point;
  shift: boolean;
  /** The other button, or a long touch. */
  secondary?: boolean;
}

export interface Drawn {
  kind: Kind;
  geometry: Shape;
  /** A ring to be added to the polygon that is selected. */
  joins?: boolean;
}

/** What is drawn so far: points that are set, and where the pointer is. */
export interface Sketch {
  kind: Kind;
  points: Point[];
  closed: boolean;
  shape: Shape;
}

/** A press that moved no further than this many screen pixels is a click. */
export const CLICK = 4;
/** How near to the first point a click closes a shape, in screen pixels. */
export const CLOSE = 10;

export abstract class DrawingTool {
  abstract readonly kind: Kind;
  /** One hint, for the line below the image. */
  abstract readonly hint: string;
  protected points: Point[] = [];
  protected hover: Point | null = null;

  constructor(protected readonly image: Size) {}

  get isBusy(): boolean {
    return this.points.length > 0;
  }

  cancel(): void {
    this.points = [];
  }

  /** The gesture turned out to be a pan or a pinch: what it began goes. */
  abandon(): void {
    this.cancel();
  }

  down(_: Pointer): Drawn | null {
    return null;
  }

  move(p: Pointer): Drawn | null {
    this.hover = clamped(p.image, this.image);
    return null;
  }

  up(_: Pointer): Drawn | null {
    return null;
  }

  double(_: Pointer): Drawn | null {
    return this.finish();
  }

  /** Enter. */
  finish(): Drawn | null {
    return null;
  }

  /** Backspace: whether there was a point to take back. */
  back(): boolean {
    return this.points.pop() !== undefined;
  }

  abstract sketch(): Sketch | null;

  protected at(p: Pointer): Point {
    const q = clamped(p.image, this.image);
    return { x: rounded(q.x), y: rounded(q.y) };
  }

  protected made(geometry: Shape, more: Partial<Drawn> = {}): Drawn {
    this.points = [];
    return { kind: this.kind, geometry, ...more };
  }
}

/** Two corners, by dragging or by two clicks. */
abstract class TwoCorners extends DrawingTool {
  private pressed: Point | null = null;

  protected abstract shape(a: Point, b: Point): Shape;

  override down(p: Pointer): Drawn | null {
    if (this.points.length === 1) return this.close(this.at(p));
    this.points = [this.at(p)];
    this.hover = this.at(p);
    this.pressed = p.screen;
    return null;
  }

  override up(p: Pointer): Drawn | null {
    const start = this.pressed;
    this.pressed = null;
    if (!start || this.points.length !== 1 || distance(start, p.screen) <= CLICK) return null;
    return this.close(this.at(p));
  }

  override double(): Drawn | null {
    return null;
  }

  override cancel(): void {
    super.cancel();
    this.pressed = null;
  }

  sketch(): Sketch | null {
    const [first] = this.points;
    if (!first || !this.hover) return null;
    return { kind: this.kind, points: [], closed: true, shape: this.shape(first, this.hover) };
  }

  private close(p: Point): Drawn | null {
    const shape = this.shape(this.points[0]!, p);
    return shape === null ? null : this.made(shape);
  }
}

export class BoxTool extends TwoCorners {
  readonly kind = "box";
  readonly hint = words.hints.box;

  protected shape(a: Point, b: Point): Shape {
    return boxBetween(a, b);
  }
}

export class EllipseTool extends TwoCorners {
  readonly kind = "ellipse";
  readonly hint = words.hints.ellipse;

  protected shape(a: Point, b: Point): Shape {
    const box = boxBetween(a, b);
    return box && ellipseIn(box);
  }
}

/** One side by dragging or two clicks, then the width by a third. */
export class RotatedBoxTool extends DrawingTool {
  readonly kind = "rotated_box";
  readonly hint = words.hints.rotatedBox;
  private pressed: Point | null = null;

  override down(p: Pointer): Drawn | null {
    const at = this.at(p);
    this.hover = at;
    if (this.points.length === 2) {
      const shape = this.shape(at);
      return shape && this.made(shape);
    }
    if (this.points.length === 1 && distance(this.points[0]!, at) === 0) return null;
    this.points.push(at);
    this.pressed = p.screen;
    return null;
  }

  override up(p: Pointer): Drawn | null {
    const start = this.pressed;
    this.pressed = null;
    if (start && this.points.length === 1 && distance(start, p.screen) > CLICK) this.points.push(this.at(p));
    return null;
  }

  override double(): Drawn | null {
    return null;
  }

  sketch(): Sketch | null {
    if (!this.points.length || !this.hover) return null;
    if (this.points.length === 1) return { kind: this.kind, points: [...this.points, this.hover], closed: false, shape: null };
    return { kind: this.kind, points: this.points, closed: false, shape: this.shape(this.hover) };
  }

  /** The box with one side between the two points that are set, reaching to a third. */
  private shape(p: Point): number[] | null {
    const [a, b] = this.points as [Point, Point];
    const length = distance(a, b);
    const along = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
    const across = (p.x - a.x) * -along.y + (p.y - a.y) * along.x;
    const width = rounded(length);
    const height = rounded(Math.abs(across));
    if (width <= 0 || height <= 0) return null;
    const centre = { x: (a.x + b.x) / 2 - (along.y * across) / 2, y: (a.y + b.y) / 2 + (along.x * across) / 2 };
    const angle = rounded((Math.atan2(along.y, along.x) * 180) / Math.PI);
    return [rounded(centre.x - width / 2), rounded(centre.y - height / 2), width, height, angle];
  }
}

/** Points one after the other; dragging draws freely. */
abstract class ManyPoints extends DrawingTool {
  protected abstract readonly fewest: number;
  private pressed = false;
  private last: Point = { x: 0, y: 0 };
  protected joins = false;

  override down(p: Pointer): Drawn | null {
    if (p.secondary) return this.finish();
    if (this.closes(p)) return this.finish();
    if (this.points.length === 0) this.joins = p.shift;
    else if (distance(this.last, p.screen) < CLICK / 2) return null; // the second press of a double click
    this.add(this.at(p));
    this.pressed = true;
    this.last = p.screen;
    return null;
  }

  override move(p: Pointer): Drawn | null {
    super.move(p);
    if (this.pressed && distance(this.last, p.screen) >= 8) {
      this.add(this.at(p));
      this.last = p.screen;
    }
    return null;
  }

  override up(): Drawn | null {
    this.pressed = false;
    return null;
  }

  override cancel(): void {
    super.cancel();
    this.pressed = false;
  }

  /** The points that were set stay. */
  override abandon(): void {
    this.pressed = false;
  }

  override finish(): Drawn | null {
    if (this.points.length < this.fewest) return null;
    return this.made(this.shape(), this.joins ? { joins: true } : {});
  }

  protected abstract shape(): Shape;

  protected closes(_: Pointer): boolean {
    return false;
  }

  private add(p: Point): void {
    const last = this.points.at(-1);
    if (!last || distance(last, p) > 0) this.points.push(p);
  }

  sketch(): Sketch | null {
    if (!this.points.length || !this.hover) return null;
    return { kind: this.kind, points: [...this.points, this.hover], closed: this.kind === "polygon", shape: null };
  }
}

export class PolygonTool extends ManyPoints {
  readonly kind = "polygon";
  readonly hint = words.hints.polygon;
  protected readonly fewest = 3;
  /** Where the first point is on the screen now; the view may have moved since. */
  onScreen: (p: Point) => Point = (p) => p;

  protected override closes(p: Pointer): boolean {
    const [first] = this.points;
    return first !== undefined && this.points.length >= 3 && distance(this.onScreen(first), p.screen) <= CLOSE;
  }

  protected shape(): Shape {
    return [[flatten(this.points)]];
  }
}

export class PolylineTool extends ManyPoints {
  readonly kind = "polyline";
  readonly hint = words.hints.polyline;
  protected readonly fewest = 2;

  protected shape(): Shape {
    return flatten(this.points);
  }
}

export class PointTool extends DrawingTool {
  readonly kind = "point";
  readonly hint = words.hints.point;

  override down(p: Pointer): Drawn | null {
    const at = this.at(p);
    return this.made([at.x, at.y]);
  }

  override double(): Drawn | null {
    return null;
  }

  sketch(): Sketch | null {
    return null;
  }
}

/** The points of a skeleton, one click each: Shift for a hidden one, the other button for one that isn't there. */
export class KeypointsTool extends DrawingTool {
  readonly kind = "keypoints";
  private marks: number[] = [];

  constructor(
    image: Size,
    private readonly names: readonly string[],
  ) {
    super(image);
  }

  get hint(): string {
    const next = this.names[this.points.length] ?? "";
    return words.hints.keypoints(next);
  }

  override down(p: Pointer): Drawn | null {
    this.points.push(p.secondary ? { x: 0, y: 0 } : this.at(p));
    this.marks.push(p.secondary ? 0 : p.shift ? 1 : 2);
    this.hover = this.at(p);
    return this.points.length === this.names.length ? this.finish() : null;
  }

  override double(): Drawn | null {
    return null;
  }

  override cancel(): void {
    super.cancel();
    this.marks = [];
  }

  /** The points that were set stay. */
  override abandon(): void {}

  override back(): boolean {
    this.marks.pop();
    return super.back();
  }

  override finish(): Drawn | null {
    if (!this.marks.some((mark) => mark > 0)) {
      this.cancel();
      return null;
    }
    const geometry = this.flat();
    this.marks = [];
    return this.made(geometry);
  }

  sketch(): Sketch | null {
    if (!this.points.length) return null;
    return { kind: this.kind, points: [], closed: false, shape: this.flat() };
  }

  private flat(): number[] {
    return this.names.flatMap((_, i) => {
      const p = this.points[i];
      return p ? [p.x, p.y, this.marks[i]!] : [0, 0, 0];
    });
  }
}

/** A stroke of the brush or the eraser: the engine makes pixels of it. */
export class BrushTool extends DrawingTool {
  readonly kind = "mask";
  private painting = false;

  constructor(
    image: Size,
    readonly erases: boolean,
  ) {
    super(image);
  }

  get hint(): string {
    return this.erases ? words.hints.eraser : words.hints.brush;
  }

  override down(p: Pointer): Drawn | null {
    this.points = [clamped(p.image, this.image)];
    this.painting = true;
    return null;
  }

  override move(p: Pointer): Drawn | null {
    super.move(p);
    if (this.painting) this.points.push(clamped(p.image, this.image));
    return null;
  }

  override up(): Drawn | null {
    this.painting = false;
    return null;
  }

  override double(): Drawn | null {
    return null;
  }

  override back(): boolean {
    return false;
  }

  /** The stroke that ended, once. */
  take(): Point[] {
    const stroke = this.points;
    this.cancel();
    return stroke;
  }

  sketch(): Sketch | null {
    return this.points.length ? { kind: "mask", points: this.points, closed: false, shape: null } : null;
  }
}
