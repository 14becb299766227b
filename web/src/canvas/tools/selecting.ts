/** The tool that selects, moves and reshapes, as a state machine over a scene. */

import { drawing as words } from "../../words/drawing";
import type { Annotation, Change } from "../changes";
import { handles, reshaped, withoutVertexAt, type Handle } from "../handles";
import { nearestEdge, withRing, withVertex, type Place } from "../rings";
import type { Scene } from "../scene";
import {
  around,
  bounds,
  clamped,
  distance,
  flat,
  moved,
  polygon,
  shiftInside,
  union,
  type Bounds,
  type Point,
  type Shape,
} from "../shapes";
import { CLICK, type Pointer } from "./drawing";

const REACH = 8;

type Doing =
  | { what: "press"; from: Pointer; hit: Annotation | undefined; add: boolean }
  | { what: "move"; from: Pointer; of: Annotation[]; bounds: Bounds }
  | { what: "reshape"; of: Annotation; handle: Handle; start: Pointer; begun: boolean }
  | { what: "marquee"; from: Point; add: boolean };

export class SelectTool {
  readonly hint = words.hints.select;
  marquee: Bounds | null = null;
  /** The vertex that Backspace takes away. */
  vertex: Place | null = null;
  private doing: Doing | null = null;

  constructor(
    private readonly scene: Scene,
    /** One screen pixel in image pixels. */
    private readonly pixel: () => number,
  ) {}

  get isBusy(): boolean {
    return this.doing !== null;
  }

  /** The handle of the sole selected shape at a point. */
  handleAt(p: Point): Handle | undefined {
    const { sole } = this.scene;
    if (!sole || !this.mayChange(sole)) return undefined;
    // The handles of a small shape leave room in its middle to drag it by.
    const { width, height } = bounds(sole.kind, sole.geometry);
    const room = Math.max(width, height) / 5;
    const reach = room > 0 ? Math.min(REACH * this.pixel(), room) : REACH * this.pixel();
    let best: Handle | undefined;
    for (const handle of handles(sole.kind, sole.geometry, this.pixel())) {
      const off = distance(handle.at, p);
      if (off <= reach && (!best || (best.kind === "edge" && handle.kind !== "edge"))) best = handle;
    }
    return best;
  }

  shapeAt(p: Point): Annotation | undefined {
    return this.scene.at(p, (REACH / 2) * this.pixel());
  }

  down(p: Pointer): void {
    const handle = this.handleAt(p.image);
    const { sole } = this.scene;
    this.vertex = handle?.kind === "vertex" && sole?.kind !== "point" ? handle.place : null;
    if (handle && sole) {
      this.doing = { what: "reshape", of: sole, handle, start: p, begun: false };
      return;
    }
    const hit = this.shapeAt(p.image);
    if (hit && !p.shift && !this.scene.selection.get().has(hit.id)) this.scene.select(...this.scene.companions(hit));
    this.doing = { what: "press", from: p, hit, add: p.shift };
  }

  move(p: Pointer): void {
    const { doing } = this;
    if (doing?.what === "press" && distance(doing.from.screen, p.screen) > CLICK) this.begin(doing);
    else if (doing?.what === "reshape" && !doing.begun && distance(doing.start.screen, p.screen) > CLICK / 2) {
      doing.begun = true;
    }
    const now = this.doing;
    if (now?.what === "move") this.drag(now, p);
    if (now?.what === "reshape" && now.begun) this.reshape(now, p);
    if (now?.what === "marquee") this.marquee = around([now.from, p.image]);
  }

  /** What the gesture changes, if anything. */
  up(p: Pointer): { title: string; changes: Change[] } | null {
    const { doing } = this;
    this.doing = null;
    if (doing?.what === "press") this.click(doing, p);
    if (doing?.what === "marquee") this.pick(doing.add);
    const made = [...this.scene.dragged.get().values()];
    this.scene.dragged.set(new Map());
    if (made.length === 0) return null;
    const title = doing?.what === "move" ? words.steps.move : words.steps.reshape;
    return { title, changes: made.map((one) => ({ do: "update", id: one.id, geometry: one.geometry })) };
  }

  cancel(): void {
    this.doing = null;
    this.marquee = null;
    this.vertex = null;
    this.scene.dragged.set(new Map());
  }

  /** A new vertex where an edge of the selected shape is clicked twice. */
  double(p: Pointer): { title: string; changes: Change[] } | null {
    const { sole } = this.scene;
    if (!sole || !this.mayChange(sole)) return null;
    const geometry = withVertexNear(sole, p.image, REACH * this.pixel());
    return geometry && { title: words.steps.addVertex, changes: [{ do: "update", id: sole.id, geometry }] };
  }

  /** The change that takes the active vertex away; null when there is none, or the shape can't be without it. */
  withoutVertex(): Change[] | null {
    const { sole } = this.scene;
    if (!sole || !this.vertex || !this.mayChange(sole)) return null;
    const geometry = withoutVertexAt(sole.kind, sole.geometry, this.vertex);
    this.vertex = null;
    return geometry && [{ do: "update", id: sole.id, geometry }];
  }

  private mayChange(of: Annotation): boolean {
    return this.scene.mayEdit(of) && !this.scene.locked.get().has(of.id);
  }

  private begin(doing: Doing & { what: "press" }): void {
    const movable = this.scene.selected.filter((one) => this.mayChange(one) && one.kind !== "mask" && one.kind !== "tag");
    if (!doing.hit || doing.add) {
      this.doing = { what: "marquee", from: doing.from.image, add: doing.add };
    } else if (movable.length) {
      const all = union(movable.map((one) => bounds(one.kind, one.geometry)));
      this.doing = { what: "move", from: doing.from, of: movable, bounds: all };
    } else this.doing = null;
  }

  private drag(doing: Doing & { what: "move" }, p: Pointer): void {
    const dx = p.image.x - doing.from.image.x;
    const dy = p.image.y - doing.from.image.y;
    const by = shiftInside(doing.bounds, this.scene.image, dx, dy);
    const made = doing.of.map((one): [string, Annotation] => {
      return [one.id, { ...one, geometry: moved(one.kind, one.geometry, by.x, by.y) }];
    });
    this.scene.dragged.set(new Map(made));
  }

  private reshape(doing: Doing & { what: "reshape" }, p: Pointer): void {
    const { of, handle } = doing;
    const to = handle.kind === "turn" ? p.image : clamped(p.image, this.scene.image);
    const geometry = reshaped(of.kind, of.geometry, handle, to, p.shift);
    this.scene.dragged.set(new Map([[of.id, { ...of, geometry }]]));
  }

  private click(doing: Doing & { what: "press" }, p: Pointer): void {
    const { hit } = doing;
    if (!hit) {
      if (!p.shift) this.scene.select();
      return;
    }
    if (!doing.add) {
      this.scene.select(...this.scene.companions(hit));
      return;
    }
    const selected = new Set(this.scene.selection.get());
    if (selected.has(hit.id)) selected.delete(hit.id);
    else selected.add(hit.id);
    this.scene.selection.set(selected);
  }

  private pick(add: boolean): void {
    const box = this.marquee;
    this.marquee = null;
    if (!box) return;
    this.scene.select(...(add ? this.scene.selection.get() : []), ...this.scene.within(box));
  }
}

function withVertexNear(of: Annotation, p: Point, reach: number): Shape {
  if (of.kind === "polyline") {
    const near = nearestEdge(flat(of.geometry), p, false);
    return near.distance <= reach ? withVertex(flat(of.geometry), near.edge, near.at) : null;
  }
  if (of.kind !== "polygon") return null;
  for (const [part, rings] of polygon(of.geometry).entries()) {
    for (const [ring, line] of rings.entries()) {
      const near = nearestEdge(line, p, true);
      if (near.distance <= reach) {
        return withRing(polygon(of.geometry), part, ring, withVertex(line, near.edge, near.at));
      }
    }
  }
  return null;
}
