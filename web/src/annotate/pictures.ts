/**
 * Pictures, fetched and decoded ahead. Decoded pixels stay under a limit: those of large images are a rendition of at
 * most 4096 pixels at first. When somebody zooms into one it comes whole, or, where that would be too much, in pieces:
 * those that are looked at.
 */

import { problemOf, Refused, Unreached } from "../api/problem";
import type { Piece } from "../canvas/painter";
import type { Bounds } from "../canvas/shapes";

export interface Wanted {
  project: number;
  file: number;
  width: number;
  height: number;
}

export interface Picture {
  bitmap: ImageBitmap;
  /** Whether it has all the pixels there are. */
  full: boolean;
}

const LIMIT_BYTES = 400_000_000;
export const SIDE = 4096;
/** The side of a piece; the server cuts them. */
export const TILE = 2048;
const PIXEL = 4;

/** What is fetched of a file: its content, a smaller rendition, or a piece. */
export type Part = "content" | "rendition" | `tiles/${number}/${number}`;

export class Pictures {
  private readonly kept = new Map<string, Promise<ImageBitmap>>();
  private readonly decoded = new Map<string, ImageBitmap>();
  /** What must stay: the picture that is shown, and the pieces of it that are. */
  private shown = "";
  private looked: ReadonlySet<string> = new Set();

  constructor(private readonly decode: (of: Wanted, part: Part) => Promise<ImageBitmap> = fetched) {}

  /** The picture to show now. It is kept until another one is shown. */
  show(of: Wanted): Promise<Picture> {
    this.shown = file(of);
    this.looked = new Set();
    return this.get(of);
  }

  /** The picture to show now, if it is there already. */
  ready(of: Wanted): Picture | null {
    const full = isSmall(of);
    const bitmap = this.decoded.get(key(of, full ? "content" : "rendition"));
    return bitmap ? { bitmap, full } : null;
  }

  /** The picture that will be shown first. */
  async get(of: Wanted): Promise<Picture> {
    const full = isSmall(of);
    return { bitmap: await this.load(of, full ? "content" : "rendition"), full };
  }

  /** Whether the whole picture has room beside the one that is shown till then. */
  fits(of: Wanted): boolean {
    return of.width * of.height * PIXEL <= LIMIT_BYTES - SIDE * SIDE * PIXEL;
  }

  /** The picture with all its pixels. */
  async full(of: Wanted): Promise<Picture> {
    return { bitmap: await this.load(of, "content"), full: true };
  }

  /**
   * The pieces of the shown picture, in its own pixels, that lie within some bounds: those that are here, at once. The
   * others are fetched, and `came` is called with each. What isn't looked at any more may go.
   */
  look(of: Wanted, within: Bounds, came: () => void): Piece[] {
    const all = tilesOf(of, within);
    this.looked = new Set(all.map((tile) => key(of, tile.part)));
    const here: Piece[] = [];
    for (const { part, ...place } of all) {
      const bitmap = this.decoded.get(key(of, part));
      if (bitmap) here.push({ bitmap, ...place });
      else if (!this.kept.has(key(of, part))) void this.load(of, part).then(came, () => undefined);
    }
    return here;
  }

  private load(of: Wanted, part: Part): Promise<ImageBitmap> {
    const name = key(of, part);
    const known = this.kept.get(name);
    if (known) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return known;
    }
    const loading = this.decode(of, part).then((bitmap) => {
      this.decoded.set(name, bitmap);
      this.makeRoom(name);
      return bitmap;
    });
    this.kept.set(name, loading);
    loading.catch(() => this.kept.delete(name));
    return loading;
  }

  /** Let the least used go until the rest is under the limit, and the newest too; never what is shown. */
  private makeRoom(newest: string): void {
    for (const name of [...this.kept.keys()].filter((one) => one !== newest).concat(newest)) {
      if (this.total <= LIMIT_BYTES) return;
      if (this.isShown(name) || !this.decoded.has(name)) continue;
      this.decoded.get(name)?.close();
      this.decoded.delete(name);
      this.kept.delete(name);
    }
  }

  private isShown(name: string): boolean {
    return name.includes("/tiles/") ? this.looked.has(name) : name.startsWith(this.shown);
  }

  /** Bytes of all decoded pixels. */
  get total(): number {
    return [...this.decoded.values()].reduce((sum, { width, height }) => sum + width * height * PIXEL, 0);
  }
}

const isSmall = (of: Wanted): boolean => Math.max(of.width, of.height) <= SIDE;
const file = (of: Wanted): string => `${of.project}/${of.file}/`;
const key = (of: Wanted, part: Part): string => file(of) + part;

/** The pieces that lie within some bounds, from the middle outwards, as many as there is room for. */
function tilesOf(of: Wanted, within: Bounds): (Bounds & { part: Part })[] {
  const found: (Bounds & { part: Part; off: number })[] = [];
  const middle = { x: within.x + within.width / 2, y: within.y + within.height / 2 };
  const end = (at: number, length: number, whole: number): number => Math.min(whole, at + length);
  const first = (at: number): number => Math.max(0, Math.floor(at / TILE));
  for (let column = first(within.x); column * TILE < end(within.x, within.width, of.width); column++) {
    for (let row = first(within.y); row * TILE < end(within.y, within.height, of.height); row++) {
      const [x, y] = [column * TILE, row * TILE];
      const [width, height] = [Math.min(TILE, of.width - x), Math.min(TILE, of.height - y)];
      const off = Math.hypot(x + width / 2 - middle.x, y + height / 2 - middle.y);
      found.push({ part: `tiles/${column}/${row}`, x, y, width, height, off });
    }
  }
  const room = Math.floor((LIMIT_BYTES - SIDE * SIDE * PIXEL) / (TILE * TILE * PIXEL));
  return found
    .sort((a, b) => a.off - b.off)
    .slice(0, room)
    .map(({ off: _, ...tile }) => tile);
}

async function fetched(of: Wanted, part: Part): Promise<ImageBitmap> {
  const answer = await fetch(`/api/v1/projects/${of.project}/files/${of.file}/${part}`).catch(() => null);
  if (!answer) throw new Unreached();
  if (!answer.ok) throw new Refused(await problemOf(answer));
  return createImageBitmap(await answer.blob());
}
