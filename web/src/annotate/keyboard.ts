/** The page's keyboard: one registry for the annotator's screen. */

import { ACTIONS } from "./actions";
import { isModifier, isTyping, Keys, takesText, type Keep } from "./keys";

const nowhere: Keep = { getItem: () => null, setItem: () => undefined };

function keep(): Keep {
  try {
    return window.localStorage;
  } catch {
    return nowhere;
  }
}

export const keys = new Keys(ACTIONS, keep());

/** How a dialogue that a key opened comes: what is typed next is meant for it. */
export const AT_ONCE = { duration: 0 } as const;

const isInDialogue = (): boolean => document.querySelector('[role="dialog"][aria-modal="true"]') !== null;

/** Listen to the keyboard for as long as the screen is shown. Keys never act while somebody types or a dialogue is open. */
export function listenToKeys(): () => void {
  const ends = new AbortController();
  const { signal } = ends;
  const isBusy = (event: KeyboardEvent): boolean =>
    isModifier(event) || event.isComposing || isTyping(event.target, event) || isInDialogue();
  window.addEventListener(
    "keydown",
    (event) => {
      // Escape leads from a field back to the image.
      if (event.key === "Escape" && takesText(event.target) && !isInDialogue()) (event.target as HTMLElement).blur();
      else if (!isBusy(event) && keys.down(event)) event.preventDefault();
    },
    { signal },
  );
  window.addEventListener("keyup", (event) => keys.up(event), { signal });
  window.addEventListener("blur", () => keys.letGo(), { signal });
  return () => ends.abort();
}
