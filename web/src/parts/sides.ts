/** Two people changed one thing: what each changed since a common base, and both together. Pure. */

type Plain = Record<string, unknown>;

export const alike = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isKeyed = (value: unknown): value is readonly (Plain & { key: string })[] =>
  Array.isArray(value) && value.every((one) => isPlain(one) && typeof one["key"] === "string");

/** Both sides' changes in one. Where both changed the same, mine stands. Lists of things with keys go thing by thing. */
export function merged<T>(base: T, mine: T, theirs: T): T {
  if (alike(mine, base)) return theirs;
  if (alike(theirs, base)) return mine;
  if (isPlain(base) && isPlain(mine) && isPlain(theirs)) return together(base, mine, theirs) as T;
  if (isKeyed(base) && isKeyed(mine) && isKeyed(theirs)) {
    const byKey = (all: readonly (Plain & { key: string })[]): Plain =>
      Object.fromEntries(all.map((one) => [one.key, one]));
    return Object.values(together(byKey(base), byKey(mine), byKey(theirs))) as T;
  }
  return mine;
}

function together(base: Plain, mine: Plain, theirs: Plain): Plain {
  const made: Plain = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = merged(base[key], mine[key], theirs[key]);
    if (value !== undefined) made[key] = value;
  }
  return made;
}

export interface Said {
  what: string;
  value: string;
}

/** What a side changed of a base, field by field, for people: `names` calls the fields. */
export function changesOf(base: unknown, side: unknown, names: Readonly<Record<string, string>>, place = ""): Said[] {
  if (alike(base, side)) return [];
  if (!isPlain(base) || !isPlain(side)) return [{ what: names[place] ?? spoken(place), value: shown(side) }];
  const keys = new Set([...Object.keys(base), ...Object.keys(side)]);
  return [...keys].flatMap((key) => changesOf(base[key], side[key], names, place === "" ? key : `${place}.${key}`));
}

const spoken = (place: string): string => place.replaceAll("_", " ").replaceAll(".", ", ");

const MOST = 200;

function shown(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  const text =
    typeof value === "string"
      ? value
      : Array.isArray(value) && value.every((one) => typeof one !== "object")
        ? value.join(", ")
        : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}
