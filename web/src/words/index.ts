/** Every string that people read. English is the one catalogue; a translation is an object of the same type. */
import { frame } from "./frame";

export const words = { ...frame } as const;

const numbers = new Intl.NumberFormat("en");

/** A count as people read it: 12,304. */
export const count = (n: number): string => numbers.format(n);

/** "1 file", "2 files". */
export const some = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
