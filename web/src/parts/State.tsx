import { CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleX, Clock, LoaderCircle } from "lucide-react";
import { words } from "../words";
import classes from "./State.module.css";

const LOOKS = {
  done: [CircleCheck, "ok"],
  delivered: [CircleCheck, "ok"],
  ready: [CircleCheck, "ok"],
  finished: [CircleCheck, "ok"],
  on: [CircleCheck, "ok"],
  failed: [CircleX, "fail"],
  asking: [CircleAlert, "warn"],
  paused: [CirclePause, "warn"],
  off: [CirclePause, "muted"],
  cancelled: [CircleX, "muted"],
  running: [LoaderCircle, "accent"],
  waiting: [Clock, "muted"],
} as const;

/** A state as an icon and a word: never by colour alone. */
export function State({ state, word }: { state: string; word?: string }) {
  const [Icon, tone] = LOOKS[state as keyof typeof LOOKS] ?? [CircleDashed, "muted"];
  return (
    <span className={classes["state"]} data-tone={tone}>
      <Icon size={14} aria-hidden />
      {word ?? words.runs.states[state] ?? state}
    </span>
  );
}
