/**
 * A list that is taller than a browser can make a page. Pure.
 *
 * Browsers stop at some ten to thirty million pixels. So the page has at most `TALLEST`, and a place in it means a share
 * of the list; but what moves a little, by the wheel, by keys, moves the list by as many pixels.
 */
export const TALLEST = 8_000_000;

export interface Tall {
  /** How high the list is, and the window it is seen through. */
  height: number;
  view: number;
}

/** Where one is: in the list, and in the page that stands for it. */
export interface Place {
  top: number;
  scrolled: number;
}

/** How high the page is. */
export const paged = ({ height }: Tall): number => Math.min(height, TALLEST);

const most = (tall: Tall): number => Math.max(0, tall.height - tall.view);
const mostScrolled = (tall: Tall): number => Math.max(0, paged(tall) - tall.view);
const within = (value: number, max: number): number => Math.min(Math.max(0, value), max);

/** The place in the page that shows the list's so many pixels from the top. */
export const place = (tall: Tall, top: number): Place => {
  const there = within(top, most(tall));
  return { top: there, scrolled: tall.height <= TALLEST ? there : (there / most(tall)) * mostScrolled(tall) };
};

/** Where one is after the page was scrolled. */
export function moved(tall: Tall, from: Place, scrolled: number): Place {
  if (tall.height <= TALLEST) return { top: within(scrolled, most(tall)), scrolled };
  if (scrolled <= 0) return { top: 0, scrolled };
  if (scrolled >= mostScrolled(tall)) return { top: most(tall), scrolled };
  const by = scrolled - from.scrolled;
  const isSmall = Math.abs(by) <= 2 * tall.view;
  const top = isSmall ? from.top + by : (scrolled / mostScrolled(tall)) * most(tall);
  return { top: within(top, most(tall)), scrolled };
}

/** The rows in view, with some more at both ends: the first, and the one after the last. */
export function rowsInView(top: number, view: number, row: number, rows: number, more: number): [number, number] {
  const first = Math.floor(top / row) - more;
  const end = Math.ceil((top + view) / row) + more;
  return [within(first, rows), within(end, rows)];
}
