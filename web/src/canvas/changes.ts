/** Annotations and changes of them, as the API has them; applying a change, and what undoes it. Pure. */

import type { Kind, Shape } from "./shapes";

export type Value = boolean | number | string | number[];
export type Source = "person" | "model" | "import";

export interface Annotation {
  id: string;
  kind: Kind;
  label: number | null;
  geometry: Shape;
  attributes: Record<string, Value>;
  source: Source;
  confidence: number | null;
  group: string | null;
  at: Record<string, unknown> | null;
  author: number | null;
  foreign: Record<string, unknown>;
}

/** What an update may say; fields left out stay, and null takes an attribute's value away. */
export interface Fields {
  label?: number | null;
  geometry?: Shape;
  attributes?: Record<string, Value | null>;
  confidence?: number | null;
  group?: string | null;
  at?: Record<string, unknown> | null;
}

export type Create = { do: "create"; id: string } & Omit<Annotation, "author" | "id">;
export type Change =
  | Create
  | ({ do: "update"; id: string } & Fields)
  | { do: "delete"; id: string }
  | { do: "accept"; id: string }
  | { do: "reset"; id: string };

/** What a file holds for one attempt. */
export interface State {
  readonly annotations: ReadonlyMap<string, Annotation>;
  readonly suggestions: ReadonlyMap<string, Annotation>;
}

/** The annotations as they were before this attempt, by id, suggestions among them: what `reset` goes back to. */
export interface Origin {
  readonly annotations: ReadonlyMap<string, Annotation>;
  readonly suggestions: ReadonlyMap<string, Annotation>;
}

/** The change that makes an annotation, or makes it again. */
export function creation(of: Annotation): Create {
  const { author: _, ...fields } = of;
  return { do: "create", ...fields };
}

/** An annotation with some fields changed. A new label is the caller's business: see `relabelled`. */
export function updated(of: Annotation, fields: Fields): Annotation {
  const { attributes, ...rest } = fields;
  const kept = attributes === undefined ? of.attributes : withAnswers(of.attributes, attributes);
  return { ...of, ...rest, attributes: kept, source: "person" };
}

function withAnswers(old: Record<string, Value>, answers: Record<string, Value | null>): Record<string, Value> {
  const made = { ...old };
  for (const [key, value] of Object.entries(answers)) {
    if (value === null) Reflect.deleteProperty(made, key);
    else made[key] = value;
  }
  return made;
}

/** A state after changes. What can't be applied (it is there already, or is gone) is passed over: a replay is safe. */
export function applied(state: State, changes: readonly Change[], origin: Origin, who: number | null): State {
  const annotations = new Map(state.annotations);
  const suggestions = new Map(state.suggestions);
  for (const change of changes) {
    const suggested = suggestions.get(change.id);
    const before = annotations.get(change.id) ?? suggested;
    switch (change.do) {
      case "create": {
        const { do: _, ...fields } = change;
        annotations.set(change.id, { ...fields, author: who });
        suggestions.delete(change.id);
        break;
      }
      case "update": {
        const { do: _, id, ...fields } = change;
        if (before) annotations.set(id, { ...updated(before, fields), author: who });
        suggestions.delete(id);
        break;
      }
      case "accept":
        if (suggested) annotations.set(change.id, { ...suggested, author: who });
        suggestions.delete(change.id);
        break;
      case "delete":
        annotations.delete(change.id);
        suggestions.delete(change.id);
        break;
      case "reset":
        annotations.delete(change.id);
        suggestions.delete(change.id);
        restore(annotations, origin.annotations.get(change.id));
        restore(suggestions, origin.suggestions.get(change.id));
    }
  }
  return { annotations, suggestions };
}

function restore(into: Map<string, Annotation>, from: Annotation | undefined): void {
  if (from) into.set(from.id, from);
}

/** The changes that lead from one state back to another, for the ids that some changes touch. */
export function undoing(before: State, after: State, changes: readonly Change[], origin: Origin): Change[] {
  return leading(after, before, [...new Set(changes.map((change) => change.id))], origin);
}

/** The changes that lead from one state to another, for some ids. */
export function leading(from: State, to: State, ids: readonly string[], origin: Origin): Change[] {
  return ids.flatMap((id) => led(id, from, to, origin));
}

function led(id: string, from: State, to: State, origin: Origin): Change[] {
  const now = from.annotations.get(id);
  const wanted = to.annotations.get(id);
  const start = origin.annotations.get(id);
  const reset: Change = { do: "reset", id };
  if (to.suggestions.has(id)) return from.suggestions.has(id) ? [] : [reset];
  if (wanted === undefined) return now === undefined && !from.suggestions.has(id) ? [] : [{ do: "delete", id }];
  if (now === wanted) return [];
  if (wanted === start) return [reset];
  if (now !== undefined) return difference(now, wanted);
  const first = start ?? origin.suggestions.get(id);
  if (first === undefined) return [creation(wanted)];
  const changed = difference(first, wanted);
  if (changed.length) return [reset, ...changed];
  return origin.suggestions.has(id) ? [reset, { do: "accept", id }] : [reset];
}

/** The update that makes one state of an annotation another; nothing when they are alike. */
export function difference(from: Annotation, to: Annotation): Change[] {
  const fields: Fields = {};
  if (!alike(from.label, to.label)) fields.label = to.label;
  if (!alike(from.geometry, to.geometry)) fields.geometry = to.geometry;
  if (!alike(from.group, to.group)) fields.group = to.group;
  if (!alike(from.at, to.at)) fields.at = to.at;
  const answers: Record<string, Value | null> = {};
  for (const key of new Set([...Object.keys(from.attributes), ...Object.keys(to.attributes)])) {
    if (!alike(from.attributes[key], to.attributes[key])) answers[key] = to.attributes[key] ?? null;
  }
  if (Object.keys(answers).length) fields.attributes = answers;
  return Object.keys(fields).length ? [{ do: "update", id: to.id, ...fields }] : [];
}

export function alike(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
