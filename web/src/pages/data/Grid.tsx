import { Checkbox } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { Refused } from "../../api/problem";
import { Empty } from "../../parts/Empty";
import { Fault } from "../../parts/Fault";
import { Key } from "../../parts/Key";
import { Loading } from "../../parts/Loading";
import { words } from "../../words";
import classes from "./Data.module.css";
import type { Among } from "./Neighbours";
import type { Entry, Of } from "./queries";
import type { Picking } from "./usePicking";
import { Thumb } from "./Thumb";
import { useFiles, useTotal } from "./useFiles";
import { useTall } from "./useTall";

const CELL = 172;
const GAP = 12;
const CAPTION = 28;
const QUIETLY = { preventScroll: true };
const ROW = CELL + CAPTION + GAP;

interface GridProps {
  project: number;
  of: Of;
  /** The branch whose annotations are shown. */
  branch: number;
  /** Whether that branch is a fork's. */
  isFork: boolean;
  asOf?: number | undefined;
  /** Only the files that this query finds. */
  q?: string;
  overlays: boolean;
  /** Which files are picked, and how to pick; without it none can be. */
  picking?: Picking;
  empty: ReactNode;
}

/** The files of a dataset or version, as pictures. Only those in view are in the page, wherever one jumps. */
export function Grid({ project, of, branch, isFork, asOf, q = "", overlays, picking, empty }: GridProps) {
  const { ref: sizer, width, height } = useElementSize<HTMLDivElement>();
  const columns = Math.max(1, Math.floor((width + GAP) / (CELL + GAP)));
  const fork = isFork ? branch : undefined;
  const wanted = { project, of, q, branch: overlays ? branch : undefined, asOf };
  const { total, error } = useTotal(wanted);
  const rows = Math.ceil((total ?? 0) / columns);
  const name = `${project} ${JSON.stringify(of)} ${q}`;
  const { scroller, reveal, scrolling, first, end, offset, height: paged } = useTall(name, rows, ROW, height);
  const both = useMergedRef(scroller, sizer);
  const files = useFiles(wanted, first * columns, Math.min(end * columns, total ?? 0));
  const fault = error ?? files.error;
  // What is wrong with a query is told where it is written, and here in plain words for those who came by a link.
  const wrong = fault instanceof Refused && fault.problem.errors.find((one) => one.at.startsWith("query"));
  if (wrong) return <Empty title={words.data.wrong}>{wrong.detail.split("\n", 1)[0]}</Empty>;
  if (fault !== null) return <Fault error={fault} />;
  if (total === 0) return empty;

  const cell = (at: number) => {
    const entry = files.at(at);
    return entry === undefined ? (
      <div key={at} className={classes["cell"]} role="listitem" aria-setsize={total} aria-posinset={at + 1}>
        <span className={classes["picture"]} />
      </div>
    ) : (
      <Cell
        key={at}
        {...{ project, entry, at, picking, total }}
        search={{ ...of, q: q === "" ? undefined : q, n: at, at: asOf, branch: fork }}
      >
        <Thumb project={project} entry={entry} annotations={files.annotations(at, entry.file)} />
      </Cell>
    );
  };
  /** Arrows lead from picture to picture, and Space picks one. */
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const from = (event.target as Element).closest('[role="listitem"]')?.getAttribute("aria-posinset");
    if (from == null || total === undefined) return scrolling.onKeyDown(event);
    const at = Number(from) - 1;
    const entry = files.at(at);
    if (
      event.key === " " &&
      (event.target as Element).tagName === "A" &&
      picking !== undefined &&
      entry !== undefined
    ) {
      event.preventDefault();
      picking.pick(entry, at, !picking.has(entry.file), event.shiftKey);
    }
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns } as Record<string, number>;
    const to = at + (steps[event.key] ?? 0);
    if (to === at || to < 0 || to >= total) return scrolling.onKeyDown(event);
    event.preventDefault();
    reveal(Math.floor(to / columns));
    const box = event.currentTarget;
    requestAnimationFrame(() => box.querySelector<HTMLElement>(`[aria-posinset="${to + 1}"] a`)?.focus(QUIETLY));
  };
  return (
    <div
      ref={both}
      className={classes["scroller"]}
      {...scrolling}
      onKeyDown={onKeyDown}
      tabIndex={0}
      data-testid="files"
    >
      {total === undefined ? (
        <Loading />
      ) : (
        <div className={classes["all"]} style={{ height: paged }} role="list" aria-label={words.data.grid}>
          {Array.from({ length: end - first }, (_, n) => first + n).map((row) => (
            <div
              key={row}
              role="none"
              className={classes["row"]}
              style={{
                transform: `translateY(${row * ROW + offset}px)`,
                gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
              }}
            >
              {Array.from({ length: Math.min(columns, total - row * columns) }, (_, n) => cell(row * columns + n))}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

interface CellProps {
  project: number;
  entry: Entry;
  at: number;
  total: number | undefined;
  picking?: Picking | undefined;
  /** Where the file is opened from, as of when, and on which branch. */
  search: Among;
  children: ReactNode;
}

function Cell({ project, entry, at, total, picking, search, children }: CellProps) {
  const isPicked = picking?.has(entry.file) === true;
  const reach = (event: MouseEvent) => {
    // With Shift a click picks what lies between; any other opens the file.
    if (picking === undefined || !event.shiftKey) return;
    event.preventDefault();
    picking.pick(entry, at, true, true);
  };
  return (
    <div
      className={classes["cell"]}
      data-picked={isPicked || undefined}
      role="listitem"
      aria-setsize={total}
      aria-posinset={at + 1}
    >
      <Link
        to="/p/$project/files/$file"
        params={{ project, file: entry.file }}
        search={search}
        className={classes["picture"]}
        aria-label={entry.key}
        onClick={reach}
      >
        {children}
      </Link>
      <span className={classes["caption"]}>
        {picking !== undefined && (
          <Checkbox
            size="xs"
            checked={isPicked}
            disabled={picking.all}
            onChange={(event) => {
              const { checked } = event.currentTarget;
              picking.pick(entry, at, checked, (event.nativeEvent as PointerEvent).shiftKey);
            }}
            aria-label={words.data.select(entry.key)}
          />
        )}
        <Key of={entry.key} />
      </span>
    </div>
  );
}
