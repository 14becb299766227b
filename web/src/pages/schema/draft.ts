/** The schema as it is being edited: things by keys of the page, so that names may be half typed. Pure. */
import type { Schemas } from "../../api/client";
import { schema as words } from "../../words/schema";

export type Kind = NonNullable<Schemas["Label"]["kinds"]>[number];
export type AttributeKind = Schemas["Attribute"]["kind"];
export type Plain = string | number | boolean;

export interface DraftLabel {
  key: string;
  /** The name that the server knows it by; absent while it is new. */
  was?: string;
  name: string;
  kinds: readonly Kind[];
  color?: string;
  points: readonly string[];
  edges: readonly (readonly [number, number])[];
  archived: boolean;
  foreign: Record<string, unknown>;
}

export interface DraftOption {
  key: string;
  was?: string;
  name: string;
  parent?: string;
}

export interface DraftAttribute {
  key: string;
  was?: string;
  name: string;
  kind: AttributeKind;
  per: "annotation" | "file";
  on: readonly string[];
  options: readonly DraftOption[];
  required: boolean;
  /** Options by their keys, other values as they are. */
  condition?: { attribute: string; values: readonly Plain[] };
  min?: number;
  max?: number;
  step?: number;
  default?: Plain | readonly string[];
  archived: boolean;
  foreign: Record<string, unknown>;
}

export interface Draft {
  labels: readonly DraftLabel[];
  attributes: readonly DraftAttribute[];
}

export const CHOICES: ReadonlySet<AttributeKind> = new Set<AttributeKind>(["radio", "select", "multi_select", "tree"]);
export const NUMBERS: ReadonlySet<AttributeKind> = new Set<AttributeKind>(["number", "slider"]);

const labelKey = (id: number) => `label ${id}`;
const attributeKey = (id: number) => `attribute ${id}`;
const optionKey = (id: number) => `option ${id}`;

/** The draft that changes nothing. */
export function drafted(schema: Schemas["Schema"]): Draft {
  return {
    labels: (schema.labels ?? []).map(draftedLabel),
    attributes: (schema.attributes ?? []).map(draftedAttribute(schema)),
  };
}

function draftedLabel(label: Schemas["Label"]): DraftLabel {
  return {
    key: labelKey(label.id),
    was: label.name,
    name: label.name,
    kinds: label.kinds ?? [],
    ...(label.color === undefined ? {} : { color: label.color }),
    points: label.skeleton?.points ?? [],
    edges: (label.skeleton?.edges ?? []).map(([a, b]) => [Number(a), Number(b)] as const),
    archived: label.archived ?? false,
    foreign: label.foreign ?? {},
  };
}

const draftedAttribute =
  (schema: Schemas["Schema"]) =>
  (attribute: Schemas["Attribute"]): DraftAttribute => {
    const other = schema.attributes?.find((one) => one.id === attribute.condition?.attribute);
    const isChoice = (one: Schemas["Attribute"] | undefined) => one !== undefined && CHOICES.has(one.kind);
    const told = attribute.default;
    return {
      key: attributeKey(attribute.id),
      was: attribute.name,
      name: attribute.name,
      kind: attribute.kind,
      per: attribute.per ?? "annotation",
      on: (attribute.on ?? []).map(labelKey),
      options: (attribute.options ?? [])
        .filter((option) => option.archived !== true)
        .map((option) => ({
          key: optionKey(option.id),
          was: option.name,
          name: option.name,
          ...(option.parent == null ? {} : { parent: optionKey(option.parent) }),
        })),
      required: attribute.required ?? false,
      ...(attribute.condition == null
        ? {}
        : {
            condition: {
              attribute: attributeKey(attribute.condition.attribute),
              values: attribute.condition.one_of.map((one) => (isChoice(other) ? optionKey(Number(one)) : one)),
            },
          }),
      ...(attribute.min == null ? {} : { min: attribute.min }),
      ...(attribute.max == null ? {} : { max: attribute.max }),
      ...(attribute.step == null ? {} : { step: attribute.step }),
      ...(told == null
        ? {}
        : {
            default: Array.isArray(told)
              ? told.map((one) => optionKey(Number(one)))
              : isChoice(attribute)
                ? optionKey(Number(told))
                : told,
          }),
      archived: attribute.archived ?? false,
      foreign: attribute.foreign ?? {},
    };
  };

/** The draft as the API takes it: by names, with `was` where one changed. What is archived is left out. */
export function wanted(draft: Draft): Schemas["WantedSchema"] {
  const labels = draft.labels.filter((label) => !label.archived);
  const attributes = draft.attributes.filter((attribute) => !attribute.archived);
  return {
    labels: Object.fromEntries(labels.map((label) => [label.name.trim(), wantedLabel(label)])),
    attributes: Object.fromEntries(attributes.map((one) => [one.name.trim(), wantedAttribute(one, draft)])),
  };
}

const renamed = (one: { was?: string; name: string }) =>
  one.was !== undefined && one.was !== one.name.trim() ? { was: one.was } : {};

function wantedLabel(label: DraftLabel): Schemas["WantedLabel"] {
  return {
    kinds: [...label.kinds],
    ...(label.color === undefined ? {} : { color: label.color.toLowerCase() }),
    ...(label.points.length === 0
      ? {}
      : { skeleton: { points: [...label.points], edges: label.edges.map(([a, b]) => [a, b] as [number, number]) } }),
    ...renamed(label),
    foreign: label.foreign,
  };
}

function wantedAttribute(one: DraftAttribute, draft: Draft): Schemas["WantedAttribute"] {
  const names = new Map(one.options.map((option) => [option.key, option.name.trim()]));
  const labels = new Map(draft.labels.map((label) => [label.key, label.name.trim()]));
  const other = draft.attributes.find((candidate) => candidate.key === one.condition?.attribute);
  const others = new Map(other?.options.map((option) => [option.key, option.name.trim()]));
  const plain = (value: Plain) => names.get(String(value)) ?? value;
  return {
    kind: one.kind,
    per: one.per,
    on: one.per === "file" ? [] : one.on.flatMap((key) => labels.get(key) ?? []),
    options: !CHOICES.has(one.kind)
      ? []
      : one.options.map((option) => {
          const parent = option.parent === undefined ? undefined : names.get(option.parent);
          return {
            name: option.name.trim(),
            ...(one.kind === "tree" && parent !== undefined ? { parent } : {}),
            ...renamed(option),
          };
        }),
    required: one.required,
    ...(one.condition === undefined || other === undefined
      ? {}
      : {
          if: {
            attribute: other.name.trim(),
            in: one.condition.values.map((value) => others.get(String(value)) ?? value),
          },
        }),
    ...(NUMBERS.has(one.kind)
      ? {
          ...(one.min === undefined ? {} : { min: one.min }),
          ...(one.max === undefined ? {} : { max: one.max }),
          ...(one.step === undefined ? {} : { step: one.step }),
        }
      : {}),
    ...(one.default === undefined
      ? {}
      : {
          default:
            typeof one.default === "object" ? one.default.map((key) => names.get(key) ?? key) : plain(one.default),
        }),
    ...renamed(one),
    foreign: one.foreign,
  };
}

/** What saving would do, in words, in the order of the lists. */
export function differences(before: Draft, after: Draft): string[] {
  return [
    ...differing(before.labels, after.labels, words.said.label),
    ...differing(before.attributes, after.attributes, words.said.attribute),
  ];
}

function differing(before: readonly (DraftLabel | DraftAttribute)[], after: typeof before, what: string): string[] {
  const old = new Map(before.map((one) => [one.key, one]));
  return after.flatMap((one) => {
    const was = old.get(one.key);
    if (was === undefined) return one.archived ? [] : [words.said.added(what, one.name)];
    if (was.archived !== one.archived) {
      return [one.archived ? words.said.archived(what, was.name) : words.said.restored(what, one.name)];
    }
    const told = was.name === one.name ? [] : [words.said.renamed(what, was.name, one.name)];
    const same = JSON.stringify({ ...was, name: "" }) === JSON.stringify({ ...one, name: "" });
    return same ? told : [...told, words.said.changed(what, one.name)];
  });
}

/** Names typed with commas between, each once and none that is there. */
export function namesIn(text: string, taken: readonly string[] = []): string[] {
  const names = text
    .split(/[,\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return [...new Set(names)].filter((name) => !taken.includes(name));
}

/** Pairs of points from text like `1-2, 2-3`, counted from 0; undefined when it can't be read. */
export function edgesIn(text: string): [number, number][] | undefined {
  const parts = namesIn(text);
  const pairs = parts.map((part) => /^(\d+)\s*-\s*(\d+)$/.exec(part));
  if (pairs.some((pair) => pair === null)) return undefined;
  return pairs.map((pair) => [Number(pair?.[1]) - 1, Number(pair?.[2]) - 1]);
}

export const edgesAsText = (edges: DraftLabel["edges"]): string =>
  edges.map(([a, b]) => `${a + 1}-${b + 1}`).join(", ");
