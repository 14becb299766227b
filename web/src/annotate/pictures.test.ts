import { expect, test } from "vitest";
import { Pictures, SIDE, type Wanted } from "./pictures";

/** A bitmap as far as memory goes. */
class Bitmap {
  isClosed = false;
  constructor(
    readonly width: number,
    readonly height: number,
  ) {}
  close(): void {
    this.isClosed = true;
  }
}

const file = (id: number, width: number, height: number): Wanted => ({ project: 1, file: id, width, height });

function shelf(): { pictures: Pictures; made: Bitmap[] } {
  const made: Bitmap[] = [];
  const pictures = new Pictures(({ width, height }, full) => {
    const by = full ? 1 : Math.min(1, SIDE / Math.max(width, height));
    made.push(new Bitmap(Math.round(width * by), Math.round(height * by)));
    return Promise.resolve(made.at(-1) as unknown as ImageBitmap);
  });
  return { pictures, made };
}

test("decoded pixels stay under 400 MB, and the least used go first", async () => {
  const { pictures, made } = shelf();
  for (let id = 1; id <= 20; id++) {
    await pictures.show(file(id, 4000, 3000));
    expect(pictures.total).toBeLessThanOrEqual(400e6);
  }
  expect(made.filter((one) => !one.isClosed)).toHaveLength(8);
  expect(made.slice(0, 12).every((one) => one.isClosed)).toBe(true);
  expect(pictures.ready(file(20, 4000, 3000))?.full).toBe(true);
  expect(pictures.ready(file(1, 4000, 3000))).toBeNull();
});

test("a large image is a rendition first, and whole where there is room", async () => {
  const { pictures } = shelf();
  expect(await pictures.show(file(1, 12_000, 9_000))).toMatchObject({ full: false, bitmap: { width: SIDE } });
  expect(await pictures.full(file(1, 12_000, 9_000))).toMatchObject({ full: false }); // 432 MB
  expect(await pictures.full(file(1, 9_000, 9_000))).toMatchObject({ full: true, bitmap: { width: 9_000 } });
  expect(pictures.total).toBeLessThanOrEqual(400e6);
});

test("what is shown is never let go for what may come next", async () => {
  const { pictures, made } = shelf();
  await pictures.show(file(1, 9_000, 9_000));
  await pictures.full(file(1, 9_000, 9_000));
  for (let id = 2; id <= 4; id++) await pictures.get(file(id, 9_000, 9_000));
  expect(made[1]).toMatchObject({ width: 9_000, isClosed: false });
  expect(pictures.total).toBeLessThanOrEqual(400e6);
});
