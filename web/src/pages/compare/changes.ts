/** What differs between two states, by file, and in which fields. Pure. */
import type { Schemas } from "../../api/client";
import type { Annotation } from "../data/queries";

export type Kind = "added" | "changed" | "removed";

export interface Change {
  file: number;
  key: string;
  id: string;
  change: Kind;
  by: string | null;
  before: Annotation | null;
  after: Annotation | null;
}

export interface ChangedFile {
  file: number;
  key: string;
  changes: Change[];
  count: Record<Kind, number>;
}

/** The changes by file, in the order they came. */
export function byFile(changes: readonly Change[]): ChangedFile[] {
  const found = new Map<number, ChangedFile>();
  for (const change of changes) {
    const file = found.get(change.file) ?? {
      file: change.file,
      key: change.key,
      changes: [],
      count: { added: 0, changed: 0, removed: 0 },
    };
    file.changes.push(change);
    file.count[change.change] += 1;
    found.set(change.file, file);
  }
  return [...found.values()];
}

const FIELDS = ["label", "geometry", "kind", "attributes", "confidence", "group", "at"];
/** They change with whoever changes anything else. */
const WHOSE = ["source", "author"];

/** The fields in which both sides of a change differ. */
export function fieldsOf({ before, after }: Change): string[] {
  if (before === null || after === null) return [];
  const [one, other] = [before, after] as unknown as Record<string, unknown>[];
  const differ = (field: string) => JSON.stringify(one?.[field]) !== JSON.stringify(other?.[field]);
  const found = FIELDS.filter(differ);
  return found.length > 0 ? found : WHOSE.filter(differ);
}

type Schema = Schemas["Schema"];

export interface Answered {
  name: string;
  before: string;
  after: string;
}

/** The attributes whose answers differ, in words. */
export function answersOf({ before, after }: Change, schema: Schema | undefined): Answered[] {
  const [one, other] = [before?.attributes ?? {}, after?.attributes ?? {}];
  const ids = Object.keys({ ...one, ...other }).filter((id) => JSON.stringify(one[id]) !== JSON.stringify(other[id]));
  return ids.map((id) => {
    const attribute = schema?.attributes?.find((asked) => String(asked.id) === id);
    const told = (answer: unknown): string => {
      if (answer === undefined || answer === null) return "";
      if (Array.isArray(answer)) return answer.map(told).join(", ");
      const option = attribute?.options?.find((offered) => offered.id === answer);
      return option?.name ?? (typeof answer === "string" ? answer : JSON.stringify(answer));
    };
    return { name: attribute?.name ?? id, before: told(one[id]), after: told(other[id]) };
  });
}

/** The branch and the revision of a state as it is written; a version's are told by the version. */
export function revisionOf(written: string): { dataset: number; seq: number } | { version: number } | null {
  const found = /^(?:version:(?<version>\d+)|dataset:(?<dataset>\d+)@(?<seq>\d+))$/.exec(written)?.groups;
  if (found === undefined) return null;
  if (found["version"] !== undefined) return { version: Number(found["version"]) };
  return { dataset: Number(found["dataset"]), seq: Number(found["seq"]) };
}
