import { Button } from "@mantine/core";
import { useState } from "react";
import { Fault } from "../parts/Fault";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

/** What has to be known and is in nobody's way: a lost hold, somebody's late work, a changed guide, a full browser. */
export function Notices({ desk, sheet }: { desk: Desk; sheet: Sheet | null }) {
  const { keeps } = useSignal(desk.outbox.standing);
  const moved = useSignal(desk.moved);
  return (
    <div aria-live="polite">
      {keeps === "nothing" && <Note>{words.desk.keepsNothing}</Note>}
      {keeps === "full" && <Note>{words.desk.keepsFull}</Note>}
      {moved && <Note>{words.desk.moved}</Note>}
      {sheet && <Lost desk={desk} sheet={sheet} />}
      {sheet && <Late key={sheet.work.attempt.id} desk={desk} sheet={sheet} />}
    </div>
  );
}

function Note({ children, action }: { children: React.ReactNode; action?: React.ReactNode }) {
  return (
    <div className={classes["note"]}>
      <div>{children}</div>
      {action}
    </div>
  );
}

function Lost({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const lost = useSignal(sheet.lost);
  if (lost === null) return null;
  return (
    <Note
      action={
        <Button size="compact-sm" onClick={() => void desk.next()}>
          {words.lost.next}
        </Button>
      }
    >
      {lost.cancelled === null ? (
        <>
          <strong>{lost.holder === 0 ? words.lost.free : words.lost.title}.</strong> {words.lost.why}
        </>
      ) : (
        <>
          <strong>{words.lost.cancelled}</strong>: <bdi>{lost.cancelled}</bdi>. {words.lost.cancelledWhy}
        </>
      )}
    </Note>
  );
}

function Late({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const [taken, setTaken] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const late = sheet.work.late_work;
  const n = late.reduce((sum, one) => sum + one.changes, 0);
  if (n === 0 || taken) return null;
  return (
    <Note
      action={
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => void desk.takeOver(sheet).then(() => setTaken(true), setFailed)}
        >
          {words.late.take}
        </Button>
      }
    >
      {words.late.title(n)}
      <Fault error={failed} />
    </Note>
  );
}
