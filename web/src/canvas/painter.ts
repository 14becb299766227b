/** Draws a scene on 2D canvases. Outlines are gathered into one path per colour, so that panning strokes few paths. */

import type { Annotation } from "./changes";
import { handles } from "./handles";
import { trace, traceSkeleton } from "./paths";
import type { Scene, Shown, Style } from "./scene";
import { bounds, flat, points, type Bounds, type Point, type Shape, type Size } from "./shapes";
import { tinted } from "./tints";
import type { Sketch } from "./tools/drawing";
import { toScreen, type View } from "./view";

const HALO = "#111111";
const FILL = 0.08;
const FILL_SELECTED = 0.2;
const LINE = 1.75;
const DOT = 4;

interface Batch {
  colour: string;
  suggested: boolean;
  changed: boolean;
  path: Path2D;
  skeletons: Path2D;
  dots: { at: Point; hidden: boolean }[];
  masks: Annotation[];
}

/** A part of the picture in finer pixels, and where it lies on the image. */
export interface Piece extends Bounds {
  bitmap: CanvasImageSource;
}

export class Painter {
  private made: { for: readonly unknown[]; batches: Batch[] } | null = null;

  constructor(private readonly scene: Scene) {}

  /** All shapes but those that are dragged. */
  shapes(context: CanvasRenderingContext2D, view: View, screen: Size, dpr: number): void {
    clear(context, screen, dpr);
    for (const batch of this.batches()) paint(context, batch, view, dpr, FILL);
    const gone = this.scene.removed.get();
    if (gone.length) paintRemoved(context, gone, view, dpr);
  }

  private batches(): Batch[] {
    const { scene } = this;
    const now = [scene.shown, this.dragging(), scene.differences.get()];
    if (this.made?.for.every((part, i) => part === now[i])) return this.made.batches;
    const dragged = scene.dragged.get();
    const batches = batched(
      scene.shown.filter((one) => !dragged.has(one.annotation.id)),
      scene,
    );
    this.made = { for: now, batches };
    return batches;
  }

  private draggedIds = "";

  /** What is dragged, the same string while it is the same shapes. */
  private dragging(): string {
    const { size } = this.scene.dragged.get();
    this.draggedIds = size === 0 ? "" : [...this.scene.dragged.get().keys()].join();
    return this.draggedIds;
  }

  /** What is selected or dragged, with handles. */
  selection(context: CanvasRenderingContext2D, view: View, dpr: number, withHandles: boolean): void {
    const dragged = this.scene.dragged.get();
    const shown = new Set(this.scene.shown.map((one) => one.annotation.id));
    const chosen = this.scene.selected.filter((one) => shown.has(one.id));
    const all = new Map(chosen.map((one) => [one.id, one]));
    for (const [id, annotation] of dragged) all.set(id, annotation);
    const list = [...all.values()].map((annotation): Shown => {
      return {
        annotation,
        suggested: this.scene.document.isSuggestion(annotation.id) && !dragged.has(annotation.id),
        bounds: bounds(annotation.kind, annotation.geometry),
      };
    });
    for (const batch of batched(list, this.scene)) paint(context, batch, view, dpr, FILL_SELECTED, LINE + 0.75);
    for (const one of list.slice(0, 50)) chip(context, one, this.scene.style(one.annotation), view, dpr);
    const [sole] = list;
    if (withHandles && list.length === 1 && sole && this.scene.mayEdit(sole.annotation)) {
      paintHandles(context, sole.annotation, view, dpr);
    }
  }

  /** Where the shapes are that the server refused. */
  refused(): Bounds[] {
    const refused = this.scene.refused.get();
    if (refused.size === 0) return [];
    return this.scene.shown.filter((one) => refused.has(one.annotation.id)).map((one) => one.bounds);
  }

  /** The name of what the pointer is over. */
  hover(context: CanvasRenderingContext2D, annotation: Annotation, view: View, dpr: number): void {
    const one = { annotation, suggested: false, bounds: bounds(annotation.kind, annotation.geometry) };
    const [batch] = batched([one], this.scene);
    if (batch) paint(context, batch, view, dpr, FILL, LINE + 0.75);
    chip(context, one, this.scene.style(annotation), view, dpr);
  }
}

function batched(shown: readonly Shown[], scene: Scene): Batch[] {
  const differences = scene.differences.get();
  const found = new Map<string, Batch>();
  for (const { annotation, suggested } of shown) {
    const style = scene.style(annotation);
    const changed = differences.has(annotation.id);
    const key = `${style.colour} ${suggested} ${changed}`;
    const batch = found.get(key) ?? empty(style.colour, suggested, changed);
    found.set(key, batch);
    gather(batch, annotation, style);
  }
  return [...found.values()];
}

const empty = (colour: string, suggested: boolean, changed: boolean): Batch => ({
  colour,
  suggested,
  changed,
  path: new Path2D(),
  skeletons: new Path2D(),
  dots: [],
  masks: [],
});

function gather(batch: Batch, { kind, geometry, ...rest }: Annotation, style: Style): void {
  switch (kind) {
    case "mask":
      batch.masks.push({ kind, geometry, ...rest });
      break;
    case "point":
      batch.dots.push({ at: { x: flat(geometry)[0]!, y: flat(geometry)[1]! }, hidden: false });
      break;
    case "keypoints":
      traceSkeleton(batch.skeletons, flat(geometry), style.edges ?? []);
      batch.dots.push(...keypointDots(geometry));
      break;
    case "polyline":
      trace(batch.skeletons, kind, geometry);
      break;
    default:
      trace(batch.path, kind, geometry);
  }
}

function keypointDots(geometry: Shape): Batch["dots"] {
  return points(flat(geometry), 3).flatMap((at, i) => {
    const mark = flat(geometry)[i * 3 + 2];
    return mark ? [{ at, hidden: mark === 1 }] : [];
  });
}

function paint(
  context: CanvasRenderingContext2D,
  batch: Batch,
  view: View,
  dpr: number,
  fill: number,
  line = LINE,
): void {
  const { scale } = view;
  place(context, view, dpr);
  context.globalAlpha = fill * 5;
  for (const mask of batch.masks) {
    const tint = tinted(mask, batch.colour);
    context.imageSmoothingEnabled = scale < 1;
    context.drawImage(tint.canvas, tint.bounds.x, tint.bounds.y, tint.bounds.width, tint.bounds.height);
  }
  context.globalAlpha = fill;
  context.fillStyle = batch.colour;
  context.fill(batch.path);
  context.globalAlpha = 1;
  context.lineJoin = "round";
  if (batch.suggested) context.setLineDash([6 / scale, 4 / scale]);
  if (batch.changed) {
    stroke(context, batch, HALO, (line + 5) / scale);
    stroke(context, batch, batch.colour, (line + 3.5) / scale);
    stroke(context, batch, HALO, line / scale);
  } else {
    stroke(context, batch, HALO, (line + 1.5) / scale);
    stroke(context, batch, batch.colour, line / scale);
  }
  context.setLineDash([]);
  for (const mask of batch.masks) outlineOf(context, mask, batch, scale);
  dots(context, batch, view, dpr);
}

/** A thin frame says where a mask is, and that it is suggested or changed. */
function outlineOf(context: CanvasRenderingContext2D, mask: Annotation, batch: Batch, scale: number): void {
  if (!batch.suggested && !batch.changed) return;
  const b = bounds(mask.kind, mask.geometry);
  context.setLineDash([4 / scale, 4 / scale]);
  context.lineWidth = 1 / scale;
  context.strokeStyle = batch.colour;
  context.strokeRect(b.x, b.y, b.width, b.height);
  context.setLineDash([]);
}

function stroke(context: CanvasRenderingContext2D, batch: Batch, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke(batch.path);
  context.stroke(batch.skeletons);
}

function dots(context: CanvasRenderingContext2D, batch: Batch, view: View, dpr: number): void {
  if (batch.dots.length === 0) return;
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  for (const hidden of [false, true]) {
    context.beginPath();
    for (const dot of batch.dots) {
      if (dot.hidden !== hidden) continue;
      const p = toScreen(view, dot.at);
      context.moveTo(p.x + DOT, p.y);
      context.arc(p.x, p.y, DOT, 0, 2 * Math.PI);
    }
    context.lineWidth = 1.5;
    context.strokeStyle = hidden ? batch.colour : HALO;
    context.fillStyle = hidden ? HALO : batch.colour;
    context.fill();
    context.stroke();
  }
}

function paintRemoved(context: CanvasRenderingContext2D, gone: readonly Annotation[], view: View, dpr: number): void {
  place(context, view, dpr);
  const path = new Path2D();
  for (const one of gone) {
    const b = bounds(one.kind, one.geometry);
    trace(path, one.kind, one.geometry);
    path.moveTo(b.x, b.y);
    path.lineTo(b.x + b.width, b.y + b.height);
    path.moveTo(b.x + b.width, b.y);
    path.lineTo(b.x, b.y + b.height);
  }
  context.setLineDash([2 / view.scale, 4 / view.scale]);
  context.strokeStyle = HALO;
  context.lineWidth = 3 / view.scale;
  context.stroke(path);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.5 / view.scale;
  context.stroke(path);
  context.setLineDash([]);
}

function paintHandles(context: CanvasRenderingContext2D, of: Annotation, view: View, dpr: number): void {
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  for (const handle of handles(of.kind, of.geometry, 1 / view.scale)) {
    const p = toScreen(view, handle.at);
    const size = handle.kind === "edge" ? 2.5 : 4;
    context.beginPath();
    if (handle.kind === "turn" || handle.kind === "edge") context.arc(p.x, p.y, size, 0, 2 * Math.PI);
    else context.rect(p.x - size, p.y - size, 2 * size, 2 * size);
    context.fillStyle = handle.kind === "edge" ? "#ffffffaa" : "#ffffff";
    context.fill();
    context.strokeStyle = HALO;
    context.lineWidth = 1;
    context.stroke();
  }
}

const PIN = 18;

/** Numbered pins of comments, at the shapes they are about. */
export function paintPins(context: CanvasRenderingContext2D, at: readonly Bounds[], view: View, dpr: number): void {
  at.forEach((b, i) => badge(context, toScreen(view, { x: b.x + b.width, y: b.y }), String(i + 1), dpr, false));
}

/** Marks on shapes that the server doesn't have as they are drawn. */
export function paintAlerts(context: CanvasRenderingContext2D, at: readonly Bounds[], view: View, dpr: number): void {
  for (const b of at) badge(context, toScreen(view, { x: b.x + b.width, y: b.y + b.height }), "!", dpr, true);
}

function badge(context: CanvasRenderingContext2D, at: Point, text: string, dpr: number, isDark: boolean): void {
  const [ground, ink] = isDark ? [HALO, "#ffffff"] : ["#ffffff", HALO];
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.beginPath();
  context.arc(at.x, at.y, PIN / 2, 0, 2 * Math.PI);
  context.fillStyle = ground;
  context.fill();
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = ink;
  context.fillText(text, at.x, at.y + 0.5);
  context.textAlign = "start";
}

function chip(context: CanvasRenderingContext2D, one: Shown, style: Style, view: View, dpr: number): void {
  const { confidence } = one.annotation;
  const said = style.name.length > 60 ? `${style.name.slice(0, 59)}…` : style.name;
  const text = one.suggested && confidence !== null ? `${said} ${Math.round(confidence * 100)} %` : said;
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 22;
  const corner = toScreen(view, { x: one.bounds.x, y: one.bounds.y });
  const y = corner.y - 24 < 0 ? toScreen(view, { x: 0, y: one.bounds.y + one.bounds.height }).y + 4 : corner.y - 24;
  const x = Math.max(2, corner.x);
  context.fillStyle = "#111111d9";
  context.beginPath();
  context.roundRect(x, y, width, 20, 4);
  context.fill();
  context.fillStyle = style.colour;
  context.fillRect(x + 6, y + 6, 8, 8);
  context.fillStyle = "#ffffff";
  context.fillText(text, x + 18, y + 10.5);
}

/** What is being drawn. */
export function paintSketch(
  context: CanvasRenderingContext2D,
  sketch: Sketch,
  style: Style,
  view: View,
  dpr: number,
): void {
  const path = new Path2D();
  if (sketch.kind === "keypoints" && sketch.shape) {
    const batch = empty(style.colour, false, false);
    traceSkeleton(batch.skeletons, flat(sketch.shape), style.edges ?? []);
    batch.dots.push(...keypointDots(sketch.shape));
    paint(context, batch, view, dpr, 0);
    return;
  }
  if (sketch.shape) trace(path, sketch.kind, sketch.shape);
  else {
    sketch.points.forEach((p, i) => (i === 0 ? path.moveTo(p.x, p.y) : path.lineTo(p.x, p.y)));
    if (sketch.closed && sketch.points.length > 2) path.closePath();
  }
  place(context, view, dpr);
  context.globalAlpha = FILL_SELECTED;
  context.fillStyle = style.colour;
  if (sketch.closed || sketch.kind === "rotated_box") context.fill(path);
  context.globalAlpha = 1;
  context.strokeStyle = HALO;
  context.lineWidth = 3 / view.scale;
  context.stroke(path);
  context.strokeStyle = style.colour;
  context.lineWidth = 1.5 / view.scale;
  context.stroke(path);
  if (sketch.kind === "polygon" || sketch.kind === "polyline")
    paintVertices(context, sketch.points.slice(0, -1), view, dpr);
}

function paintVertices(context: CanvasRenderingContext2D, all: readonly Point[], view: View, dpr: number): void {
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  all.forEach((at, i) => {
    const p = toScreen(view, at);
    context.beginPath();
    context.arc(p.x, p.y, i === 0 ? 5 : 3, 0, 2 * Math.PI);
    context.fillStyle = "#ffffff";
    context.fill();
    context.strokeStyle = HALO;
    context.lineWidth = 1;
    context.stroke();
  });
}

/** A stroke of the brush while it is painted, and the brush's size. */
export function paintStroke(
  context: CanvasRenderingContext2D,
  stroke: readonly Point[],
  radius: number,
  colour: string,
  view: View,
  dpr: number,
): void {
  place(context, view, dpr);
  context.globalAlpha = 0.5;
  context.lineWidth = radius * 2;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.strokeStyle = colour;
  context.beginPath();
  stroke.forEach((p, i) => (i === 0 ? context.moveTo(p.x, p.y) : context.lineTo(p.x, p.y)));
  if (stroke.length === 1) context.lineTo(stroke[0]!.x + 0.01, stroke[0]!.y);
  context.stroke();
  context.globalAlpha = 1;
  context.lineCap = "butt";
}

export function paintRing(context: CanvasRenderingContext2D, at: Point, radius: number, view: View, dpr: number): void {
  const p = toScreen(view, at);
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.beginPath();
  context.arc(p.x, p.y, Math.max(1, radius * view.scale), 0, 2 * Math.PI);
  context.strokeStyle = HALO;
  context.lineWidth = 3;
  context.stroke();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1;
  context.stroke();
}

/** Thin lines through the pointer, or a box of screen pixels. */
export function paintCross(context: CanvasRenderingContext2D, at: Point, screen: Size, dpr: number): void {
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  for (const [colour, width] of [
    ["#11111166", 3],
    ["#ffffffcc", 1],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(0, Math.round(at.y) + 0.5);
    context.lineTo(screen.width, Math.round(at.y) + 0.5);
    context.moveTo(Math.round(at.x) + 0.5, 0);
    context.lineTo(Math.round(at.x) + 0.5, screen.height);
    context.stroke();
  }
}

export function paintMarquee(context: CanvasRenderingContext2D, box: Bounds, view: View, dpr: number): void {
  place(context, view, dpr);
  context.fillStyle = "#ffffff22";
  context.fillRect(box.x, box.y, box.width, box.height);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1 / view.scale;
  context.setLineDash([4 / view.scale, 3 / view.scale]);
  context.strokeRect(box.x, box.y, box.width, box.height);
  context.setLineDash([]);
}

export function clear(context: CanvasRenderingContext2D, screen: Size, dpr: number): void {
  context.setTransform(dpr, 0, 0, dpr, 0, 0);
  context.clearRect(0, 0, screen.width, screen.height);
}

/** Let what follows be drawn in image coordinates. */
export function place(context: CanvasRenderingContext2D, view: View, dpr: number): void {
  context.setTransform(view.scale * dpr, 0, 0, view.scale * dpr, view.x * dpr, view.y * dpr);
}
