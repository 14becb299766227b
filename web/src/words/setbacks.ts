/** Words of what followers of the log could not take. */
import { some } from ".";

export const setbacks = {
  title: "Background work",
  followers: {
    "tasks.watching": "Tasks for new files",
    "datasets.replace": "Datasets with replaced files",
    "datasets.live": "Datasets that follow a query",
    "metrics.progress": "Counts of progress",
    "metrics.work": "Reports of work",
    "actions.trigger": "Starting actions",
    "actions.wake": "Actions that wait",
  } as Record<string, string>,
  stopped: (seq: number) => `stands still before revision ${seq}:`,
  stoppedDo: "It is tried again by itself and then catches up. If this stays, run penstock doctor on the server.",
  setAside: (events: number, seqs: readonly number[]) =>
    `went on without ${some(events, "event")} of ${seqs.length === 1 ? "revision" : "revisions"} ${seqs.slice(0, 3).join(", ")}${seqs.length > 3 ? " and others" : ""}:`,
  setAsideDo: "What should have followed from them is missing. Mend the cause, then replay them; or dismiss them.",
  replay: "Replay",
  dismiss: "Dismiss",
};
