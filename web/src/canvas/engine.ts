/**
 * The canvas: three layers over each other (image, shapes, what is at hand), pointers, zoom and pan. It knows a scene and
 * tools, but neither React nor the server.
 */

import { drawing as words } from "../words/drawing";
import {
  clear,
  paintAlerts,
  paintCross,
  paintMarquee,
  Painter,
  type Piece,
  paintPins,
  paintRing,
  paintSketch,
  paintStroke,
  place,
} from "./painter";
import { Pointers, type Gestures } from "./pointers";
import type { Scene, Style } from "./scene";
import { bounds, clamped, type Bounds, type Point, type Size } from "./shapes";
import { Signal } from "./signal";
import { BrushTool, PolygonTool, type Drawn, type DrawingTool, type Pointer } from "./tools/drawing";
import { SelectTool } from "./tools/selecting";
import { fit, panned, toImage, toScreen, zoomed, type View } from "./view";
import type { Annotation, Change } from "./changes";

export interface Callbacks {
  drawn(drawn: Drawn): void;
  stroke(points: Point[], radius: number, erase: boolean): void;
  change(title: string, changes: Change[]): void;
}

/** The picture: pixels of any resolution, spread over the image's own size. */
export type Picture = CanvasImageSource | null;

/** How near to the edge of the screen the cross comes before the view goes along. */
const EDGE = 24;

type Layer = "image" | "shapes" | "hand";
const LAYERS: readonly Layer[] = ["image", "shapes", "hand"];

export class Engine implements Gestures {
  readonly view = new Signal<View>({ scale: 1, x: 0, y: 0 });
  readonly cursor = new Signal<Point | null>(null);
  readonly crosshair = new Signal(false);
  readonly bare = new Signal(false);
  readonly radius = new Signal(12);
  readonly hint = new Signal("");
  /** Script milliseconds of the last frame. */
  frameMillis = 0;

  private scene: Scene | null = null;
  private painter: Painter | null = null;
  private select: SelectTool | null = null;
  private tool: DrawingTool | null = null;
  private borrowed = false;
  private picture: Picture = null;
  private pieces: readonly Piece[] = [];
  private screen: Size = { width: 1, height: 1 };
  private dpr = 1;
  private dirty = new Set<Layer>();
  private frame = 0;
  private fitted = true;
  private pointed = "";
  private byKeys = false;
  private hovered: Annotation | undefined;
  private pins: readonly Bounds[] = [];
  private sketchStyle: Style = { colour: "#ffffff", name: "" };
  private readonly stops: (() => void)[] = [];
  private readonly watched: (() => void)[] = [];
  private readonly contexts: Record<Layer, CanvasRenderingContext2D>;
  private readonly pointers: Pointers;

  constructor(
    private readonly host: HTMLElement,
    private readonly callbacks: Callbacks,
  ) {
    const made = LAYERS.map((name): [Layer, CanvasRenderingContext2D] => {
      const canvas = document.createElement("canvas");
      canvas.dataset["layer"] = name;
      canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;pointer-events:none";
      host.append(canvas);
      return [name, canvas.getContext("2d")!];
    });
    this.contexts = Object.fromEntries(made) as Record<Layer, CanvasRenderingContext2D>;
    this.pointers = new Pointers(host, this);
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(host);
    this.stops.push(
      () => observer.disconnect(),
      this.view.subscribe(() => this.looked()),
      this.crosshair.subscribe(() => this.invalidate("hand")),
      this.radius.subscribe(() => this.invalidate("hand")),
      this.bare.subscribe(() => this.invalidate("shapes", "hand")),
    );
    this.resize();
  }

  close(): void {
    for (const stop of [...this.stops, ...this.watched]) stop();
    this.pointers.close();
    cancelAnimationFrame(this.frame);
    this.host.replaceChildren();
  }

  /** Show another file. The view is fitted; the tool stays. */
  show(scene: Scene | null): void {
    for (const stop of this.watched.splice(0)) stop();
    this.scene = scene;
    this.painter = scene && new Painter(scene);
    this.select = scene && new SelectTool(scene, () => 1 / this.view.get().scale);
    this.tool = null;
    this.borrowed = false;
    this.hovered = undefined;
    this.pins = [];
    if (scene) {
      const both = (): void => this.invalidate("shapes", "hand");
      const forget = (): void => {
        scene.prune();
        this.hovered = undefined;
        both();
      };
      this.watched.push(
        scene.document.state.subscribe(forget),
        ...[scene.hidden, scene.above, scene.differences, scene.removed].map((one) => one.subscribe(both)),
        scene.dragged.subscribe(() => this.invalidate("hand", ...(this.isDraggingNew() ? ["shapes" as const] : []))),
        ...[scene.selection, scene.refused].map((one) => one.subscribe(() => this.invalidate("hand"))),
      );
      this.fit();
    } else delete this.host.dataset["view"];
    this.invalidate(...LAYERS);
  }

  private wasDragging = "";

  private isDraggingNew(): boolean {
    const now = [...(this.scene?.dragged.get().keys() ?? [])].join();
    const differs = now !== this.wasDragging;
    this.wasDragging = now;
    return differs;
  }

  paint(picture: Picture): void {
    this.picture = picture;
    this.invalidate("image");
  }

  /** Finer pieces, which lie over the picture. */
  detail(pieces: readonly Piece[]): void {
    if (pieces.length === 0 && this.pieces.length === 0) return;
    this.pieces = pieces;
    this.invalidate("image");
  }

  /** Brightness, contrast and gamma, as a CSS filter on the image alone. */
  filter(css: string): void {
    this.contexts.image.canvas.style.filter = css;
  }

  pin(at: readonly Bounds[]): void {
    this.pins = at;
    this.invalidate("hand");
  }

  /** Draw with a tool from now on, in a style; null selects. */
  use(tool: DrawingTool | null, style: Style): void {
    this.cancel();
    this.tool = tool;
    this.sketchStyle = style;
    if (tool instanceof PolygonTool) tool.onScreen = (p) => toScreen(this.view.get(), p);
    this.point(null);
    this.tellHint();
    this.invalidate("hand");
  }

  get size(): Size {
    return this.screen;
  }

  /** Space is held, so that dragging pans. */
  hold(space: boolean): void {
    this.pointers.hold(space);
  }

  point(cursor: string | null): void {
    const wanted = cursor ?? (this.tool ? "crosshair" : "default");
    if (wanted === this.pointed) return; // writing it costs a style each time
    this.pointed = wanted;
    this.host.style.cursor = wanted;
  }

  // What the keyboard asks for.

  cancel(): boolean {
    const busy = this.isBusy;
    this.tool?.cancel();
    this.select?.cancel();
    this.invalidate("hand", "shapes");
    return busy;
  }

  get isBusy(): boolean {
    return (this.tool?.isBusy ?? false) || (this.select?.isBusy ?? false);
  }

  /** Enter: close the shape that is being drawn. */
  finish(): boolean {
    if (!this.tool?.isBusy) return false;
    this.give(this.tool.finish());
    return true;
  }

  /** Backspace: take the last point back, or the vertex at hand away. */
  back(): boolean {
    if (this.tool?.isBusy) {
      this.tool.back();
      this.tellHint();
      this.invalidate("hand");
      return true;
    }
    const changes = this.select?.withoutVertex();
    if (changes) this.callbacks.change(words.steps.deleteVertex, changes);
    return Boolean(changes);
  }

  fit(of?: Bounds): void {
    if (!this.scene) return;
    this.fitted = of === undefined;
    this.view.set(fit(of ?? { x: 0, y: 0, ...this.scene.image }, this.screen, of ? 96 : undefined));
  }

  zoom(factor: number, at: Point = { x: this.screen.width / 2, y: this.screen.height / 2 }): void {
    if (!this.scene) return;
    this.fitted = false;
    this.view.set(zoomed(this.view.get(), at, factor, this.scene.image, this.screen));
  }

  pan(dx: number, dy: number): void {
    if (!this.scene) return;
    this.fitted = false;
    this.view.set(panned(this.view.get(), dx, dy, this.scene.image, this.screen));
  }

  /** Move the view so that a shape is on the screen. */
  reveal(of: Annotation): void {
    const b = bounds(of.kind, of.geometry);
    const view = this.view.get();
    const from = toScreen(view, { x: b.x, y: b.y });
    const to = toScreen(view, { x: b.x + b.width, y: b.y + b.height });
    if (from.x >= 0 && from.y >= 0 && to.x <= this.screen.width && to.y <= this.screen.height) return;
    this.fitted = false;
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    this.view.set({
      ...view,
      x: view.x + this.screen.width / 2 - middle.x,
      y: view.y + this.screen.height / 2 - middle.y,
    });
  }

  // The pointer, moved by keys: whatever clicks can draw, keys can.

  /** Whether a tool is at hand that draws. */
  get draws(): boolean {
    return this.tool !== null;
  }

  /** Move the cross by screen pixels; it begins in the middle, stays on the image, and the view goes along. */
  step(dx: number, dy: number): void {
    if (!this.scene) return;
    const { width, height } = this.screen;
    const from = this.cursor.get();
    const at = from ? toScreen(this.view.get(), from) : { x: width / 2, y: height / 2 };
    const to = clamped(toImage(this.view.get(), { x: at.x + dx, y: at.y + dy }), this.scene.image);
    const p = toScreen(this.view.get(), to);
    const beyond = (n: number, length: number): number => Math.min(0, n - EDGE) || Math.max(0, n - length + EDGE);
    const [x, y] = [beyond(p.x, width), beyond(p.y, height)];
    if (x || y) this.pan(-x, -y);
    this.byKeys = true;
    this.hover(toScreen(this.view.get(), to), false);
  }

  /** Click where the cross is. */
  press(shift: boolean): void {
    const at = this.cursor.get();
    if (!at) this.step(0, 0);
    else {
      const p = toScreen(this.view.get(), at);
      this.down(p, shift, false, false);
      this.up(p, shift);
    }
  }

  // Gestures.

  pointer(screen: Point, more: { shift: boolean; secondary?: boolean }): Pointer {
    return { screen, image: toImage(this.view.get(), screen), ...more };
  }

  down(screen: Point, shift: boolean, secondary: boolean, borrow: boolean): void {
    if (!this.scene) return;
    const p = this.pointer(screen, { shift, secondary });
    this.borrowed = borrow && this.tool !== null && !this.tool.isBusy;
    if (this.tool && !this.borrowed) this.give(this.tool.down(p));
    else if (!secondary) this.select?.down(p);
    this.invalidate("hand");
  }

  move(screen: Point, shift: boolean): void {
    this.byKeys = false;
    this.hover(screen, shift);
  }

  private hover(screen: Point, shift: boolean): void {
    if (!this.scene) return;
    const p = this.pointer(screen, { shift });
    this.cursor.set(p.image);
    if (this.tool && !this.borrowed) this.give(this.tool.move(p));
    else {
      this.select?.move(p);
      this.look(p.image);
    }
    this.invalidate("hand");
  }

  up(screen: Point, shift: boolean): void {
    if (!this.scene) return;
    const p = this.pointer(screen, { shift });
    if (this.tool && !this.borrowed) {
      const { tool } = this;
      this.give(tool.up(p));
      if (tool instanceof BrushTool) this.giveStroke(tool);
    } else {
      const made = this.select?.up(p);
      if (made) this.callbacks.change(made.title, made.changes);
    }
    this.borrowed = false;
    this.invalidate("hand");
  }

  double(screen: Point, shift: boolean): void {
    const p = this.pointer(screen, { shift });
    if (this.tool) this.give(this.tool.double(p));
    else {
      const made = this.select?.double(p);
      if (made) this.callbacks.change(made.title, made.changes);
    }
  }

  /** A gesture turned out to be a pan or a pinch. */
  abandon(): void {
    if (this.tool && !this.borrowed) this.tool.abandon();
    else this.select?.cancel();
    this.borrowed = false;
    this.invalidate("hand", "shapes");
  }

  leave(): void {
    if (this.byKeys) return; // the mouse went away, the cross stays
    this.cursor.set(null);
    this.hovered = undefined;
    this.invalidate("hand");
  }

  private giveStroke(tool: BrushTool): void {
    const stroke = tool.take();
    if (stroke.length) this.callbacks.stroke(stroke, this.radius.get(), tool.erases);
  }

  private give(drawn: Drawn | null): void {
    this.tellHint();
    this.invalidate("hand");
    if (drawn) this.callbacks.drawn(drawn);
  }

  private tellHint(): void {
    this.hint.set(this.tool ? this.tool.hint : (this.select?.hint ?? ""));
  }

  private look(p: Point): void {
    if (this.select?.isBusy) return;
    const handle = this.select?.handleAt(p);
    this.hovered = handle ? undefined : this.select?.shapeAt(p);
    this.point(handle ? "pointer" : this.hovered ? "move" : null);
  }

  // Frames.

  private looked(): void {
    const { scale, x, y } = this.view.get();
    this.host.dataset["view"] = `${scale} ${x} ${y}`; // for whoever automates the page
    this.invalidate(...LAYERS);
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const before = this.screen;
    this.screen = { width: Math.max(1, width), height: Math.max(1, height) };
    this.dpr = window.devicePixelRatio || 1;
    for (const name of LAYERS) {
      const { canvas } = this.contexts[name];
      canvas.width = Math.round(this.screen.width * this.dpr);
      canvas.height = Math.round(this.screen.height * this.dpr);
    }
    if (this.fitted) this.fit();
    else {
      // A panel that opens moves the canvas's edge, not the image.
      const view = this.view.get();
      if (before.width !== this.screen.width) this.view.set({ ...view });
    }
    this.invalidate(...LAYERS);
    this.render();
  }

  private invalidate(...layers: Layer[]): void {
    for (const name of layers) this.dirty.add(name);
    this.frame ||= requestAnimationFrame(() => this.render());
  }

  private render(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const began = performance.now();
    if (this.dirty.has("image")) this.paintImage();
    if (this.dirty.has("shapes")) this.paintShapes();
    if (this.dirty.has("hand")) this.paintHand();
    this.dirty.clear();
    this.frameMillis = performance.now() - began;
  }

  private paintImage(): void {
    const context = this.contexts.image;
    clear(context, this.screen, this.dpr);
    if (!this.picture || !this.scene) return;
    const { image } = this.scene;
    const view = this.view.get();
    place(context, view, this.dpr);
    context.imageSmoothingEnabled = view.scale * this.dpr < 3;
    context.imageSmoothingQuality = "medium";
    context.drawImage(this.picture, 0, 0, image.width, image.height);
    for (const { bitmap, x, y, width, height } of this.pieces) context.drawImage(bitmap, x, y, width, height);
  }

  private paintShapes(): void {
    const context = this.contexts.shapes;
    if (this.bare.get() || !this.painter) clear(context, this.screen, this.dpr);
    else this.painter.shapes(context, this.view.get(), this.screen, this.dpr);
  }

  private paintHand(): void {
    const context = this.contexts.hand;
    clear(context, this.screen, this.dpr);
    if (!this.scene || !this.painter) return;
    const view = this.view.get();
    const at = this.cursor.get();
    if (!this.bare.get()) {
      if (this.hovered && !this.tool) this.painter.hover(context, this.hovered, view, this.dpr);
      this.painter.selection(context, view, this.dpr, this.tool === null);
      if (this.pins.length) paintPins(context, this.pins, view, this.dpr);
      paintAlerts(context, this.painter.refused(), view, this.dpr);
    }
    this.paintTool(context, view, at);
    if (this.select?.marquee) paintMarquee(context, this.select.marquee, view, this.dpr);
    const isBox = this.tool?.kind === "box";
    if (at && (this.crosshair.get() || isBox || (this.tool && this.byKeys))) {
      paintCross(context, toScreen(view, at), this.screen, this.dpr);
    }
  }

  private paintTool(context: CanvasRenderingContext2D, view: View, at: Point | null): void {
    const sketch = this.tool?.sketch();
    if (this.tool instanceof BrushTool) {
      const colour = this.tool.erases ? "#ffffff" : this.sketchStyle.colour;
      if (sketch) paintStroke(context, sketch.points, this.radius.get(), colour, view, this.dpr);
      if (at) paintRing(context, at, this.radius.get(), view, this.dpr);
    } else if (sketch) paintSketch(context, sketch, this.sketchStyle, view, this.dpr);
  }
}
