import { expect, test } from "vitest";
import { moved, paged, place, rowsInView, TALLEST } from "./tall";

const short = { height: 10_000, view: 600 };
const tall = { height: 42_400_000, view: 600 };

test("a list that fits is scrolled as it is", () => {
  expect(paged(short)).toBe(10_000);
  expect(moved(short, { top: 0, scrolled: 0 }, 9_400)).toEqual({ top: 9_400, scrolled: 9_400 });
  expect(place(short, 99_999).top).toBe(9_400);
});

test("a taller one is jumped in by shares, to its very end and back", () => {
  expect(paged(tall)).toBe(TALLEST);
  const half = moved(tall, { top: 0, scrolled: 0 }, (TALLEST - 600) / 2);
  expect(half.top).toBeCloseTo((tall.height - 600) / 2);
  expect(moved(tall, half, TALLEST - 600).top).toBe(tall.height - 600);
  expect(moved(tall, half, 0).top).toBe(0);
});

test("and moved in by pixels", () => {
  const half = place(tall, 20_000_000);
  const after = moved(tall, half, half.scrolled + 100);
  expect(after.top).toBeCloseTo(20_000_100);
  expect(moved(tall, after, half.scrolled).top).toBeCloseTo(20_000_000);
});

test("the thumb can be brought to where one has got", () => {
  const there = place(tall, 20_005_000);
  expect(moved(tall, { top: 0, scrolled: 0 }, there.scrolled).top).toBeCloseTo(20_005_000);
});

test("rows in view", () => {
  expect(rowsInView(0, 600, 200, 50, 1)).toEqual([0, 4]);
  expect(rowsInView(1_000, 600, 200, 50, 1)).toEqual([4, 9]);
  expect(rowsInView(9_400, 600, 200, 50, 2)).toEqual([45, 50]);
});
