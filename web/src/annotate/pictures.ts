/**
 * Pictures, fetched and decoded ahead. Decoded pixels stay under a limit: those of large images are a rendition of at
 * most 4096 pixels at first, and the full picture comes when somebody zooms into it.
 */

import { problemOf, Refused, Unreached } from "../api/problem";

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
const PIXEL = 4;

const key = (of: Wanted, full: boolean): string => `${of.project}/${of.file}/${full ? "full" : "rendition"}`;

export class Pictures {
  private readonly kept = new Map<string, Promise<Picture>>();
  private readonly decoded = new Map<string, Picture>();
  private shown = "";

  constructor(private readonly decode: (of: Wanted, full: boolean) => Promise<ImageBitmap> = fetched) {}

  /** The picture to show now. It is kept until another one is shown. */
  show(of: Wanted): Promise<Picture> {
    this.shown = `${of.project}/${of.file}/`;
    return this.get(of);
  }

  /** The picture to show now, if it is there already. */
  ready(of: Wanted): Picture | null {
    return this.decoded.get(key(of, Math.max(of.width, of.height) <= SIDE)) ?? null;
  }

  /** The picture that will be shown first. */
  get(of: Wanted): Promise<Picture> {
    return this.load(of, Math.max(of.width, of.height) <= SIDE);
  }

  /** The picture with all its pixels, where there is room for them beside the one that is shown till then. */
  full(of: Wanted): Promise<Picture> {
    const room = LIMIT_BYTES - SIDE * SIDE * PIXEL;
    return of.width * of.height * PIXEL > room ? this.get(of) : this.load(of, true);
  }

  private load(of: Wanted, full: boolean): Promise<Picture> {
    const name = key(of, full);
    const known = this.kept.get(name);
    if (known) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return known;
    }
    const loading = this.decode(of, full).then((bitmap) => {
      const picture = { bitmap, full };
      this.decoded.set(name, picture);
      this.makeRoom(name);
      return picture;
    });
    this.kept.set(name, loading);
    loading.catch(() => this.kept.delete(name));
    return loading;
  }

  /** Let the least used go until the rest is under the limit, and the newest too; never what is shown. */
  private makeRoom(newest: string): void {
    for (const name of [...this.kept.keys()].filter((one) => one !== newest).concat(newest)) {
      if (this.total <= LIMIT_BYTES) return;
      if (name.startsWith(this.shown) || !this.decoded.has(name)) continue;
      this.decoded.get(name)?.bitmap.close();
      this.decoded.delete(name);
      this.kept.delete(name);
    }
  }

  /** Bytes of all decoded pixels. */
  get total(): number {
    return [...this.decoded.values()].reduce((sum, { bitmap }) => sum + bitmap.width * bitmap.height * PIXEL, 0);
  }
}

async function fetched(of: Wanted, full: boolean): Promise<ImageBitmap> {
  const path = `/api/v1/projects/${of.project}/files/${of.file}`;
  const answer = await fetch(full ? `${path}/content` : `${path}/rendition`).catch(() => null);
  if (!answer) throw new Unreached();
  if (!answer.ok) throw new Refused(await problemOf(answer));
  return createImageBitmap(await answer.blob());
}
