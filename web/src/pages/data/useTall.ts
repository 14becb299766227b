import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { moved, paged, place, rowsInView, type Tall } from "./tall";

/** Above the first row, and below the last. */
const EDGE = 12;

/** Where lists were left, so that who comes back to one finds it there. */
const left = new Map<string, number>();

/**
 * Scrolling in rows of one height, however many they are.
 * `offset` is what to move a row by from its place in the list to its place in the page.
 */
export function useTall(name: string, rows: number, row: number, view: number) {
  const scroller = useRef<HTMLDivElement>(null);
  /** Where one is, ahead of what is drawn; and where we have scrolled to ourselves, which is no news when it is told. */
  const latest = useRef({ top: 0, scrolled: 0, own: -1 });
  const height = rows * row + 2 * EDGE;
  const tall: Tall = { height, view };
  const [at, setAt] = useState({ top: left.get(name) ?? 0, scrolled: 0, name });
  if (at.name !== name) setAt({ top: left.get(name) ?? 0, scrolled: 0, name });

  /** Let the page show a place of the list. */
  const show = (top: number) => {
    const box = scroller.current;
    if (box === null) return;
    const there = place(tall, top);
    box.scrollTo({ top: there.scrolled, behavior: "instant" });
    const now = { top: there.top, scrolled: box.scrollTop };
    latest.current = { ...now, own: now.scrolled };
    left.set(name, now.top);
    return requestAnimationFrame(() => setAt({ ...now, name }));
  };
  // The page follows the list when its height changes, and when one comes back to it.
  useLayoutEffect(() => {
    if (view === 0 || rows === 0) return;
    const frame = show(at.top);
    return () => {
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- not when it is scrolled
  }, [name, height, view]);

  const onScroll = () => {
    const box = scroller.current;
    if (box === null || box.scrollTop === latest.current.own) return;
    const now = moved(tall, latest.current, box.scrollTop);
    latest.current = { ...now, own: -1 };
    left.set(name, now.top);
    setAt({ ...now, name });
  };
  /** Small steps lead away from where the scrollbar says one is: its thumb is brought there when they end. */
  const onScrollEnd = () => {
    const { top, scrolled } = latest.current;
    if (Math.abs(place(tall, top).scrolled - scrolled) >= 1) show(top);
  };
  // Browsers glide to the ends of a page, and where it is a million pixels high that takes its time.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    show(event.key === "Home" ? 0 : height);
  };
  /** Scroll no further than it takes to see a whole row. */
  const reveal = (at: number) => {
    const { top } = latest.current;
    const [above, below] = [at * row, (at + 1) * row + 2 * EDGE];
    if (above < top) show(above);
    else if (below > top + view) show(below - view);
  };
  const [first, end] = rowsInView(at.top, view, row, rows, 1);
  return {
    first,
    end,
    offset: at.scrolled - at.top + EDGE,
    height: paged(tall),
    scroller,
    reveal,
    scrolling: { onScroll, onScrollEnd, onKeyDown },
  };
}
