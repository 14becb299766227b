import { expect, test } from "vitest";
import { from } from "./places";

const milestones = { files: 1_700, every: 500, cursors: ["a", "b", "c"] };

test("a place is reached from the milestone before it", () => {
  expect(from(milestones, 0)).toEqual({ skip: 0 });
  expect(from(milestones, 499)).toEqual({ skip: 499 });
  expect(from(milestones, 500)).toEqual({ after: "a", skip: 0 });
  expect(from(milestones, 1_650)).toEqual({ after: "c", skip: 150 });
});

test("a place that came behind the last milestone is still reached", () => {
  expect(from(milestones, 2_100)).toEqual({ after: "c", skip: 600 });
  expect(from(undefined, 60)).toEqual({ skip: 60 });
});
