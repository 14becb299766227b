/** A shelf in memory: where a browser keeps nothing, and for what IndexedDB had no room for. It ends with the page. */

import type { Problem } from "../../api/problem";
import type { Entry, Kept, Shelf } from "./entry";

export class MemoryShelf implements Shelf {
  readonly lasts = false;
  private entries: Kept[] = [];
  private last = 0;

  get isEmpty(): boolean {
    return this.entries.every((entry) => entry.problem !== undefined);
  }

  /** Places in the line are negative, so that they are never those of another shelf. */
  add(entry: Entry): Promise<number> {
    this.last -= 1;
    this.entries.push({ ...entry, n: this.last });
    return Promise.resolve(this.last);
  }

  all(person: number): Promise<Kept[]> {
    return Promise.resolve(this.entries.filter((entry) => entry.person === person));
  }

  next(person: number): Promise<Kept | null> {
    const found = this.entries.find((entry) => entry.person === person && entry.problem === undefined);
    return Promise.resolve(found ?? null);
  }

  remove(n: number): Promise<void> {
    this.entries = this.entries.filter((entry) => entry.n !== n);
    return Promise.resolve();
  }

  refuse(n: number, problem: Problem): Promise<void> {
    this.entries = this.entries.map((entry) => (entry.n === n ? { ...entry, problem } : entry));
    return Promise.resolve();
  }

  claimed(claim: string, attempt: number): Promise<void> {
    this.entries = this.entries.map((entry) => (entry.claim === claim ? { ...entry, attempt } : entry));
    return Promise.resolve();
  }

  letGo(): Promise<void> {
    return Promise.resolve();
  }
}
