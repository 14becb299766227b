import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Keyboard } from "lucide-react";
import { memo, useEffect } from "react";
import { annotate as words } from "../words/annotate";
import { useCard } from "./cards";
import type { Desk } from "./desk";
import { keys } from "./keyboard";
import { NeedsYou } from "./NeedsYou";
import { SaveState } from "./SaveState";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

interface TopBarProps {
  desk: Desk;
  sheet: Sheet | null;
}

/** Where one is, how far, whether it is saved, and the ways to end the task. */
export const TopBar = memo(function TopBar({ desk, sheet }: TopBarProps) {
  const card = useCard(desk, sheet);
  const name = card?.name ?? "";
  useEffect(() => {
    document.title = sheet ? `${sheet.work.file.key} - ${name}` : name || words.work.title;
  }, [sheet, name]);
  return (
    <header className={classes["top"]}>
      <Tooltip label={words.desk.back}>
        <ActionIcon component={Link} to="/tasks" variant="subtle" color="gray" aria-label={words.desk.back}>
          <ArrowLeft size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <h1 className={classes["name"]} style={{ fontSize: 14, margin: 0 }}>
        <bdi>{name}</bdi>
      </h1>
      {card && <span className="muted">{words.desk.progress(card.done, card.left)}</span>}
      <span className={classes["file"]} title={sheet?.work.file.key}>
        <bdi>{sheet?.work.file.key}</bdi>
      </span>
      <SaveState outbox={desk.outbox} />
      <NeedsYou outbox={desk.outbox} saving={desk.saving} />
      <Tooltip label={`${words.desk.keys}  ?`}>
        <ActionIcon variant="subtle" color="gray" aria-label={words.desk.keys} onClick={() => keys.run("keys")}>
          <Keyboard size={18} aria-hidden />
        </ActionIcon>
      </Tooltip>
      {sheet && <Ends desk={desk} sheet={sheet} />}
    </header>
  );
});

function Ends({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const disabled = useSignal(desk.state).at !== "open";
  const { suggestions } = useSignal(sheet.document.state);
  const lost = useSignal(sheet.lost) !== null;
  const review = sheet.work.attempt.role === "review";
  const n = suggestions.size;
  const mode = sheet.settings.prelabels?.mode ?? "suggest";
  const tail =
    n === 0 ? "" : `, ${{ suggest: words.desk.drops, draft: words.desk.takes, resolve: words.desk.answers }[mode](n)}`;
  const finish = review
    ? sheet.document.history.canUndo
      ? words.desk.acceptFixed
      : words.desk.accept
    : words.desk.finish;
  const off = disabled || lost;
  return (
    <>
      {review ? (
        <Button variant="default" disabled={off} onClick={() => keys.run("return")}>
          {words.desk.return}
        </Button>
      ) : null}
      <Button variant="default" disabled={off} onClick={() => keys.run("skip")}>
        {review ? words.desk.release : words.desk.skip}
      </Button>
      <Tooltip label={`${finish}${tail}  ${keys.shown("finish")}`}>
        <Button disabled={off} onClick={() => keys.run("finish")} style={{ flex: "none" }}>
          {finish}
          {tail}
        </Button>
      </Tooltip>
    </>
  );
}
