import { Modal, TextInput } from "@mantine/core";
import { memo, useState } from "react";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import { AT_ONCE, keys } from "./keyboard";
import { kindsOf, type Label } from "./questions";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

/** The labels that may be drawn: key, swatch, name, how many there are. */
export const Labels = memo(function Labels({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const chosen = useSignal(desk.label);
  const { annotations } = useSignal(sheet.document.state);
  useSignal(keys.bound);
  const counts = new Map<number, number>();
  for (const { label } of annotations.values()) if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  const labels = desk.labels(sheet);
  const drawable = labels.filter((label) => kindsOf([label]).length > 0);
  return (
    <section className={classes["section"]} aria-label={words.labels.title}>
      <h2>{words.labels.title}</h2>
      <div className={classes["labels"]}>
        {drawable.length === 0 && <p className="muted">{words.labels.none}</p>}
        {drawable.map((label, at) => (
          <button
            key={label.id}
            type="button"
            className={classes["row"]}
            aria-pressed={label.id === chosen}
            onClick={() => desk.pickLabel(label)}
          >
            <span className={classes["key"]}>{at < 10 ? keys.shown(`label.${at}`) : ""}</span>
            <Swatch colour={label.color ?? "#ffffff"} />
            <span className={classes["text"]} title={label.name}>
              <bdi>{label.name}</bdi>
            </span>
            <span className={classes["count"]}>{counts.get(label.id) ?? ""}</span>
          </button>
        ))}
      </div>
      <Tags desk={desk} sheet={sheet} />
    </section>
  );
});

export function Swatch({ colour, suggested = false }: { colour: string; suggested?: boolean }) {
  return (
    <span
      className={classes["swatch"]}
      data-suggested={suggested || undefined}
      style={{ background: suggested ? "transparent" : colour, borderColor: suggested ? colour : undefined }}
    />
  );
}

/** Labels that speak of the whole image. */
function Tags({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  const labels = desk.labels(sheet).filter((label) => label.kinds?.includes("tag"));
  const { annotations } = useSignal(sheet.document.state);
  if (labels.length === 0) return null;
  const on = new Set([...annotations.values()].filter((one) => one.kind === "tag").map((one) => one.label));
  return (
    <>
      <h2 className={classes["heading"]}>{words.tags.title}</h2>
      <div className={classes["labels"]} data-tags>
        {labels.map((label) => (
          <button
            key={label.id}
            type="button"
            className={classes["row"]}
            aria-pressed={on.has(label.id)}
            onClick={() => sheet.tag(label)}
          >
            <Swatch colour={label.color ?? "#ffffff"} />
            <span className={classes["text"]}>
              <bdi>{label.name}</bdi>
            </span>
          </button>
        ))}
      </div>
    </>
  );
}

/** How well a name matches what was typed: letters in order, the earlier and closer the better; null when not. */
export function fuzzy(name: string, typed: string): number | null {
  const text = name.toLowerCase();
  let at = -1;
  let cost = 0;
  for (const letter of typed.toLowerCase()) {
    const found = text.indexOf(letter, at + 1);
    if (found < 0) return null;
    cost += found - at - 1;
    at = found;
  }
  return cost + text.length / 1000;
}

interface PaletteProps {
  labels: readonly Label[];
  pick: (label: Label) => void;
  close: () => void;
}

/** Find one of many labels by typing a part of it. */
export function Palette({ labels, pick, close }: PaletteProps) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = labels
    .map((label) => ({ label, cost: fuzzy(label.name, typed) }))
    .filter((one) => one.cost !== null)
    .sort((a, b) => a.cost! - b.cost!)
    .slice(0, 12);
  const take = (label: Label | undefined): void => {
    close();
    if (label) pick(label);
  };
  const step = (by: number): void => setAt((old) => Math.min(Math.max(0, old + by), Math.max(0, found.length - 1)));
  return (
    <Modal
      opened
      onClose={close}
      transitionProps={AT_ONCE}
      withCloseButton={false}
      size="sm"
      padding="xs"
      aria-label={words.labels.find}
    >
      <TextInput
        data-autofocus
        placeholder={words.labels.find}
        aria-label={words.labels.find}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") step(1);
          else if (event.key === "ArrowUp") step(-1);
          else if (event.key === "Enter") take(found[at]?.label);
          else return;
          event.preventDefault();
        }}
      />
      <div role="listbox" aria-label={words.labels.title}>
        {found.length === 0 && <p className="muted">{words.labels.nothing}</p>}
        {found.map(({ label }, i) => (
          <button
            key={label.id}
            type="button"
            role="option"
            aria-selected={i === at}
            className={classes["row"]}
            onClick={() => take(label)}
          >
            <Swatch colour={label.color ?? "#ffffff"} />
            <span className={classes["text"]}>
              <bdi>{label.name}</bdi>
            </span>
          </button>
        ))}
      </div>
    </Modal>
  );
}
