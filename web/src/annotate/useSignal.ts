import { useSyncExternalStore } from "react";
import type { Signal } from "../canvas/signal";

/** The value of a signal; the component is drawn anew when it changes. */
export function useSignal<T>(signal: Signal<T>): T {
  return useSyncExternalStore(signal.subscribe, signal.get);
}
