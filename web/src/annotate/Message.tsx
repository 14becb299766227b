import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Fault } from "../parts/Fault";
import { annotate as words } from "../words/annotate";
import type { Desk, State } from "./desk";
import classes from "./Screen.module.css";

/** What there is in place of an image: the end of the work, a task in other hands, or what went wrong. */
export function Message({ desk, state }: { desk: Desk; state: State }) {
  return (
    <div className={classes["message"]} role="status">
      <Stack maw={460} gap="md">
        {state.at === "none" && <Done desk={desk} done={state.done} seconds={state.seconds} />}
        {state.at === "elsewhere" && <Elsewhere desk={desk} task={state.task} />}
        {state.at === "broken" && <Fault error={state.error} again={() => void desk.again()} />}
      </Stack>
    </div>
  );
}

function Back() {
  return (
    <Button variant="default" component={Link} to="/tasks">
      {words.end.back}
    </Button>
  );
}

function Done({ desk, done, seconds }: { desk: Desk; done: number; seconds: number }) {
  return (
    <>
      <Title order={2}>{done ? words.end.title : words.work.empty}</Title>
      <Text>{done ? words.end.summary(done, Math.round(seconds / 60)) : words.end.nothing}</Text>
      <Group>
        <Button onClick={() => void desk.next()}>{words.end.look}</Button>
        <Back />
      </Group>
    </>
  );
}

function Elsewhere({ desk, task }: { desk: Desk; task: (State & { at: "elsewhere" })["task"] }) {
  const [failed, setFailed] = useState<unknown>(null);
  const mine = task.author === desk.me && (task.status === "done" || task.status === "in_review");
  const [title, why] = mine
    ? [words.elsewhere.done, words.elsewhere.doneWhy]
    : task.holder == null
      ? [words.elsewhere.open, words.elsewhere.openWhy]
      : [words.elsewhere.held, words.elsewhere.heldWhy];
  return (
    <>
      <Title order={2}>{title}</Title>
      <Text>{why}</Text>
      <Group>
        {mine && <Button onClick={() => void desk.reopen(task.id).catch(setFailed)}>{words.elsewhere.reopen}</Button>}
        <Button variant={mine ? "default" : "filled"} onClick={() => void desk.next()}>
          {words.elsewhere.next}
        </Button>
        <Back />
      </Group>
      <Fault error={failed} />
    </>
  );
}
