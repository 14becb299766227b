import { useDebouncedValue } from "@mantine/hooks";
import { useQueries, useQuery } from "@tanstack/react-query";
import { type Annotation, type Entry, milestonesQuery, type Of, overlaysQuery, PAGE, pageQuery } from "./queries";

const SETTLED_MS = 60;

interface Wanted {
  project: number;
  of: Of;
  q: string;
  /** The branch that the annotations are of; none are asked for without it. */
  branch?: number | undefined;
  asOf?: number | undefined;
}

/** How many files a list has; undefined until that is known. */
export function useTotal({ project, of, q }: Wanted): { total: number | undefined; error: Error | null } {
  const first = useQuery(pageQuery(project, of, q, 0));
  const isLong = first.data?.next != null;
  const miles = useQuery({ ...milestonesQuery(project, of, q), enabled: isLong });
  const known = isLong ? miles.data?.files : first.data?.items.length;
  return { total: known, error: first.error ?? miles.error };
}

/** The files of a list from one place to another, where they came already, and what is drawn over them. */
export function useFiles({ project, of, q, branch, asOf }: Wanted, first: number, end: number) {
  // Who drags the scrollbar passes many pages: only those are asked for where it rests.
  const range = `${Math.floor(first / PAGE)} ${Math.floor(Math.max(first, end - 1) / PAGE)}`;
  const [settled] = useDebouncedValue(range, SETTLED_MS, { leading: true });
  const [from = 0, to = 0] = settled.split(" ").map(Number);
  const numbers = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  const pages = useQueries({ queries: numbers.map((page) => pageQuery(project, of, q, page)) });
  const overlays = useQueries({
    queries: pages.map(({ data }) => ({
      ...overlaysQuery(project, branch ?? 0, asOf, ready(data?.items)),
      ...(branch === undefined ? { enabled: false } : {}),
    })),
  });
  const at = (place: number): Entry | undefined => pages[Math.floor(place / PAGE) - from]?.data?.items[place % PAGE];
  const annotations = (place: number, file: number): Annotation[] | undefined =>
    branch === undefined ? undefined : overlays[Math.floor(place / PAGE) - from]?.data?.get(file);
  const error = pages.find((page) => page.error !== null)?.error ?? null;
  return { at, annotations, error };
}

const ready = (entries: readonly Entry[] | undefined): number[] =>
  entries?.filter((entry) => entry.state === "ready").map((entry) => entry.file) ?? [];
