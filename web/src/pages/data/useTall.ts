import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { moved, paged, place, rowsInView, type Tall } from "./tall";

const RESTED_MS = 160;
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
  const height = rows * row + 2 * EDGE;
  const tall: Tall = { height, view };
  const [at, setAt] = useState({ top: left.get(name) ?? 0, scrolled: 0, name });
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  if (at.name !== name) setAt({ top: left.get(name) ?? 0, scrolled: 0, name });

  /** Let the page show a place of the list. */
  const show = (top: number) => {
    const box = scroller.current;
    if (box === null) return;
    const there = place(tall, top);
    box.scrollTo({ top: there.scrolled });
    return requestAnimationFrame(() => setAt({ ...there, scrolled: box.scrollTop, name }));
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
  useEffect(() => () => clearTimeout(resting.current), []);

  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    const now = moved(tall, at, box.scrollTop);
    left.set(name, now.top);
    setAt({ ...now, name });
    clearTimeout(resting.current);
    // Small steps lead away from where the thumb says one is: it is brought there when they end.
    if (Math.abs(place(tall, now.top).scrolled - now.scrolled) >= 1) {
      resting.current = setTimeout(() => show(now.top), RESTED_MS);
    }
  };
  const [first, end] = rowsInView(at.top, view, row, rows, 1);
  return { scroller, first, end, offset: at.scrolled - at.top + EDGE, height: paged(tall), onScroll };
}
