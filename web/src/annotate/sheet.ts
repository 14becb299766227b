/** One file on the desk: its document and scene, and what somebody does to it. */

import { drawing as words } from "../words/drawing";
import { newId } from "../api/ids";
import { painted } from "../canvas/brush";
import {
  creation,
  difference,
  type Annotation,
  type Change,
  type Create,
  type Fields,
  type Value,
} from "../canvas/changes";
import { Document } from "../canvas/document";
import { withMore } from "../canvas/rings";
import { layer, Scene, type Style } from "../canvas/scene";
import { bounds, mask, moved, polygon, shiftInside, union, type Point, type Size } from "../canvas/shapes";
import { Signal } from "../canvas/signal";
import type { Drawn } from "../canvas/tools/drawing";
import { Ledger } from "./ledger";
import type { Entry, NoteBody, SaveBody } from "./outbox/entry";
import { allMissing, asked, defaults, grants, type Label, type Missing, type Schema, type Settings } from "./questions";
import type { Note, Work } from "./work";

const byId = (all: readonly Annotation[]): Map<string, Annotation> => new Map(all.map((one) => [one.id, one]));

/** Why a task goes back: about one of its annotations, or the whole. */
export interface Remark {
  text: string;
  annotation: string | null;
}

/** How an annotation differs from what the stage before left. */
export type Changed = { id: string } & (
  | { what: "added"; before: null; after: Annotation }
  | { what: "changed"; before: Annotation; after: Annotation }
  | { what: "removed"; before: Annotation; after: null }
);

/** Our task is ours no more. */
export interface Lost {
  /** Who has it now; 0 when nobody has. */
  holder: number;
  /** Why it was cancelled, if it was. */
  cancelled: string | null;
}

export class Sheet {
  readonly document: Document;
  readonly ledger: Ledger;
  readonly scene: Scene;
  readonly image: Size;
  readonly notes: Signal<Work["notes"]>;
  /** Remarks that the server doesn't have yet. */
  readonly remarks = new Signal<readonly NoteBody[]>([]);
  /** What is being said on the task. It waits here while its field isn't shown. */
  readonly remark = new Signal("");
  /** What is being said on returning it. */
  readonly returning = new Signal<{ remarks: readonly Remark[]; text: string }>({ remarks: [], text: "" });
  readonly lost = new Signal<Lost | null>(null);

  constructor(
    readonly work: Work,
    readonly schema: Schema,
    who: number,
    /** Under which the task is claimed, where work on it began without the server. */
    readonly claim?: string,
  ) {
    this.image = { width: work.file.width, height: work.file.height };
    const annotations = byId(work.annotations);
    const suggestions = byId(work.suggestions);
    const origin = new Map(annotations);
    for (const [id, before] of Object.entries(work.before)) {
      if (before) origin.set(id, before);
      else origin.delete(id);
    }
    const [start, before] = [
      { annotations, suggestions },
      { annotations: origin, suggestions },
    ];
    this.document = new Document(start, before, who);
    this.ledger = new Ledger(start, before, who);
    this.scene = new Scene(
      this.document,
      this.image,
      (of) => this.style(of),
      (of) => this.mayEdit(of),
    );
    this.notes = new Signal(work.notes);
  }

  get settings(): Settings {
    return this.work.settings;
  }

  label(id: number | null): Label | undefined {
    return this.schema.labels?.find((one) => one.id === id);
  }

  style(of: Pick<Annotation, "label">): Style {
    const label = this.label(of.label);
    return {
      colour: label?.color ?? "#ffffff",
      name: label?.name ?? "",
      edges: label?.skeleton?.edges as Style["edges"] & object,
      points: label?.skeleton?.points as readonly string[],
    };
  }

  mayEdit(of: Annotation): boolean {
    return of.label === null || grants(this.settings.labels, of.label);
  }

  /** All saves that were refused: what is ours among them is marked. */
  refuse(refused: readonly (Pick<Entry, "problem"> & { body: SaveBody })[]): void {
    this.ledger.refuse(refused.map(({ body }) => body.id));
    const mine = refused.filter(({ body }) => this.ledger.knows(body.id));
    if (mine.length === 0 && this.scene.refused.get().size === 0) return;
    const why = mine.flatMap(({ body, problem }) =>
      body.changes.map((change): [string, string] => [change.id, problem?.detail ?? ""]),
    );
    this.scene.refused.set(new Map(why));
  }

  /** The server has a remark. */
  heard(remark: string, note: Note): void {
    this.notes.update((all) => [...all.filter(({ id }) => id !== note.id), note]);
    this.remarks.update((all) => all.filter(({ id }) => id !== remark));
  }

  // What is there.

  get annotations(): Annotation[] {
    return [...this.document.state.get().annotations.values()];
  }

  get suggestions(): Annotation[] {
    return [...this.document.state.get().suggestions.values()];
  }

  /** The answers about the file itself. */
  get answers(): Record<string, Value> {
    return this.document.get(this.work.holder)?.attributes ?? {};
  }

  missing(): Missing[] {
    return allMissing(this.schema, this.settings, this.annotations, this.work.holder);
  }

  /** The shapes that reach outside of the image, where that is refused. */
  outside(): Annotation[] {
    if (this.settings.outside === "clip") return [];
    return this.annotations.filter((one) => {
      if (one.kind === "tag" || one.kind === "mask" || !this.mayEdit(one)) return false;
      const b = bounds(one.kind, one.geometry);
      const { width, height } = this.image;
      return b.x < -1e-6 || b.y < -1e-6 || b.x + b.width > width + 1e-6 || b.y + b.height > height + 1e-6;
    });
  }

  /** What this draft adds, changes and removes of what the stage before left. */
  differences(): Changed[] {
    const now = this.document.state.get().annotations;
    const base = new Map<string, Annotation | null>(this.work.annotations.map((one) => [one.id, one]));
    for (const [id, before] of Object.entries(this.work.before)) base.set(id, before);
    return [...new Set([...base.keys(), ...now.keys()])].flatMap((id): Changed[] => {
      const [before, after] = [base.get(id), now.get(id)];
      if (!before) return after ? [{ id, what: "added", before: null, after }] : [];
      if (!after) return [{ id, what: "removed", before, after: null }];
      return before !== after && difference(before, after).length ? [{ id, what: "changed", before, after }] : [];
    });
  }

  // Drawing.

  /** A shape was drawn: the annotation it made, or changed. */
  draw(drawn: Drawn, label: number, again?: Annotation): void {
    const { sole } = this.scene;
    if (drawn.joins && sole?.kind === "polygon" && this.mayEdit(sole)) {
      const geometry = withMore(polygon(sole.geometry), polygon(drawn.geometry)[0]![0]!);
      this.run(words.steps.addRing, [{ do: "update", id: sole.id, geometry }]);
      return;
    }
    const attributes = again ? { ...again.attributes } : defaults(this.schema, this.settings, label);
    this.add(words.steps.draw, [fresh({ kind: drawn.kind, label, geometry: drawn.geometry, attributes })]);
  }

  /** A stroke of the brush: on the selected mask of this label, else a new one. The eraser takes what it is over. */
  stroke(points: Point[], radius: number, erase: boolean, label: number): void {
    const on = this.maskFor(erase, label, points[0]!);
    if (erase && !on) return;
    const geometry = painted(on ? mask(on.geometry) : null, this.image, points, radius, erase);
    if (on && geometry === null) this.run(words.steps.erase, [{ do: "delete", id: on.id }]);
    else if (on) this.run(erase ? words.steps.erase : words.steps.paint, [{ do: "update", id: on.id, geometry }]);
    else if (geometry) {
      const attributes = defaults(this.schema, this.settings, label);
      this.add(words.steps.paint, [fresh({ kind: "mask", label, geometry, attributes })]);
    }
  }

  private maskFor(erase: boolean, label: number, at: Point): Annotation | undefined {
    const { sole } = this.scene;
    const fits = (one: Annotation): boolean => one.kind === "mask" && this.mayEdit(one);
    if (sole && fits(sole) && (erase || sole.label === label)) return sole;
    return erase ? this.scene.at(at, 0, (one) => !fits(one)) : undefined;
  }

  // Commands on what is selected.

  get chosen(): Annotation[] {
    return this.scene.selected.filter((one) => this.mayEdit(one) && !this.scene.locked.get().has(one.id));
  }

  update(title: string, fields: (of: Annotation) => Fields, of = this.chosen): void {
    this.run(
      title,
      of.map((one) => ({ do: "update", id: one.id, ...fields(one) })),
    );
  }

  delete(): void {
    this.run(
      words.steps.delete,
      this.chosen.map((one) => ({ do: "delete", id: one.id })),
    );
  }

  /** Give what is selected another label, where it may have it. Its answers to questions of the old one go. */
  relabel(label: Label): void {
    const able = this.chosen.filter((one) => fitsLabel(one, label) && one.label !== label.id);
    this.update(
      words.steps.changeLabel,
      (one) => {
        const kept = asked(this.schema, label.id, one.attributes).map((attribute) => String(attribute.id));
        const gone = Object.keys(one.attributes).filter((key) => !kept.includes(key));
        const mine = gone.filter((key) => grants(this.settings.attributes, Number(key)));
        return {
          label: label.id,
          ...(mine.length && { attributes: Object.fromEntries(mine.map((key) => [key, null])) }),
        };
      },
      able,
    );
  }

  nudge(dx: number, dy: number): void {
    const movable = this.chosen.filter((one) => one.kind !== "mask" && one.kind !== "tag");
    if (!movable.length) return;
    const by = shiftInside(union(movable.map((one) => bounds(one.kind, one.geometry))), this.image, dx, dy);
    if (by.x || by.y)
      this.update(words.steps.nudge, (one) => ({ geometry: moved(one.kind, one.geometry, by.x, by.y) }), movable);
  }

  /** Copies of some annotations, a little aside where they came from this very file. */
  paste(copies: readonly Annotation[], aside: boolean): void {
    const able = copies.filter((one) => this.mayEdit(one) && one.label !== null && this.label(one.label));
    const groups = new Map<string, string>();
    const shift = aside ? 10 : 0;
    const made = able.flatMap((one): Create[] => {
      if (one.kind === "mask" && aside) return [];
      if (
        one.kind === "mask" &&
        (mask(one.geometry).size[0] !== this.image.height || mask(one.geometry).size[1] !== this.image.width)
      )
        return [];
      const b = bounds(one.kind, one.geometry);
      if (b.width > this.image.width || b.height > this.image.height) return [];
      const by = shiftInside(b, this.image, shift, shift);
      const inside = shiftInside({ ...b, x: b.x + by.x, y: b.y + by.y }, this.image, 0, 0);
      const geometry = moved(one.kind, one.geometry, by.x + inside.x, by.y + inside.y);
      const group = one.group === null ? null : (groups.get(one.group) ?? newId());
      if (one.group !== null && group !== null) groups.set(one.group, group);
      const answers = Object.entries(one.attributes).filter(([id]) => grants(this.settings.attributes, Number(id)));
      const { kind, label, at } = one;
      return [fresh({ kind, label, geometry, attributes: Object.fromEntries(answers), group, at })];
    });
    this.add(words.steps.paste, made);
  }

  /** Group what is selected, or take its group apart when it is one. */
  group(): void {
    const [first, ...rest] = this.chosen;
    if (!first) return;
    const together = first.group !== null && rest.every((one) => one.group === first.group);
    if (together) this.update(words.steps.takeGroupApart, () => ({ group: null }));
    else if (rest.length) {
      const group = newId();
      this.update(words.steps.group, () => ({ group }));
    }
  }

  /** Put what is selected before or behind everything else. */
  stack(front: boolean): void {
    const layers = this.annotations.map(layer);
    const z = front ? Math.max(0, ...layers) + 1 : Math.min(0, ...layers) - 1;
    this.update(front ? words.steps.bringFront : words.steps.sendBack, (one) => ({ at: { ...one.at, z } }));
  }

  // Answers.

  answer(of: Annotation, attribute: number, value: Value | null): void {
    const answers: Record<string, Value | null> = { [attribute]: value };
    this.run(words.steps.answer, [
      { do: "update", id: of.id, attributes: { ...answers, ...this.closedBy(of, attribute, value) } },
    ]);
  }

  answerFile(attribute: number, value: Value | null): void {
    const { holder } = this.work;
    const known = this.document.get(holder);
    if (known) this.answer(known, attribute, value);
    else if (value !== null) {
      const made = fresh({ kind: "tag", label: null, geometry: null, attributes: { [attribute]: value } });
      this.run(words.steps.answer, [{ ...made, id: holder }]);
    }
  }

  /** Answers to questions that are not asked any more go with the answer that asked them. */
  private closedBy(of: Annotation, attribute: number, value: Value | null): Record<string, null> {
    const after = { ...of.attributes };
    if (value === null) Reflect.deleteProperty(after, String(attribute));
    else after[String(attribute)] = value;
    const open = new Set(asked(this.schema, of.label, after).map((one) => one.id));
    const live = asked(this.schema, of.label, of.attributes).map((one) => one.id);
    const closed = live.filter((id) => !open.has(id) && id !== attribute && of.attributes[String(id)] !== undefined);
    return Object.fromEntries(closed.filter((id) => grants(this.settings.attributes, id)).map((id) => [id, null]));
  }

  tag(label: Label): void {
    const known = this.annotations.find((one) => one.kind === "tag" && one.label === label.id);
    if (known) this.run(words.steps.takeTagAway, [{ do: "delete", id: known.id }]);
    else {
      const attributes = defaults(this.schema, this.settings, label.id);
      this.run(words.steps.tagFile, [fresh({ kind: "tag", label: label.id, geometry: null, attributes })]);
    }
  }

  // Suggestions.

  accept(of: readonly Annotation[]): void {
    this.run(
      words.steps.accept,
      of.filter((one) => this.document.isSuggestion(one.id)).map((one) => ({ do: "accept", id: one.id })),
    );
  }

  reject(of: readonly Annotation[]): void {
    this.run(
      words.steps.reject,
      of.filter((one) => this.document.isSuggestion(one.id)).map((one) => ({ do: "delete", id: one.id })),
    );
  }

  run(title: string, changes: Change[]): void {
    this.document.run(title, changes);
  }

  private add(title: string, made: readonly Create[]): void {
    if (made.length === 0) return;
    this.run(title, [...made]);
    this.scene.select(...made.map((one) => one.id));
  }
}

export function fitsLabel(of: Annotation, label: Label): boolean {
  if (of.kind === "keypoints" && (of.geometry as number[]).length !== 3 * (label.skeleton?.points.length ?? 0))
    return false;
  return !label.kinds?.length || label.kinds.includes(of.kind);
}

/** A new annotation of somebody at work. */
function fresh(fields: Pick<Annotation, "kind" | "label" | "geometry" | "attributes"> & Partial<Annotation>): Create {
  return creation({
    id: newId(),
    source: "person",
    confidence: null,
    group: null,
    at: null,
    author: null,
    foreign: {},
    ...fields,
  });
}
