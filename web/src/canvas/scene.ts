/** What is shown of a document: the order of shapes, what is selected, hidden and locked, and what lies at a point. */

import Flatbush from "flatbush";
import type { Annotation } from "./changes";
import type { Document } from "./document";
import { bounds, holds, type Bounds, type Point, type Size } from "./shapes";
import { Signal } from "./signal";
import { cover, touches } from "./touching";

export interface Style {
  colour: string;
  name: string;
  /** Lines between the points of a skeleton, and the points' names. */
  edges?: readonly (readonly [number, number])[];
  points?: readonly string[];
}

/** How a shape differs from the stage before. */
export type Difference = "added" | "changed" | "removed";

export interface Shown {
  annotation: Annotation;
  suggested: boolean;
  bounds: Bounds;
}

const NOBODY: ReadonlySet<string> = new Set();

/** The place in the stack: higher is nearer to the eye. */
export const layer = (of: Annotation): number => (typeof of.at?.["z"] === "number" ? of.at["z"] : 0);

export class Scene {
  readonly selection = new Signal<ReadonlySet<string>>(NOBODY);
  readonly hidden = new Signal<ReadonlySet<string>>(NOBODY);
  readonly locked = new Signal<ReadonlySet<string>>(NOBODY);
  /** What the server doesn't have as it is here, and why. */
  readonly refused = new Signal<ReadonlyMap<string, string>>(new Map());
  /** Suggestions below this confidence are not shown. */
  readonly above = new Signal(0);
  /** What changed since the stage before, while it is looked at. */
  readonly differences = new Signal<ReadonlyMap<string, Difference>>(new Map());
  /** What isn't there any more, shown while differences are looked at. */
  readonly removed = new Signal<readonly Annotation[]>([]);
  /** Shapes while they are dragged, in place of the document's. */
  readonly dragged = new Signal<ReadonlyMap<string, Annotation>>(new Map());

  private made: { for: readonly unknown[]; shown: Shown[]; index: Flatbush | null } | null = null;

  constructor(
    readonly document: Document,
    readonly image: Size,
    readonly style: (of: Annotation) => Style,
    readonly mayEdit: (of: Annotation) => boolean,
  ) {}

  /** All that is drawn, the lowest first. */
  get shown(): readonly Shown[] {
    return this.current().shown;
  }

  private current(): { shown: Shown[]; index: Flatbush | null } {
    const now = [this.document.state.get(), this.hidden.get(), this.above.get()];
    if (this.made?.for.every((part, i) => part === now[i])) return this.made;
    const { annotations, suggestions } = this.document.state.get();
    const hidden = this.hidden.get();
    const above = this.above.get();
    const shown: Shown[] = [];
    for (const annotation of annotations.values()) {
      if (annotation.kind === "tag" || hidden.has(annotation.id)) continue;
      shown.push({ annotation, suggested: false, bounds: bounds(annotation.kind, annotation.geometry) });
    }
    for (const annotation of suggestions.values()) {
      if (annotation.kind === "tag" || hidden.has(annotation.id) || (annotation.confidence ?? 1) < above) continue;
      shown.push({ annotation, suggested: true, bounds: bounds(annotation.kind, annotation.geometry) });
    }
    shown.sort((a, b) => layer(a.annotation) - layer(b.annotation) || (a.annotation.id < b.annotation.id ? -1 : 1));
    this.made = { for: now, shown, index: index(shown) };
    return this.made;
  }

  /** The shape at a point: of the highest layer the smallest, so that one inside another can be reached. */
  at(p: Point, reach: number, but?: (of: Annotation) => boolean): Annotation | undefined {
    const { shown, index } = this.current();
    const found = index?.search(p.x - reach, p.y - reach, p.x + reach, p.y + reach) ?? [];
    let best: { annotation: Annotation; layer: number; cover: number } | undefined;
    for (const i of found) {
      const { annotation } = shown[i]!;
      if (this.locked.get().has(annotation.id) || but?.(annotation)) continue;
      if (!touches(annotation.kind, annotation.geometry, p, reach)) continue;
      const one = { annotation, layer: layer(annotation), cover: cover(annotation.kind, annotation.geometry) };
      if (!best || one.layer > best.layer || (one.layer === best.layer && one.cover <= best.cover)) best = one;
    }
    return best?.annotation;
  }

  /** The shapes that lie wholly within a box. */
  within(box: Bounds): string[] {
    const { shown, index } = this.current();
    const found = index?.search(box.x, box.y, box.x + box.width, box.y + box.height) ?? [];
    return found
      .map((i) => shown[i]!)
      .filter((one) => holds(box, one.bounds) && !this.locked.get().has(one.annotation.id))
      .map((one) => one.annotation.id);
  }

  get selected(): Annotation[] {
    return [...this.selection.get()].flatMap((id) => this.document.get(id) ?? []);
  }

  /** The selected shape when it is the only one. */
  get sole(): Annotation | undefined {
    const { size } = this.selection.get();
    return size === 1 ? this.selected[0] : undefined;
  }

  select(...ids: string[]): void {
    this.selection.set(new Set(ids));
  }

  /** An annotation, and those of its group. */
  companions(of: Annotation): string[] {
    if (of.group === null) return [of.id];
    const { annotations } = this.document.state.get();
    return [...annotations.values()].filter((one) => one.group === of.group).map((one) => one.id);
  }

  /** Forget what is selected and isn't there any more. */
  prune(): void {
    const kept = [...this.selection.get()].filter((id) => this.document.get(id) !== undefined);
    if (kept.length !== this.selection.get().size) this.select(...kept);
  }
}

function index(shown: readonly Shown[]): Flatbush | null {
  if (shown.length === 0) return null;
  const made = new Flatbush(shown.length);
  for (const { bounds: b } of shown) made.add(b.x, b.y, b.x + b.width, b.y + b.height);
  made.finish();
  return made;
}
