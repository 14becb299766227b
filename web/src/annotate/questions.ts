/** Which questions the schema asks, and which answers are missing: the same rules as the server's `schema/model.py`. */

import type { Annotation, Value } from "../canvas/changes";
import type { Kind } from "../canvas/shapes";
import type { Schemas } from "../api/client";

export type Schema = Schemas["Schema"];
export type Label = Schemas["Label"];
export type Attribute = Schemas["Attribute"];
export type Settings = Schemas["TemplateSettings"];
export type Answers = Readonly<Record<string, Value>>;

const isOn = (attribute: Attribute, label: number | null): boolean => {
  const perFile = attribute.per === "file";
  if (label === null || perFile) return label === null && perFile;
  return !attribute.on?.length || attribute.on.includes(label);
};

/** The live attributes that apply to an annotation with this label and these answers (null: to the file). */
export function asked(schema: Schema, label: number | null, answers: Answers): Attribute[] {
  return (schema.attributes ?? []).filter(
    (one) => !one.archived && isOn(one, label) && isOpen(schema, one, answers, new Set()),
  );
}

/** Whether its condition holds; a question under a closed question is closed too. */
function isOpen(schema: Schema, attribute: Attribute, answers: Answers, seen: ReadonlySet<number>): boolean {
  const { condition } = attribute;
  if (!condition) return true;
  const other = schema.attributes?.find((one) => one.id === condition.attribute);
  if (!other || other.archived || seen.has(other.id)) return false;
  const value = answers[String(other.id)];
  if (value === undefined && other.kind !== "checkbox") return false;
  return holds(condition.one_of, value) && isOpen(schema, other, answers, new Set([...seen, attribute.id]));
}

function holds(wanted: readonly unknown[], value: Value | undefined): boolean {
  if (Array.isArray(value)) return value.some((one) => wanted.includes(one));
  return value === undefined ? wanted.includes(false) : wanted.includes(value);
}

/** Whether a template may write an attribute or a label; null grants all. */
export const grants = (ids: readonly number[] | null | undefined, id: number): boolean =>
  ids == null || ids.includes(id);

/** What is asked and required, may be answered here, and has no answer. */
export function missing(schema: Schema, settings: Settings, label: number | null, answers: Answers): Attribute[] {
  return asked(schema, label, answers).filter(
    (one) => one.required && grants(settings.attributes, one.id) && answers[String(one.id)] === undefined,
  );
}

/** What the editor fills in first for a new annotation. */
export function defaults(schema: Schema, settings: Settings, label: number | null): Record<string, Value> {
  const made: Record<string, Value> = {};
  for (const one of schema.attributes ?? []) {
    if (one.archived || one.default == null || !isOn(one, label) || !grants(settings.attributes, one.id)) continue;
    made[String(one.id)] = one.default as Value;
  }
  return made;
}

/** The labels that may be drawn here, in their order. */
export const writable = (schema: Schema, settings: Settings): Label[] =>
  (schema.labels ?? []).filter((one) => !one.archived && grants(settings.labels, one.id));

export const DRAWN: readonly Kind[] = [
  "box",
  "rotated_box",
  "polygon",
  "polyline",
  "point",
  "keypoints",
  "ellipse",
  "mask",
];

export function allows(label: Label, kind: Kind): boolean {
  if (kind === "keypoints" && !label.skeleton) return false;
  return !label.kinds?.length || label.kinds.includes(kind);
}

/** The kinds that at least one of some labels may be drawn as. */
export const kindsOf = (labels: readonly Label[]): Kind[] =>
  DRAWN.filter((kind) => labels.some((label) => allows(label, kind)));

export interface Missing {
  /** Null: the file's own. */
  annotation: string | null;
  attribute: Attribute;
}

/** Every answer that is still wanted on a file, in the order of the shapes. */
export function allMissing(
  schema: Schema,
  settings: Settings,
  annotations: Iterable<Annotation>,
  holder: string,
): Missing[] {
  const found: Missing[] = [];
  let own: Answers = {};
  for (const one of annotations) {
    if (one.id === holder) own = one.attributes;
    else if (one.label !== null) {
      for (const attribute of missing(schema, settings, one.label, one.attributes)) {
        found.push({ annotation: one.id, attribute });
      }
    }
  }
  for (const attribute of missing(schema, settings, null, own)) found.push({ annotation: null, attribute });
  return found;
}
