import { describe, expect, test } from "vitest";
import vectors from "../../../tests/vectors/geometry.json";
import { painted } from "./brush";
import { compress, fromPixels, maskArea, maskBounds, maskHolds, pixels, runs, type Mask } from "./rle";

const masks = vectors.good.filter((one) => one.kind === "mask").map((one) => one.shape as unknown as Mask);

test.each(masks)("%j comes back as it was", (mask) => {
  expect(compress(runs(mask))).toBe(mask.counts);
  expect(fromPixels(pixels(mask), mask.size[0], mask.size[1])).toEqual(mask);
});

test("long runs and long differences", () => {
  const all = [0, 5, 1_000_000, 3, 40_000_000, 1, 7, 12_345];
  expect(runs({ size: [1, 1], counts: compress(all) })).toEqual(all);
});

describe("painting", () => {
  const image = { width: 40, height: 30 };
  const stroke = [
    { x: 10, y: 10 },
    { x: 25, y: 10 },
  ];

  test("covers what the brush went over, and no more", () => {
    const made = painted(null, image, stroke, 3)!;
    expect(made.size).toEqual([30, 40]);
    expect(maskBounds(made)).toEqual({ x: 7, y: 7, width: 21, height: 6 });
    expect(maskHolds(made, 17, 8)).toBe(true);
    expect(maskHolds(made, 17, 14)).toBe(false);
  });

  test("erasing what was painted leaves nothing", () => {
    const made = painted(null, image, stroke, 3);
    expect(painted(made, image, stroke, 4, true)).toBeNull();
    expect(maskArea(painted(made, image, [stroke[0]!], 1, true)!)).toBeLessThan(maskArea(made!));
  });

  test("at the edge of the image stays inside it", () => {
    const made = painted(null, image, [{ x: 40, y: 30 }], 5)!;
    expect(maskBounds(made)).toMatchObject({ x: 35, y: 25 });
    expect(maskBounds(painted(null, image, [{ x: 0, y: 0 }], 0.4)!)).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });
});
