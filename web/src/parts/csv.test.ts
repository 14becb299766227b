import { expect, test } from "vitest";
import { csvOf } from "./csv";

test("cells with separators are quoted, and none is a formula", () => {
  expect(
    csvOf([
      ["File", "Why"],
      ['a "b", c.png', "broken\nat byte 9"],
      ["=1+1", ""],
    ]),
  ).toBe('File,Why\r\n"a ""b"", c.png","broken\nat byte 9"\r\n\'=1+1,\r\n');
});
