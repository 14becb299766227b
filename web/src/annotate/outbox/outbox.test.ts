import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Schemas } from "../../api/client";
import { Refused, Unreached } from "../../api/problem";
import type { Entry, Kept, Shelf } from "./entry";
import { MemoryShelf } from "./memory";
import { Outbox, waitingInAll, type Line } from "./outbox";

type Claim = Schemas["Claim"];

/** A shelf that outlives a page, with room for so many. */
class Lasting implements Shelf {
  readonly lasts = true;
  entries: Kept[] = [];
  room = Infinity;
  private last = 0;
  private lease: { tab: string; until: number } | null = null;

  add(entry: Entry): Promise<number> {
    if (this.entries.length >= this.room) return Promise.reject(new DOMException("no room", "QuotaExceededError"));
    this.last += 1;
    this.entries.push({ ...entry, n: this.last });
    return Promise.resolve(this.last);
  }
  all = () => Promise.resolve([...this.entries]);
  next(_: number, tab: string, ms: number): Promise<Kept | "held" | null> {
    if (this.lease && this.lease.tab !== tab && this.lease.until > Date.now()) return Promise.resolve("held");
    const found = this.entries.find((entry) => !entry.problem) ?? null;
    if (found) this.lease = { tab, until: Date.now() + ms };
    return Promise.resolve(found);
  }
  remove(n: number): Promise<void> {
    this.entries = this.entries.filter((entry) => entry.n !== n);
    return Promise.resolve();
  }
  refuse(n: number, problem: NonNullable<Entry["problem"]>): Promise<void> {
    this.entries = this.entries.map((entry) => (entry.n === n ? { ...entry, problem } : entry));
    return Promise.resolve();
  }
  claimed(claim: string, attempt: number): Promise<void> {
    this.entries = this.entries.map((entry) => (entry.claim === claim ? { ...entry, attempt } : entry));
    return Promise.resolve();
  }
  letGo(tab: string): Promise<void> {
    if (this.lease?.tab === tab) this.lease = null;
    return Promise.resolve();
  }
}

/** A server that does each command once, may be away, lose its answer, or refuse. */
class Server implements Line {
  done: string[] = [];
  asked = 0;
  away = false;
  losesAnswers = 0;
  refuses = new Map<string, number>();
  signedIn = true;

  send(entry: Kept): Promise<unknown> {
    this.asked += 1;
    if (this.away) return Promise.reject(new Unreached());
    if (!this.signedIn) return Promise.reject(refusal(401));
    const name = entry.call === "save" ? entry.body.id : `${entry.call} ${entry.attempt}`;
    const status = this.refuses.get(name);
    if (status) return Promise.reject(refusal(status));
    if (!this.done.includes(name)) this.done.push(name);
    if (this.losesAnswers > 0) {
      this.losesAnswers -= 1;
      return Promise.reject(new Unreached());
    }
    return Promise.resolve({ name });
  }
  /** Of a task n it makes an attempt 100 + n, once. */
  async claim(entry: Kept): Promise<Claim> {
    await this.send({ ...entry, call: "claim", body: {}, attempt: 100 + entry.task });
    return { task: {}, attempt: { id: 100 + entry.task, state: "live" } } as Claim;
  }
  renew = () => Promise.resolve(this.signedIn);
}

const refusal = (status: number) =>
  new Refused({ type: "some-refusal", title: "", status, detail: `refused with ${status}`, errors: [] });

const save = (id: string, attempt = 1): Omit<Entry, "person" | "made" | "n"> => ({
  project: 1,
  template: 1,
  task: attempt,
  attempt,
  title: "a.jpg",
  call: "save",
  body: { id, changes: [{ do: "delete", id: "x" }], active_seconds: 0 },
});
const submit = (attempt = 1) => ({ ...save("", attempt), call: "submit" as const, body: { active_seconds: 0 } });

let shelf: Lasting;
let server: Server;
const open = (tab = "a", on: Shelf = shelf) => new Outbox(1, tab, on, server);
const settled = () => vi.advanceTimersByTimeAsync(60_000);

beforeEach(() => {
  vi.useFakeTimers();
  shelf = new Lasting();
  server = new Server();
});
afterEach(() => vi.useRealTimers());

test("everything is sent once and in order, the submit behind its saves", async () => {
  const box = open();
  for (const entry of [save("1"), save("2"), submit(), save("3", 2)]) void box.put(entry);
  expect(waitingInAll(box.standing.get())).toBe(4);
  await settled();
  expect(server.done).toEqual(["1", "2", "submit 1", "3"]);
  expect(waitingInAll(box.standing.get())).toBe(0);
  expect(shelf.entries).toEqual([]);
});

test("nothing is called saved before the server answered", async () => {
  let answer: (value: unknown) => void = () => undefined;
  server.send = () => new Promise((resolve) => (answer = resolve));
  const box = open();
  void box.put(save("1"));
  await settled();
  expect(box.standing.get().waiting.get(1)).toBe(1);
  answer({});
  await settled();
  expect(waitingInAll(box.standing.get())).toBe(0);
});

test("while the server is away work is kept, and sent when it is back", async () => {
  const box = open();
  server.away = true;
  for (const id of ["1", "2", "3"]) await box.put(save(id));
  await settled();
  expect(box.standing.get()).toMatchObject({ reach: "away", refused: [] });
  expect((await box.of(1)).map((entry) => entry.n)).toEqual([1, 2, 3]);
  server.away = false;
  await settled();
  expect(server.done).toEqual(["1", "2", "3"]);
  expect(box.standing.get().reach).toBe("reached");
});

test("an answer that was lost on its way doubles nothing", async () => {
  const box = open();
  server.losesAnswers = 2;
  for (const id of ["1", "2"]) await box.put(save(id));
  await settled();
  expect(server.done).toEqual(["1", "2"]);
  expect(server.asked).toBe(4);
});

test("a page that was closed leaves its work to the next", async () => {
  const before = open("old");
  server.away = true;
  await before.put(save("1"));
  before.close();
  server.away = false;
  open("new");
  await settled();
  expect(server.done).toEqual(["1"]);
});

test("two tabs send what both keep, one at a time and in order", async () => {
  const [one, two] = [open("one"), open("two")];
  const sending = new Set<string>();
  const send = server.send.bind(server);
  server.send = async (entry) => {
    expect(sending.size).toBe(0);
    sending.add("now");
    await new Promise((resolve) => setTimeout(resolve, 50));
    sending.delete("now");
    return send(entry);
  };
  for (const id of ["1", "3", "5"]) {
    await one.put(save(id));
    await two.put(save(String(Number(id) + 1), 2));
  }
  await settled();
  expect(server.done).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("a submit that was refused is sent again when its author mended the work and submits again", async () => {
  const box = open();
  server.refuses.set("submit 1", 422);
  await box.put(submit());
  await settled();
  expect(box.standing.get().refused).toHaveLength(1);
  server.refuses.clear();
  for (const entry of [save("1"), submit()]) await box.put(entry);
  await settled();
  expect(server.done).toEqual(["1", "submit 1"]);
  expect(box.standing.get().refused).toEqual([]);
});

test("time at work that comes too late is nothing to be troubled with", async () => {
  const box = open();
  server.refuses.set("1", 409);
  await box.put({ ...save("1"), call: "save", body: { id: "1", changes: [], active_seconds: 9 } });
  await settled();
  expect(box.standing.get()).toMatchObject({ refused: [], waiting: new Map() });
});

describe("a refused save", () => {
  test("needs its author, while later saves go on and the submit waits for them", async () => {
    const box = open();
    server.refuses.set("2", 422);
    for (const entry of [save("1"), save("2"), save("3"), submit(), save("4", 9)]) await box.put(entry);
    await settled();
    expect(server.done).toEqual(["1", "3", "4"]);
    const { refused } = box.standing.get();
    expect(refused.map((entry) => entry.call)).toEqual(["save", "submit"]);
    expect(refused[0]?.problem?.detail).toBe("refused with 422");
  });

  test("can be given up", async () => {
    const box = open();
    server.refuses.set("1", 409);
    await box.put(save("1"));
    await settled();
    await box.drop(box.standing.get().refused[0]!.n);
    expect(box.standing.get().refused).toEqual([]);
  });

  test("is no bar once given up: the next submit takes the place of the one that waited for it", async () => {
    const box = open();
    server.refuses.set("1", 422);
    for (const entry of [save("1"), submit()]) await box.put(entry);
    await settled();
    await box.drop(box.standing.get().refused[0]!.n);
    await box.put(submit());
    await settled();
    expect(server.done).toEqual(["submit 1"]);
    expect(box.standing.get().refused).toEqual([]);
  });

  test("but a busy server is asked again", async () => {
    const box = open();
    server.refuses.set("1", 503);
    await box.put(save("1"));
    await settled();
    server.refuses.clear();
    await settled();
    expect(server.done).toEqual(["1"]);
  });
});

test("signed out, work waits until somebody signs in", async () => {
  const box = open();
  server.signedIn = false;
  await box.put(save("1"));
  await settled();
  expect(box.standing.get().reach).toBe("signed-out");
  server.signedIn = true;
  box.wake();
  await settled();
  expect(server.done).toEqual(["1"]);
});

describe("work that began without the server", () => {
  const begun = (entry: Omit<Entry, "person" | "made" | "n">) => ({ ...entry, task: 7, attempt: -7, claim: "c" });
  const claim = () => begun({ ...save("", 7), call: "claim", body: {} });

  test("is claimed first, and sent to the attempt that this led to", async () => {
    const box = open();
    const told: number[] = [];
    box.onAnswer(({ entry }) => told.push(entry.attempt));
    server.away = true;
    for (const entry of [submit(), claim(), begun(save("1")), begun(submit(7))]) await box.put(entry);
    await settled();
    expect([box.waitsForClaim(), box.waitsForClaim(7), box.waitsForClaim(8)]).toEqual([true, true, false]);
    server.away = false;
    await settled();
    expect(server.done).toEqual(["submit 1", "claim 107", "1", "submit 107"]);
    expect(told).toEqual([1, 107, 107, 107]);
    expect([box.waitsForClaim(), waitingInAll(box.standing.get())]).toEqual([false, 0]);
  });

  test("isn't handed in behind a change that was refused, and a lost answer claims nothing twice", async () => {
    const box = open();
    server.losesAnswers = 1;
    server.refuses.set("1", 422);
    for (const entry of [claim(), begun(save("1")), begun(submit(7))]) await box.put(entry);
    await settled();
    expect(server.done).toEqual(["claim 107"]);
    expect(box.standing.get().refused.map((entry) => [entry.call, entry.attempt])).toEqual([
      ["save", 107],
      ["submit", 107],
    ]);
  });
});

describe("a browser", () => {
  test("that keeps nothing says so, and sends all the same", async () => {
    const box = open("a", new MemoryShelf());
    expect(box.standing.get().keeps).toBe("nothing");
    for (const entry of [save("1"), submit()]) await box.put(entry);
    await settled();
    expect(server.done).toEqual(["1", "submit 1"]);
  });

  test("that is full says so at once, and order stays", async () => {
    const box = open();
    server.away = true;
    shelf.room = 2;
    for (const id of ["1", "2", "3", "4"]) await box.put(save(id));
    expect(box.standing.get().keeps).toBe("full");
    expect(waitingInAll(box.standing.get())).toBe(4);
    shelf.room = 10;
    await box.put(save("5"));
    server.away = false;
    box.wake();
    await settled();
    expect(server.done).toEqual(["1", "2", "3", "4", "5"]);
    await box.put(save("6"));
    expect(box.standing.get().keeps).toBe("all");
  });
});
