import { Check, CloudOff, LoaderCircle, TriangleAlert } from "lucide-react";
import { annotate as words } from "../words/annotate";
import { waitingInAll, type Outbox } from "./outbox/outbox";
import classes from "./Screen.module.css";
import { useSignal } from "./useSignal";

/** Whether the server has everything. It never says so before the server did. */
export function SaveState({ outbox }: { outbox: Outbox }) {
  const standing = useSignal(outbox.standing);
  const waiting = waitingInAll(standing);
  const unsaved = standing.refused.filter((entry) => entry.call === "save").length;
  const kept = standing.keeps === "all";
  const state =
    standing.reach === "signed-out" && waiting > 0
      ? "signed-out"
      : standing.reach === "away" && waiting > 0
        ? "away"
        : waiting > 0
          ? "saving"
          : unsaved > 0
            ? "unsaved"
            : "saved";
  const text = {
    saved: words.desk.saved,
    unsaved: words.desk.unsaved(unsaved),
    saving: words.desk.saving(waiting),
    away: kept ? words.desk.offline(waiting) : words.desk.offlineUnkept(waiting),
    "signed-out": words.desk.signedOut(waiting),
  }[state];
  const Icon = { saved: Check, saving: LoaderCircle, unsaved: TriangleAlert, away: CloudOff, "signed-out": CloudOff }[
    state
  ];
  return (
    <span
      className={`${classes["state"] ?? ""} ${state === "saved" ? "muted" : state === "saving" ? "" : "warn"}`}
      role="status"
      data-testid="save-state"
    >
      <Icon size={14} aria-hidden />
      {text}
      {state === "signed-out" && (
        <a href="/sign-in" target="_blank" rel="noreferrer">
          {words.desk.signIn}
        </a>
      )}
    </span>
  );
}
