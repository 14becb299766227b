import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { count, words } from "../../words";
import classes from "./Compare.module.css";

type Tally = Schemas["Tally"];

/** How much differs, and what did it. */
export function Summary({ diff }: { diff: Schemas["Diff"] }) {
  const causes = Object.entries(diff.by).filter(([, tally]) => Object.values(tally).some((n) => n > 0));
  return (
    <div className={classes["summary"]}>
      <Counted>
        <Line name={words.compare.files} tally={diff.files} />
        <Line
          name={words.compare.annotations}
          tally={diff.annotations}
          note={words.compare.on(diff.files_with_changed_annotations)}
        />
      </Counted>
      {causes.length > 0 && (
        <Counted name={words.compare.by}>
          {causes.map(([cause, tally]) => (
            <Line key={cause} name={words.compare.causes[cause] ?? cause} tally={tally} />
          ))}
        </Counted>
      )}
      {diff.schema_changes.length > 0 && (
        <div>
          <Text fw={600}>{words.compare.schema}</Text>
          {diff.schema_changes.map((line) => (
            <Text key={line} c="dimmed">
              {line}
            </Text>
          ))}
        </div>
      )}
    </div>
  );
}

function Counted({ name, children }: { name?: string; children: ReactNode }) {
  return (
    <table className={classes["tally"]}>
      <thead>
        <tr>
          <td className="muted">{name}</td>
          <th scope="col">{words.compare.added}</th>
          <th scope="col">{words.compare.changed}</th>
          <th scope="col">{words.compare.removed}</th>
          <td />
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

interface LineProps {
  name: string;
  tally: Tally;
  note?: string;
}

function Line({ name, tally, note }: LineProps) {
  const cell = (n: number | undefined) => <td data-none={!n || undefined}>{count(n ?? 0)}</td>;
  return (
    <tr>
      <th scope="row">{name}</th>
      {cell(tally.added)}
      {cell(tally.changed)}
      {cell(tally.removed)}
      <td className="muted">{note}</td>
    </tr>
  );
}
