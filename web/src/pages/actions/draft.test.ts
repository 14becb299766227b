import { describe, expect, it } from "vitest";
import { jsonIn, stepDraft, stepOf, trigger, triggerDraft } from "./draft";

describe("an action being edited", () => {
  it("says every trigger as it was told", () => {
    for (const when of [
      { progress: 3, reaches: "25%", at_least: 20 },
      { progress: 3, every: "12.5%", at_least: 5 },
      { progress: 3, every: "500 tasks", at_least: 20 },
      { event: "task.done", where: { template: 3 } },
      { event: "task.done", where: {} },
      { schedule: "0 6 * * *", zone: "UTC" },
      { by_hand: true as const },
    ]) {
      expect(trigger(triggerDraft(when))).toEqual(when);
    }
  });

  it("keeps what a step has that the form doesn't show", () => {
    const step = {
      kind: "webhook",
      name: "tell",
      retries: 2,
      settings: { to: 4, data: { a: [1] }, timeout_seconds: 9 },
    };
    expect(stepOf(stepDraft(step, "k"))).toEqual(step);
  });

  it("waits for whole JSON", () => {
    expect(jsonIn('{"a": 1')).toBeUndefined();
    expect(jsonIn("[1]")).toBeUndefined();
    expect(jsonIn(" ")).toEqual({});
    expect(stepOf({ ...stepDraft({ kind: "webhook", settings: {} }, "k"), json: { data: "{" } })).toBeUndefined();
  });
});
