/** What waits to be sent: a command of one attempt, under an id by which the server knows a repeat. */

import type { Change } from "../../canvas/changes";
import type { Problem } from "../../api/problem";

export interface SaveBody {
  id: string;
  changes: Change[];
  active_seconds: number;
}

/** A remark on the task, under an id of its own. */
export interface NoteBody {
  id: string;
  text: string;
  annotation: string | null;
}

export interface EndBody {
  active_seconds: number;
  reason?: string;
  notes?: readonly { text: string; annotation?: string | null }[];
}

interface Common {
  /** Its place in the line; given when it is kept. */
  n?: number;
  person: number;
  project: number;
  template: number;
  task: number;
  /** Negative where the work begins before its claim: then the claim is sent first, and leads to an attempt. */
  attempt: number;
  /** The id of that claim. */
  claim?: string | undefined;
  /** What that claim is to. */
  role?: "work" | "review";
  /** What it is about, for people: the file's key. */
  title: string;
  /** When it was made, in milliseconds. */
  made: number;
  /** Why the server refused it; then it waits for its author. */
  problem?: Problem;
}

export type Ending = "submit" | "skip" | "accept" | "return" | "release";
export type Entry = Common &
  (
    | { call: "claim"; body: object }
    | { call: "save"; body: SaveBody }
    | { call: "note"; body: NoteBody }
    | { call: Ending; body: EndBody }
  );
export type Kept = Entry & { n: number };

/** Where entries are kept until the server has them. The first that waits is sent by whoever holds the lease. */
export interface Shelf {
  /** Whether what is kept outlives this page. */
  readonly lasts: boolean;
  add(entry: Entry): Promise<number>;
  /** All entries of a person, in order. */
  all(person: number): Promise<Kept[]>;
  /** The person's first waiting entry, with the lease taken or renewed; "held" while another tab sends. */
  next(person: number, tab: string, leaseMs: number): Promise<Kept | "held" | null>;
  remove(n: number): Promise<void>;
  refuse(n: number, problem: Problem): Promise<void>;
  /** A claim led to this attempt: what waits for it is of that one. */
  claimed(claim: string, attempt: number): Promise<void>;
  letGo(tab: string): Promise<void>;
}
