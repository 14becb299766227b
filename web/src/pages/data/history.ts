/** A file's history as a person reads it: what each revision made, changed and removed. Pure. */
import type { Schemas } from "../../api/client";

type Change = Schemas["penstock__annotations__tables__Change"];

export interface Moment {
  seq: number;
  created: number;
  changed: number;
  removed: number;
  source: string;
  /** When, and by whom; nobody for what jobs did. */
  at: string | null;
  by: number | null;
  /** Who drew what is there since: others than `by` where work was accepted or merged. */
  authors: number[];
}

/** The revisions in which annotations changed, oldest first. */
export function changesOf(states: readonly Change[]): Moment[] {
  const moments = new Map<number, Moment>();
  const at = (seq: number, source: string, when?: string | null, by?: number | null): Moment => {
    const none = { created: 0, changed: 0, removed: 0 };
    const known = moments.get(seq) ?? { seq, ...none, source, at: when ?? null, by: by ?? null, authors: [] };
    moments.set(seq, known);
    return known;
  };
  const begun = new Set(states.map((state) => `${state.id} ${state.created_seq}`));
  const seen = new Set<string>();
  for (const state of [...states].sort((a, b) => a.created_seq - b.created_seq)) {
    const moment = at(state.created_seq, state.source, state.at, state.by);
    if (state.gone) moment.removed += 1;
    else if (seen.has(state.id)) moment.changed += 1;
    else moment.created += 1;
    seen.add(state.id);
    if (!state.gone && state.author !== null && !moment.authors.includes(state.author)) {
      moment.authors.push(state.author);
    }
    // A state that ended with nothing in its place was deleted then.
    if (!state.gone && state.retired_seq != null && !begun.has(`${state.id} ${state.retired_seq}`)) {
      at(state.retired_seq, state.source, state.retired_at, state.retired_by).removed += 1;
    }
  }
  return [...moments.values()].sort((a, b) => a.seq - b.seq);
}
