/**
 * Pictures, fetched and decoded ahead. Decoded pixels stay under a limit: those of large images are a rendition of at
 * most 4096 pixels at first, and the full picture comes when somebody zooms into it.
 */

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

const key = (of: Wanted, full: boolean): string => `${of.project}/${of.file}${full ? "/full" : ""}`;

export class Pictures {
  private readonly kept = new Map<string, Promise<Picture>>();
  private readonly bytes = new Map<string, number>();

  /** The picture to show first. */
  get(of: Wanted): Promise<Picture> {
    return this.load(of, Math.max(of.width, of.height) <= SIDE);
  }

  /** The picture with all its pixels; rejects when they would be over the limit by themselves. */
  full(of: Wanted): Promise<Picture> {
    if (of.width * of.height * 4 > LIMIT_BYTES * 0.9) return this.get(of);
    return this.load(of, true);
  }

  private load(of: Wanted, full: boolean): Promise<Picture> {
    const name = key(of, full);
    const known = this.kept.get(name);
    if (known) {
      this.kept.delete(name);
      this.kept.set(name, known);
      return known;
    }
    const loading = decode(of, full).then((picture) => {
      this.bytes.set(name, picture.bitmap.width * picture.bitmap.height * 4);
      this.makeRoom(name);
      return picture;
    });
    this.kept.set(name, loading);
    loading.catch(() => this.kept.delete(name));
    return loading;
  }

  /** Let the least used go until the rest is under the limit; never the one that is shown. */
  private makeRoom(but: string): void {
    for (const name of [...this.kept.keys()]) {
      if (this.total <= LIMIT_BYTES) return;
      if (name === but || !this.bytes.has(name)) continue;
      this.kept.delete(name);
      this.bytes.delete(name);
    }
  }

  get total(): number {
    return [...this.bytes.values()].reduce((a, b) => a + b, 0);
  }
}

async function decode(of: Wanted, full: boolean): Promise<Picture> {
  const path = `/api/v1/projects/${of.project}/files/${of.file}`;
  const answer = await fetch(full ? `${path}/content` : `${path}/rendition`);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return { bitmap: await createImageBitmap(await answer.blob()), full };
}
