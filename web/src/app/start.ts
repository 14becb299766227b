/** Where somebody lands: annotators on their work, others on their last page or the pipeline. */
import { type Me, sees } from "../api/session";

const LAST = "penstock.last";

/** Remember the page of a project that somebody looks at. */
export function rememberPage(href: string): void {
  if (!href.startsWith("/p/")) return;
  try {
    localStorage.setItem(LAST, href);
  } catch {
    // a browser that keeps nothing: they land on the pipeline
  }
}

export function startPage(me: Me): string {
  const first = me.projects.find((place) => sees(place.role));
  if (first === undefined) return me.projects.length > 0 ? "/tasks" : "/start";
  const last = remembered();
  const project = last === null ? null : Number(/^\/p\/(\d+)\//.exec(last)?.[1]);
  if (last !== null && me.projects.some((place) => place.id === project && sees(place.role))) return last;
  return `/p/${first.id}/pipeline`;
}

/** The project that somebody looked at last, for pages that are of none. */
export function lastProject(me: Me): number | undefined {
  const found = /^\/p\/(\d+)\//.exec(startPage(me))?.[1];
  return found === undefined ? undefined : Number(found);
}

function remembered(): string | null {
  try {
    return localStorage.getItem(LAST);
  } catch {
    return null;
  }
}
