import { useRef, useState } from "react";
import { type Entry, filesBetween, MOST_PICKED, type Of } from "./queries";

/** What is picked: files one by one, or all that the query finds, however many. */
export interface Picking {
  all: boolean;
  /** How many; undefined with all, whose number the page knows. */
  size: number | undefined;
  /** The files that were picked one by one. */
  files: ReadonlySet<number>;
  /** Whether more were asked for than can be picked one by one. */
  isFull: boolean;
  has: (file: number) => boolean;
  pick: (entry: Entry, at: number, on: boolean, through: boolean) => void;
  pickAll: () => void;
  clear: () => void;
}

interface Picked {
  of: string;
  all: boolean;
  isFull: boolean;
  files: ReadonlySet<number>;
}

/** Picking files of a list: another list, or another query of it, begins with none. */
export function usePicking(project: number, of: Of, q: string): Picking {
  const name = `${project} ${JSON.stringify(of)} ${q}`;
  const none: Picked = { of: name, all: false, isFull: false, files: new Set() };
  const [held, setHeld] = useState(none);
  const anchor = useRef<number | undefined>(undefined);
  const picked = held.of === name ? held : none;
  const change = (entries: readonly Entry[], on: boolean) =>
    setHeld((was) => {
      const files = new Set(was.of === name ? was.files : []);
      for (const entry of entries) {
        if (!on) files.delete(entry.file);
        else if (files.size < MOST_PICKED) files.add(entry.file);
      }
      return { of: name, all: false, isFull: on && files.size === MOST_PICKED, files };
    });
  return {
    ...picked,
    size: picked.all ? undefined : picked.files.size,
    has: (file) => picked.all || picked.files.has(file),
    pick: (entry, at, on, through) => {
      const from = held.of === name ? anchor.current : undefined;
      anchor.current = at;
      if (!through || from === undefined || from === at) change([entry], on);
      else void filesBetween(project, of, q, Math.min(from, at), Math.max(from, at)).then((some) => change(some, on));
    },
    pickAll: () => setHeld({ ...none, all: true }),
    clear: () => setHeld(none),
  };
}
