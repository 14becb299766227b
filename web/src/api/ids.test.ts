import { expect, test } from "vitest";
import { newId } from "./ids";

test("an id is a UUID of version 7 that begins with its time", () => {
  const made = newId(0x0192_3456_789a);
  expect(made).toMatch(/^01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId(1)).not.toBe(newId(1));
});
