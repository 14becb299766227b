import { expect, test } from "vitest";
import { Finished } from "./finished";

test("what was done here comes first, then what the server knows, and nothing twice", async () => {
  let known = [3, 2, 1];
  const finished = new Finished(() => Promise.resolve(known));
  finished.push(4);
  const order: (number | undefined)[] = [];
  for (let n = 0; n < 3; n++) {
    order.push(await finished.last());
    finished.pop();
  }
  expect(order).toEqual([4, 3, 2]);
  finished.push(3); // opened again and handed in once more
  known = [3, 1];
  for (const wanted of [3, 1, undefined]) {
    expect(await finished.last()).toBe(wanted);
    finished.pop();
  }
});
