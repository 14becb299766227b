import { expect, test } from "vitest";
import { Activity } from "./activity";

test("time at work ends 30 s after the last sign of life, and while nobody sees the page", () => {
  let now = 0;
  const activity = new Activity(() => now);
  const after = (seconds: number): void => void (now += seconds * 1000);
  after(100);
  activity.sign();
  after(10);
  activity.sign();
  after(600); // somebody went for a coffee
  activity.sign();
  expect(activity.take()).toBe(40);
  after(5);
  activity.rest(); // another tab
  after(20);
  activity.sign();
  after(2);
  expect(activity.take()).toBe(7);
  expect(activity.take()).toBe(0);
});
