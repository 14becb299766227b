import { beforeEach, expect, test, vi } from "vitest";
import { Refused, Unreached } from "../api/problem";
import { Signal } from "../canvas/signal";
import { Presence } from "./presence";
import type { Sheet } from "./sheet";
import { heartbeat, task } from "./work";

vi.mock("./work", () => ({ heartbeat: vi.fn(), task: vi.fn() }));
const told = vi.mocked(heartbeat);

const sheet = (attempt = 7): Sheet =>
  ({ work: { attempt: { id: attempt }, task: { id: 3 } }, lost: new Signal(null) }) as unknown as Sheet;
let spent: number[];
let presence: Presence;

beforeEach(() => {
  vi.resetAllMocks();
  told.mockResolvedValue(undefined as never);
  spent = [];
  presence = new Presence(1, (_, seconds) => spent.push(seconds));
});

test("seconds that could not be told go with what is told next, once", async () => {
  presence.activity.add(40);
  told.mockRejectedValueOnce(new Unreached());
  await presence.beat(sheet());
  await presence.beat(sheet(-3)); // not claimed yet: there is nobody to tell
  presence.activity.add(2);
  expect([presence.take(), presence.take(), presence.seconds]).toEqual([42, 0, 42]);
});

test("on leaving they go by the outbox where the server is away, or the page has no time to ask", async () => {
  presence.activity.add(5);
  presence.leave(sheet());
  expect(told).toHaveBeenCalledWith(1, 7, 5);
  presence.activity.add(6);
  told.mockRejectedValueOnce(new Unreached());
  presence.leave(sheet());
  await vi.waitFor(() => expect(spent).toEqual([6]));
  presence.activity.add(8);
  presence.leave(sheet(), true);
  presence.leave(sheet(), true); // nothing since
  expect(spent).toEqual([6, 8]);
  expect(told).toHaveBeenCalledTimes(2);
});

test("a lease that went is noticed", async () => {
  const mine = sheet();
  presence.touch();
  told.mockRejectedValueOnce(
    new Refused({ type: "attempt-over", title: "", status: 409, detail: "it is over", errors: [] }),
  );
  vi.mocked(task).mockResolvedValue({ attempt: 9, holder: 5, status: "in_progress" } as never);
  await presence.beat(mine);
  expect(mine.lost.get()).toEqual({ holder: 5, cancelled: null });
});
