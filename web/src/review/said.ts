/** What became of an annotation, in words: from what to what. Pure. */

import type { Annotation, Value } from "../canvas/changes";
import { alike } from "../canvas/changes";
import { maskArea } from "../canvas/rle";
import { bounds, mask } from "../canvas/shapes";
import type { Attribute, Schema } from "../annotate/questions";
import { annotate as words } from "../words/annotate";

/** Each thing that differs between two states of an annotation. */
export function said(before: Annotation, after: Annotation, schema: Schema): string[] {
  const told: string[] = [];
  if (before.label !== after.label) told.push(words.review.from(labelOf(schema, before), labelOf(schema, after)));
  if (!alike(before.geometry, after.geometry)) told.push(moved(before, after));
  for (const id of new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)])) {
    const [was, is] = [before.attributes[id], after.attributes[id]];
    if (alike(was, is)) continue;
    const attribute = schema.attributes?.find((one) => String(one.id) === id);
    told.push(`${attribute?.name ?? id}: ${words.review.from(answer(attribute, was), answer(attribute, is))}`);
  }
  if (before.group !== after.group) told.push(after.group === null ? words.review.ungrouped : words.review.grouped);
  if (!alike(before.at, after.at)) told.push(words.review.stacked);
  return told;
}

export const labelOf = (schema: Schema, of: Annotation): string =>
  schema.labels?.find((one) => one.id === of.label)?.name ?? words.review.file;

function moved(before: Annotation, after: Annotation): string {
  if (before.kind === "mask") return words.review.area(maskArea(mask(before.geometry)), maskArea(mask(after.geometry)));
  const [a, b] = [bounds(before.kind, before.geometry), bounds(after.kind, after.geometry)];
  if (near(a.width, b.width) && near(a.height, b.height)) {
    const by = Math.hypot(b.x - a.x, b.y - a.y);
    return by < LEAST ? words.review.reshaped : words.review.moved(round(by));
  }
  return words.review.resized(`${round(a.width)} × ${round(a.height)}`, `${round(b.width)} × ${round(b.height)}`);
}

const LEAST = 0.05;
const near = (a: number, b: number): boolean => Math.abs(a - b) < LEAST;
const round = (n: number): number => Math.round(n * 10) / 10;

function answer(attribute: Attribute | undefined, value: Value | undefined): string {
  if (value === undefined) return words.review.none;
  if (typeof value === "boolean") return value ? words.review.yes : words.review.no;
  const option = (id: unknown): string => attribute?.options?.find((one) => one.id === id)?.name ?? String(id);
  return Array.isArray(value) ? value.map(option).join(", ") : option(value);
}
