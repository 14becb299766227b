import { describe, expect, test, vi } from "vitest";
import vectors from "../../../tests/vectors/geometry.json";
import { painted } from "./brush";
import { compress, maskArea, maskBounds, maskHolds, maskOf, runs, spans, type Mask } from "./rle";

const masks = vectors.good.filter((one) => one.kind === "mask").map((one) => one.shape as unknown as Mask);

test.each(masks)("%j comes back as it was", (mask) => {
  expect(compress(runs(mask))).toBe(mask.counts);
  expect(maskOf(spans(mask), mask.size[0], mask.size[1])).toEqual(mask);
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

  test("by spans is painting pixel by pixel", () => {
    let seed = 7;
    const dice = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    let mask: Mask | null = null;
    const pixels = new Set<string>();
    for (let n = 0; n < 20; n++) {
      const line = Array.from({ length: 1 + dice(4) }, () => ({ x: dice(460) / 10 - 3, y: dice(360) / 10 - 3 }));
      const [radius, erase] = [dice(60) / 10, dice(3) === 0];
      const stroke = painted(null, image, line, radius);
      for (let x = 0; x < image.width; x++) {
        for (let y = 0; y < image.height; y++) {
          if (stroke && maskHolds(stroke, x, y)) pixels[erase ? "delete" : "add"](`${x} ${y}`);
        }
      }
      mask = painted(mask, image, line, radius, erase);
      expect(mask ? maskArea(mask) : 0).toBe(pixels.size);
      for (const pixel of pixels) {
        const [x, y] = pixel.split(" ").map(Number) as [number, number];
        expect(maskHolds(mask!, x, y)).toBe(true);
      }
    }
  });

  test("on a large image costs what is around the stroke", () => {
    const large = { width: 12_000, height: 9_000 };
    const near = [{ x: 11_990, y: 8_990 }];
    const allocated = vi.spyOn(globalThis, "Uint8Array");
    const made = painted(painted(null, large, [{ x: 5, y: 5 }], 4), large, near, 20)!;
    for (const [pixels] of allocated.mock.calls as unknown as [number][]) expect(pixels).toBeLessThan(3000);
    expect(allocated).toHaveBeenCalledTimes(2);
    allocated.mockRestore();
    expect(maskBounds(made)).toEqual({ x: 1, y: 1, width: 11_999, height: 8_999 });
  });
});
