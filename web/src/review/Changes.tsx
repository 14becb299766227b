import { Switch } from "@mantine/core";
import { showDifferences } from "../annotate/doing";
import classes from "../annotate/Screen.module.css";
import type { Sheet } from "../annotate/sheet";
import { useSignal } from "../annotate/useSignal";
import { annotate as words } from "../words/annotate";

/** What changed since the stage before: counted here, overlaid on the image and marked in the list while switched on. */
export function Changes({ sheet }: { sheet: Sheet }) {
  useSignal(sheet.document.state);
  const shown = useSignal(sheet.scene.differences);
  const gone = useSignal(sheet.scene.removed);
  const { by, removed } = sheet.differences();
  const of = (kind: string): number => [...by.values()].filter((one) => one === kind).length;
  return (
    <div className={classes["heading"]} style={{ flexWrap: "wrap" }}>
      <span>
        {words.review.since}: {words.review.changes(of("added"), of("changed"), removed.length)}
      </span>
      <Switch
        size="xs"
        label={words.review.show}
        checked={shown.size > 0 || gone.length > 0}
        disabled={by.size === 0 && removed.length === 0}
        onChange={(event) => showDifferences(sheet, event.currentTarget.checked)}
      />
    </div>
  );
}
