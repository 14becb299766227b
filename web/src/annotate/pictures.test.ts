import { expect, test, vi } from "vitest";
import { Pictures, SIDE, TILE, type Wanted } from "./pictures";

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
  const pictures = new Pictures(({ width, height }, part) => {
    if (part.startsWith("tiles")) made.push(new Bitmap(TILE, TILE));
    if (part.startsWith("tiles")) return Promise.resolve(made.at(-1) as unknown as ImageBitmap);
    const by = part === "content" ? 1 : Math.min(1, SIDE / Math.max(width, height));
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
  expect(pictures.fits(file(1, 12_000, 9_000))).toBe(false); // 432 MB
  expect(pictures.fits(file(1, 9_000, 9_000))).toBe(true);
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

test("a picture too large to have whole comes in the pieces that are looked at, under the limit", async () => {
  const { pictures, made } = shelf();
  const large = file(1, 60_000, 40_000);
  await pictures.show(large);
  let came = 0;
  const look = (x: number, y: number, width: number, height: number) =>
    pictures.look(large, { x, y, width, height }, () => (came += 1));
  expect(look(-500, 2000, 1000, 100)).toEqual([]);
  await Promise.resolve();
  await vi.waitFor(() => expect(came).toBe(2));
  expect(look(-500, 2000, 1000, 100).map(({ x, y }) => [x, y])).toEqual([
    [0, 2048],
    [0, 0],
  ]);
  for (let n = 0; n < 12; n++) {
    look(n * 4000, 0, 9000, 5000);
    await vi.waitFor(() => expect(look(n * 4000, 0, 9000, 5000).length).toBeGreaterThan(14));
    expect(pictures.total).toBeLessThanOrEqual(400e6);
  }
  const shown = look(44_000, 0, 9000, 5000);
  expect(shown.every(({ bitmap }) => !(bitmap as unknown as Bitmap).isClosed)).toBe(true);
  expect(made[0]!.isClosed).toBe(false);
  look(0, 0, 60_000, 40_000);
  await vi.waitFor(() => expect(look(0, 0, 60_000, 40_000)).toHaveLength(19));
  expect(pictures.total).toBeLessThanOrEqual(400e6);
  expect(look(70_000, 0, 10, 10)).toEqual([]);
});
