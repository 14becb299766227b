/**
 * The outbox: every command is kept here first and sent at once, in order. When the network or the server is away, work
 * goes on and is sent later. Exactly once follows from the commands' ids; in order, from one sender for all tabs.
 */

import type { Schemas } from "../../api/client";
import { newId } from "../../api/ids";
import { Refused, Unreached, type Problem } from "../../api/problem";
import { Signal } from "../../canvas/signal";
import { soon } from "../waiting";
import type { Entry, Kept, SaveBody, Shelf } from "./entry";
import { MemoryShelf } from "./memory";

/** What the server answered to an entry, told to those who wait for it. */
export type Answered = { entry: Kept; answer: unknown };
export type Reach = "reached" | "away" | "signed-out";

export interface Standing {
  /** Entries that the server doesn't have yet, by attempt. */
  waiting: ReadonlyMap<number, number>;
  /** Entries that the server refused: they need their author. */
  refused: readonly Kept[];
  reach: Reach;
  /** Whether this browser keeps what waits: not at all, or only what it had room for. */
  keeps: "all" | "nothing" | "full";
}

export interface Line {
  /** Send one entry. Throws Refused or Unreached. */
  send(entry: Kept): Promise<unknown>;
  /** Claim an entry's task, on which work has begun; safe to repeat. Throws Refused or Unreached. */
  claim(entry: Kept): Promise<Schemas["Claim"]>;
  /** Get a fresh session after a 401 or a 403; whether there is one. */
  renew(): Promise<boolean>;
}

/** Tells other tabs that something changed here. */
export interface Bell {
  ring(): void;
  onRing(listener: () => void): void;
}

/** Longer than one request may take, see `line`. */
const LEASE_MS = 40_000;
const HELD_MS = 500;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

const isEnding = ({ call }: Kept) => ["submit", "skip", "accept", "return"].includes(call);

const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Outbox {
  readonly standing = new Signal<Standing>({ waiting: new Map(), refused: [], reach: "reached", keeps: "all" });
  private readonly overflow = new MemoryShelf();
  private readonly answered = new Set<(told: Answered) => void>();
  private adding: Promise<unknown> = Promise.resolve();
  private unkept = new Map<number, number>();
  private running = false;
  private again = false;
  private pause = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  private renewedFor = 0;

  constructor(
    private readonly person: number,
    private readonly tab: string,
    private readonly shelf: Shelf,
    private readonly line: Line,
    private readonly bell?: Bell,
  ) {
    if (!shelf.lasts) this.say({ keeps: "nothing" });
    bell?.onRing(() => void this.count().then(() => this.kick()));
    void this.count().then(() => this.kick());
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    void this.shelf.letGo(this.tab);
  }

  onAnswer(listener: (told: Answered) => void): () => void {
    this.answered.add(listener);
    return () => this.answered.delete(listener);
  }

  /** Keep an entry at once, and send it as soon as may be `after` something. Resolves when it is kept. */
  put(entry: Omit<Entry, "person" | "made" | "n">, after?: Promise<unknown>): Promise<void> {
    const whole = { ...entry, person: this.person, made: Date.now() } as Entry;
    this.bump(entry.attempt, 1);
    const kept = this.adding.then(() => this.keep(whole));
    this.adding = kept;
    return kept.then(async () => {
      this.unkept.set(entry.attempt, (this.unkept.get(entry.attempt) ?? 0) - 1);
      await this.count();
      if (after) void after.finally(() => this.kept());
      else this.kept();
    });
  }

  private kept(): void {
    this.bell?.ring();
    this.kick();
  }

  /** What an attempt has here that the server may not have, in order; what it refused too. */
  async of(attempt: number): Promise<Kept[]> {
    await this.adding;
    const all = [...(await this.everything()), ...(await this.overflow.all(this.person))];
    return all.filter((entry) => entry.attempt === attempt);
  }

  /** Whether a task has something here that the server doesn't have. */
  async waits(task: number): Promise<boolean> {
    await this.adding;
    const all = [...(await this.everything()), ...(await this.overflow.all(this.person))];
    return all.some((entry) => entry.task === task && entry.problem === undefined);
  }

  /** Resolves when what a task has here reached the server, or after a while. */
  async sent(task: number): Promise<void> {
    for (let i = 0; i < 100 && (await this.waits(task)); i++) await soon(100);
  }

  /** Whether work on a task, or on any, waits for its claim. */
  waitsForClaim(task?: number): boolean {
    const waiting = [...this.standing.get().waiting].filter(([attempt, n]) => attempt < 0 && n > 0);
    return waiting.some(([attempt]) => task === undefined || attempt === -task);
  }

  /** Send a refused entry once more, under another id: by the old one the server knows what it refused. */
  async resend(entry: Kept): Promise<void> {
    const { n, problem: _, ...anew } = entry;
    if ("id" in anew.body) anew.body = { ...anew.body, id: newId() };
    await this.put(anew);
    await this.drop(n);
  }

  /** Give a refused entry up, after its author saw it. */
  async drop(n: number): Promise<void> {
    await this.shelfOf(n).remove(n);
    await this.count();
    this.bell?.ring();
    this.kick();
  }

  /** The network came back, or somebody signed in: try at once. */
  wake(): void {
    this.pause = 0;
    this.kick();
  }

  private kick(): void {
    if (this.closed) return;
    if (this.running) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.running = true;
    void this.drain().finally(() => {
      this.running = false;
      if (this.again) {
        this.again = false;
        this.kick();
      }
    });
  }

  private later(ms: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => this.kick(), ms);
  }

  private async drain(): Promise<void> {
    let sent = false;
    while (!this.closed) {
      const next = await this.next();
      if (next === "held") {
        this.later(HELD_MS);
        return;
      }
      if (next === null) {
        if (sent) await this.shelf.letGo(this.tab).catch(() => undefined);
        return;
      }
      sent = true;
      if (!(await this.deliver(next))) return;
    }
  }

  private async next(): Promise<Kept | "held" | null> {
    const found = await this.shelf.next(this.person, this.tab, LEASE_MS).catch(() => null);
    return found ?? (await this.overflow.next(this.person));
  }

  /** Send one entry and settle it; false when it has to wait. */
  private async deliver(entry: Kept): Promise<boolean> {
    try {
      const claim = entry.attempt < 0 ? await this.claim(entry) : undefined;
      const known = claim ? { ...entry, attempt: claim.attempt.id } : entry;
      const held = await this.heldBack(known);
      if (held) await this.refuse(known, held);
      else await this.settle(known, known.call === "claim" ? claim : await this.line.send(known));
      return true;
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  /** Claim a task before what was done on it is sent, and put all of that under the attempt that the claim led to. */
  private async claim(entry: Kept): Promise<Schemas["Claim"]> {
    const claim = await this.line.claim(entry);
    for (const shelf of [this.shelf, this.overflow]) await shelf.claimed(entry.claim ?? "", claim.attempt.id);
    return claim;
  }

  private async failed(entry: Kept, error: unknown): Promise<boolean> {
    if (error instanceof Refused && (error.status === 401 || error.problem.type.includes("csrf"))) {
      const first = this.renewedFor !== entry.n;
      this.renewedFor = entry.n;
      if (first && (await this.line.renew().catch(() => false))) return true;
      this.say({ reach: "signed-out" });
      this.later(LONGEST_PAUSE_MS);
      return false;
    }
    if (error instanceof Refused && !PASSING.has(error.status)) {
      await this.refuse(entry, error.problem);
      return true;
    }
    if (!(error instanceof Refused) && !(error instanceof Unreached)) throw error;
    await this.shelf.letGo(this.tab).catch(() => undefined); // another tab, or this one loaded anew, may try too
    this.say({ reach: "away" });
    this.pause = Math.min(LONGEST_PAUSE_MS, this.pause ? this.pause * 2 : FIRST_PAUSE_MS);
    this.later(this.pause);
    return false;
  }

  private async settle(entry: Kept, answer: unknown): Promise<void> {
    this.pause = 0;
    await this.shelfOf(entry.n).remove(entry.n);
    await this.count("reached");
    this.bell?.ring();
    for (const listener of this.answered) listener({ entry, answer });
  }

  private async refuse(entry: Kept, problem: Problem): Promise<void> {
    this.pause = 0;
    // Time that nobody takes any more is nothing to trouble its author with.
    if (isSave(entry) && entry.body.changes.length === 0) await this.shelfOf(entry.n).remove(entry.n);
    else await this.shelfOf(entry.n).refuse(entry.n, problem);
    await this.count("reached");
    this.bell?.ring();
  }

  /**
   * An ending isn't sent behind a save that was refused: it would hand in less than its author drew. It takes the place
   * of an earlier one that was refused.
   */
  private async heldBack(entry: Kept): Promise<Problem | null> {
    if (!isEnding(entry)) return null;
    const before = (await this.everything()).filter(
      (one) => one.attempt === entry.attempt && one.n < entry.n && one.problem !== undefined,
    );
    for (const one of before.filter(isEnding)) await this.shelfOf(one.n).remove(one.n);
    return before.find((one) => !isEnding(one))?.problem ?? null;
  }

  private everything(): Promise<Kept[]> {
    return this.shelf.all(this.person).catch(() => []);
  }

  private shelfOf(n: number): Shelf {
    return n < 0 && this.shelf.lasts ? this.overflow : this.shelf;
  }

  /** Once something went to memory, what follows does too, until all of it is sent: order before durability. */
  private async keep(entry: Entry): Promise<void> {
    if (this.overflow.isEmpty) {
      try {
        await this.shelf.add(entry);
        if (this.standing.get().keeps === "full") this.say({ keeps: "all" });
        return;
      } catch {
        // full, or taken away while in use: said at once, before work is lost
        this.say({ keeps: "full" });
      }
    }
    await this.overflow.add(entry);
  }

  private bump(attempt: number, by: number): void {
    this.unkept.set(attempt, (this.unkept.get(attempt) ?? 0) + by);
    const waiting = new Map(this.standing.get().waiting);
    waiting.set(attempt, (waiting.get(attempt) ?? 0) + by);
    this.say({ waiting });
  }

  private async count(reach?: Reach): Promise<void> {
    const all = [...(await this.everything()), ...(this.shelf.lasts ? await this.overflow.all(this.person) : [])];
    const waiting = new Map<number, number>();
    for (const entry of all) {
      if (entry.problem === undefined) waiting.set(entry.attempt, (waiting.get(entry.attempt) ?? 0) + 1);
    }
    for (const [attempt, n] of this.unkept) if (n > 0) waiting.set(attempt, (waiting.get(attempt) ?? 0) + n);
    const refused = all.filter((entry) => entry.problem !== undefined);
    this.say({ waiting, refused, ...(reach ? { reach } : waiting.size === 0 ? { reach: "reached" as const } : {}) });
  }

  private say(more: Partial<Standing>): void {
    this.standing.update((old) => ({ ...old, ...more }));
  }
}

/** How many entries wait in all. */
export const waitingInAll = (standing: Standing): number => [...standing.waiting.values()].reduce((a, b) => a + b, 0);

export const isSave = <E extends Entry>(entry: E): entry is E & { call: "save"; body: SaveBody } =>
  entry.call === "save";
