import { useState } from "react";
import { alike, merged } from "./sides";

interface State<T> {
  edition: number;
  base: T;
  draft: T;
}

export interface Edited<T> {
  /** What the editing began with, and the edition that it is of. */
  base: T;
  edition: number;
  draft: T;
  set: (draft: T) => void;
  isEdited: boolean;
  /** Somebody else changed it since the editing began. */
  isStale: boolean;
  /** Go on with both sides' changes, mine where both changed the same. */
  merge: () => void;
  /** Go on with what is there now. */
  take: () => void;
  /** It was saved: go on with this. */
  restart: (edition: number, saved: T) => void;
}

/** What somebody edits of a thing that others may change meanwhile. As long as it isn't edited it follows the thing. */
export function useEdited<T>(edition: number, now: T): Edited<T> {
  const [state, setState] = useState<State<T>>({ edition, base: now, draft: now });
  const isEdited = !alike(state.draft, state.base);
  const take = (): void => setState({ edition, base: now, draft: now });
  const isSame = alike(now, state.base);
  if (edition !== state.edition && !isEdited) take();
  else if (edition !== state.edition && isSame) setState({ ...state, edition });
  return {
    base: state.base,
    edition: state.edition,
    draft: state.draft,
    set: (draft) => setState((old) => ({ ...old, draft })),
    isEdited,
    isStale: edition !== state.edition && isEdited && !isSame,
    merge: () => setState({ edition, base: now, draft: merged(state.base, state.draft, now) }),
    take,
    restart: (of, saved) => setState({ edition: of, base: saved, draft: saved }),
  };
}
