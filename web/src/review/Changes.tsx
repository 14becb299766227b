import { Switch } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { showDifferences } from "../annotate/doing";
import { Swatch } from "../annotate/Labels";
import classes from "../annotate/Screen.module.css";
import type { Changed, Sheet } from "../annotate/sheet";
import { useSignal } from "../annotate/useSignal";
import type { Engine } from "../canvas/engine";
import { bounds } from "../canvas/shapes";
import { annotate as words } from "../words/annotate";
import { labelOf, said } from "./said";

const ORDER = { removed: 0, changed: 1, added: 2 };

/**
 * What changed since the stage before: counted, overlaid on the image while switched on, and listed from what to what. A
 * click leads to its place, also to that of what isn't there any more.
 */
export function Changes({ sheet, engine }: { sheet: Sheet; engine: Engine | null }) {
  useSignal(sheet.document.state);
  const shown = useSignal(sheet.scene.differences);
  const gone = useSignal(sheet.scene.removed);
  const all = sheet.differences().sort((a, b) => ORDER[a.what] - ORDER[b.what]);
  const of = (what: Changed["what"]): number => all.filter((one) => one.what === what).length;
  return (
    <>
      <div className={classes["heading"]} style={{ flexWrap: "wrap" }}>
        <span>
          {words.review.since}: {words.review.changes(of("added"), of("changed"), of("removed"))}
        </span>
        <Switch
          size="xs"
          label={words.review.show}
          checked={shown.size > 0 || gone.length > 0}
          disabled={all.length === 0}
          onChange={(event) => showDifferences(sheet, event.currentTarget.checked)}
        />
      </div>
      <List all={all} sheet={sheet} engine={engine} />
    </>
  );
}

function List({ all, sheet, engine }: { all: readonly Changed[]; sheet: Sheet; engine: Engine | null }) {
  const selection = useSignal(sheet.scene.selection);
  const list = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: all.length,
    getScrollElement: () => list.current,
    estimateSize: () => 44,
    overscan: 8,
  });
  return (
    <div ref={list} className={classes["list"]} role="group" aria-label={words.review.title}>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const one = all[item.index]!;
          return (
            <button
              key={one.id}
              type="button"
              className={`${classes["row"] ?? ""} ${classes["change"] ?? ""}`}
              style={{ position: "absolute", top: 0, transform: `translateY(${item.start}px)` }}
              aria-pressed={selection.has(one.id)}
              onClick={() => goTo(one, sheet, engine)}
            >
              <Line one={one} sheet={sheet} />
            </button>
          );
        })}
      </div>
    </div>
  );
}

function Line({ one, sheet }: { one: Changed; sheet: Sheet }) {
  const of = one.after ?? one.before;
  const what = one.what === "changed" ? said(one.before, one.after, sheet.schema).join(", ") : words.tools[of.kind];
  return (
    <>
      <Swatch colour={sheet.style(of).colour} />
      <span className={classes["text"]}>
        <bdi style={one.what === "removed" ? { textDecoration: "line-through" } : undefined}>
          {labelOf(sheet.schema, of)}
        </bdi>{" "}
        <span className="muted">{words.shapes.was[one.what]}</span>
        <br />
        <bdi className="muted" title={what}>
          {what}
        </bdi>
      </span>
    </>
  );
}

function goTo(one: Changed, sheet: Sheet, engine: Engine | null): void {
  const of = one.after ?? one.before;
  sheet.scene.select(...(one.after ? [one.id] : []));
  if (!one.after) showDifferences(sheet, true);
  if (of.kind === "tag") return;
  if (one.after) engine?.reveal(of);
  else engine?.fit(bounds(of.kind, of.geometry));
}
