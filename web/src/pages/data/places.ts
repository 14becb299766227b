/** How to ask for the files at a place of a long list: from the milestone before it, a few files on. Pure. */
import type { Schemas } from "../../api/client";

export type Milestones = Schemas["Milestones"];

export interface From {
  after?: string;
  skip: number;
}

/** From where the file at a place, counted from 0, is the first of a page. */
export function from(milestones: Milestones | undefined, at: number): From {
  if (milestones === undefined) return { skip: at };
  const passed = Math.min(Math.floor(at / milestones.every), milestones.cursors.length);
  const after = milestones.cursors[passed - 1];
  return after === undefined ? { skip: at } : { after, skip: at - passed * milestones.every };
}
