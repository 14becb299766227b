/** Setbacks of the log's followers, told once for each follower. Pure. */
import type { Schemas } from "../../api/client";

export type Setback = Schemas["Setback"];

export interface Told {
  follower: string;
  isStopped: boolean;
  /** How many events were set aside in all. */
  events: number;
  /** Their revisions, the newest first; or the one that it stands before. */
  seqs: number[];
  /** What to answer them by, the oldest first: in this order the follower would have taken them. */
  ids: number[];
  /** The newest reason. */
  trouble: string;
}

export function byFollower(setbacks: readonly Setback[]): Told[] {
  const told = new Map<string, Told>();
  for (const { id, follower, state, events, seq, trouble } of setbacks) {
    const isStopped = state === "stopped";
    const key = `${follower} ${isStopped}`;
    const one = told.get(key) ?? { follower, isStopped, events: 0, seqs: [], ids: [], trouble };
    one.events += events;
    one.seqs.push(seq);
    if (id != null) one.ids.unshift(id);
    told.set(key, one);
  }
  return [...told.values()];
}
