/** The one outbox of this page, for whoever is signed in. */

import { newId } from "../../api/ids";
import { IndexedShelf } from "./indexed";
import { httpLine, tabBell } from "./line";
import { MemoryShelf } from "./memory";
import { Outbox, waitingInAll } from "./outbox";

const opened = new Map<number, Promise<Outbox>>();

/** The person's outbox. What an earlier page left in it is sent at once. */
export function outboxOf(person: number): Promise<Outbox> {
  const known = opened.get(person) ?? open(person);
  opened.set(person, known);
  return known;
}

async function open(person: number): Promise<Outbox> {
  const shelf = await Promise.resolve()
    .then(() => IndexedShelf.open())
    .catch(() => new MemoryShelf());
  const tab = thisTab();
  const outbox = new Outbox(person, tab, shelf, httpLine, tabBell("penstock-outbox"));
  window.addEventListener("online", () => outbox.wake());
  window.addEventListener("focus", () => outbox.wake());
  window.addEventListener("pagehide", () => void shelf.letGo(tab));
  window.addEventListener("beforeunload", (event) => {
    const standing = outbox.standing.get();
    if (standing.keeps !== "all" && waitingInAll(standing) > 0) event.preventDefault();
  });
  return outbox;
}

const TAB = "penstock.tab";

/**
 * A name that a tab keeps when it is loaded anew, so that it need not wait for its own lease to end. A tab that was
 * duplicated has the same name; then both send, and the server knows the repeats.
 */
function thisTab(): string {
  try {
    const name = sessionStorage.getItem(TAB) ?? newId();
    sessionStorage.setItem(TAB, name);
    return name;
  } catch {
    return newId();
  }
}
