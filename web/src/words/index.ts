/** Every string that people read. English is the one catalogue; a translation is an object of the same type. */
import { annotate } from "./annotate";
import { building } from "./building";
import { compare, data, facets, file } from "./data";
import { frame } from "./frame";
import { first, importing } from "./import";
import { demo, pipeline, runs } from "./pipeline";

export const words = {
  ...frame,
  annotate,
  demo,
  building,
  compare,
  data,
  facets,
  file,
  first,
  importing,
  pipeline,
  runs,
} as const;

const numbers = new Intl.NumberFormat("en");
const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const sizes = ["B", "kB", "MB", "GB", "TB"];

/** A count as people read it: 12,304. */
export const count = (n: number): string => numbers.format(n);

/** "1 file", "2 files". */
export const some = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** A moment in the reader's own time zone. */
export const moment = (at: string | null | undefined): string => (at ? moments.format(new Date(at)) : "");

/** The day of a moment, where the hour doesn't matter. */
export const day = (at: string): string => days.format(new Date(at));

/** A number of bytes: 1.4 MB. */
export function size(bytes: number): string {
  const step = Math.min(sizes.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const shown = bytes / 1000 ** step;
  return `${shown.toFixed(step === 0 || shown >= 100 ? 0 : 1)} ${sizes[step] ?? ""}`;
}
