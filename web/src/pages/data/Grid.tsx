import { Checkbox } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Fault } from "../../parts/Fault";
import { Loading } from "../../parts/Loading";
import { words } from "../../words";
import classes from "./Data.module.css";
import { entriesQuery, type Entry, type Of } from "./queries";
import { Thumb } from "./Thumb";

const CELL = 172;
const GAP = 12;
const CAPTION = 28;

interface GridProps {
  project: number;
  of: Of;
  /** Only the files that this query finds. */
  q?: string;
  overlays: boolean;
  asOf?: number | undefined;
  /** Which files are picked, and how to pick; without it none can be. */
  picking?: { picked: ReadonlySet<number>; pick: (files: readonly number[], on: boolean) => void };
  empty: React.ReactNode;
}

/** The files of a dataset or version, as pictures. Only those in view are in the page. */
export function Grid({ project, of, q = "", overlays, asOf, picking, empty }: GridProps) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    entriesQuery(project, of, q),
  );
  const entries = data?.pages.flatMap((page) => page.items) ?? [];
  const { ref: sizer, width } = useElementSize();
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | null>(null);
  const columns = Math.max(1, Math.floor((width - GAP) / (CELL + GAP)));
  const rows = Math.ceil(entries.length / columns);
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => CELL + CAPTION + GAP,
    overscan: 2,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= rows - 6) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, last, rows]);
  if (error !== null) return <Fault error={error} />;
  if (data === undefined) return <Loading />;
  if (entries.length === 0) return empty;

  const toggle = (at: number, on: boolean, through: boolean) => {
    const from = through && anchor.current !== null ? anchor.current : at;
    anchor.current = at;
    picking?.pick(
      entries.slice(Math.min(from, at), Math.max(from, at) + 1).map((entry) => entry.file),
      on,
    );
  };
  const cell = (entry: Entry, at: number) => (
    <div key={entry.id} className={classes["cell"]} data-picked={picking?.picked.has(entry.file) === true || undefined}>
      <Link
        to="/p/$project/files/$file"
        params={{ project, file: entry.file }}
        className={classes["picture"]}
        aria-label={entry.key}
      >
        <Thumb project={project} file={entry.file} state={entry.state} overlays={overlays} asOf={asOf} />
      </Link>
      <span className={classes["caption"]}>
        {picking !== undefined && (
          <Checkbox
            size="xs"
            checked={picking.picked.has(entry.file)}
            onChange={(event) => toggle(at, event.currentTarget.checked, (event.nativeEvent as MouseEvent).shiftKey)}
            aria-label={words.data.select(entry.key)}
          />
        )}
        <bdi title={entry.key}>{entry.key}</bdi>
      </span>
    </div>
  );
  return (
    <div ref={scroller} className={classes["scroller"]}>
      <div ref={sizer} className={classes["all"]} style={{ height: virtual.getTotalSize() }}>
        {items.map((row) => (
          <div
            key={row.key}
            className={classes["row"]}
            style={{
              transform: `translateY(${row.start}px)`,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {entries
              .slice(row.index * columns, (row.index + 1) * columns)
              .map((entry, at) => cell(entry, row.index * columns + at))}
          </div>
        ))}
      </div>
    </div>
  );
}
