import { expect, test } from "vitest";
import { holds, toggled, without } from "./refine";

const CAR = "labels.car >= 1";
const DAY = 'added >= "2026-01-01" and added < "2026-01-02"';

test("a condition is added, and taken away again", () => {
  expect(toggled("", CAR)).toBe(CAR);
  expect(toggled('weather = "rain"', CAR)).toBe(`weather = "rain" and ${CAR}`);
  expect(toggled(`weather = "rain" and ${CAR}`, CAR)).toBe('weather = "rain"');
  expect(toggled(CAR, CAR)).toBe("");
  expect(toggled(`${DAY} and ${CAR}`, DAY)).toBe(CAR);
});

test("an either stays together", () => {
  expect(toggled('a = "x" or b = 1', CAR)).toBe(`(a = "x" or b = 1) and ${CAR}`);
  expect(holds(`${CAR} or b = 1`, CAR)).toBe(false);
});

test("what is quoted or in parentheses is no joint", () => {
  const query = 'name = "this and that" and (a = 1 and b = 2)';
  expect(holds(query, "a = 1")).toBe(false);
  expect(toggled(`${query} and ${CAR}`, CAR)).toBe(query);
  expect(toggled('name = "this or that"', CAR)).toBe(`name = "this or that" and ${CAR}`);
});

test("files are left out by a condition", () => {
  expect(without("", CAR)).toBe(`not ${CAR}`);
  expect(without(CAR, DAY)).toBe(`${CAR} and not (${DAY})`);
});
