import { Button, Slider } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { Check, CircleAlert, Eye, EyeOff, Group, Lock, LockOpen, X } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import type { Annotation } from "../canvas/changes";
import type { Engine } from "../canvas/engine";
import { bounds } from "../canvas/shapes";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import { Swatch } from "./Labels";
import { missing } from "./questions";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

interface ShapesProps {
  desk: Desk;
  sheet: Sheet;
  engine: Engine | null;
}

/** Suggestions above the slider, the surest first. */
export const above = (sheet: Sheet, least: number): Annotation[] =>
  sheet.suggestions
    .filter((one) => (one.confidence ?? 1) >= least)
    .sort((a, b) => (b.confidence ?? 1) - (a.confidence ?? 1));

/** Everything on the image: suggestions first, then what is drawn, the newest first. */
export const Shapes = memo(function Shapes({ desk, sheet, engine }: ShapesProps) {
  const { annotations } = useSignal(sheet.document.state);
  const { above: least } = useSignal(desk.prefs);
  const selection = useSignal(sheet.scene.selection);
  const suggested = above(sheet, least);
  const drawn = [...annotations.values()].filter((one) => one.label !== null).reverse();
  const rows = [...suggested, ...drawn];
  const list = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    estimateSize: () => 32,
    overscan: 8,
  });
  const [first] = selection;
  const at = rows.findIndex((one) => one.id === first);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);
  return (
    <>
      {sheet.suggestions.length > 0 && <Suggestions desk={desk} sheet={sheet} shown={suggested} least={least} />}
      <div ref={list} className={classes["list"]} role="group" aria-label={words.shapes.title}>
        {rows.length === 0 && <p className={`${classes["heading"] ?? ""} muted`}>{words.shapes.none}</p>}
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const of = rows[item.index]!;
            return (
              <div
                key={of.id}
                style={{ position: "absolute", insetInline: 0, top: 0, transform: `translateY(${item.start}px)` }}
              >
                <Row of={of} sheet={sheet} engine={engine} selected={selection.has(of.id)} />
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
});

interface SuggestionsProps {
  desk: Desk;
  sheet: Sheet;
  shown: readonly Annotation[];
  least: number;
}

function Suggestions({ desk, sheet, shown, least }: SuggestionsProps) {
  return (
    <div className={classes["heading"]} style={{ flexWrap: "wrap" }}>
      <span>{words.shapes.suggestions}</span>
      <span>
        {words.shapes.above} {Math.round(least * 100)} %
      </span>
      <Slider
        style={{ flexBasis: "55%" }}
        size="sm"
        min={0}
        max={1}
        step={0.01}
        value={least}
        label={null}
        thumbLabel={words.shapes.above}
        onChange={(value) => desk.set({ above: value })}
      />
      <Button size="compact-xs" variant="default" disabled={shown.length === 0} onClick={() => sheet.accept(shown)}>
        {words.shapes.acceptAbove(shown.length)}
      </Button>
    </div>
  );
}

interface RowProps {
  of: Annotation;
  sheet: Sheet;
  engine: Engine | null;
  selected: boolean;
}

function Row({ of, sheet, engine, selected }: RowProps) {
  const differences = useSignal(sheet.scene.differences);
  const refused = useSignal(sheet.scene.refused).get(of.id);
  const style = sheet.style(of);
  const suggested = sheet.document.isSuggestion(of.id);
  const was = differences.get(of.id);
  const open = missing(sheet.schema, sheet.settings, of.label, of.attributes).length > 0;
  return (
    <div className={classes["row"]} data-selected={selected || undefined} style={{ paddingRight: 0 }}>
      <button
        type="button"
        className={classes["row"]}
        style={{ padding: 0, background: "none", minWidth: 0 }}
        aria-pressed={selected}
        onClick={(event) => {
          pick(sheet, of, event.shiftKey || event.ctrlKey || event.metaKey);
          engine?.reveal(of);
        }}
        onDoubleClick={() => engine?.fit(bounds(of.kind, of.geometry))}
      >
        <Swatch colour={style.colour} suggested={suggested} />
        <span className={classes["text"]}>
          <bdi>{style.name}</bdi> <span className="muted">{words.tools[of.kind]}</span>
          {refused !== undefined && (
            <span className="warn" title={refused}>
              {" "}
              · {words.shapes.unsaved}
            </span>
          )}
          {was && <span className="muted"> · {words.shapes.was[was]}</span>}
        </span>
        {of.group !== null && <Group size={14} aria-label={words.shapes.grouped} className="muted" />}
        {open && !suggested && <CircleAlert size={14} aria-label={words.shapes.missing} className="warn" />}
        {suggested && of.confidence !== null && (
          <span className={classes["count"]}>{Math.round(of.confidence * 100)} %</span>
        )}
      </button>
      {suggested ? <Answer of={of} sheet={sheet} /> : <Sight of={of} sheet={sheet} />}
    </div>
  );
}

function Answer({ of, sheet }: { of: Annotation; sheet: Sheet }) {
  return (
    <>
      <button
        type="button"
        className={classes["quiet"]}
        aria-label={words.shapes.accept}
        onClick={() => sheet.accept([of])}
      >
        <Check size={16} aria-hidden />
      </button>
      <button
        type="button"
        className={classes["quiet"]}
        aria-label={words.shapes.reject}
        onClick={() => sheet.reject([of])}
      >
        <X size={16} aria-hidden />
      </button>
    </>
  );
}

function Sight({ of, sheet }: { of: Annotation; sheet: Sheet }) {
  const hidden = useSignal(sheet.scene.hidden).has(of.id);
  const locked = useSignal(sheet.scene.locked).has(of.id);
  return (
    <>
      <button
        type="button"
        className={classes["quiet"]}
        aria-pressed={locked}
        aria-label={locked ? words.shapes.unlock : words.shapes.lock}
        style={{ opacity: locked ? 1 : 0.5 }}
        onClick={() => sheet.scene.locked.update((all) => toggled(all, of.id))}
      >
        {locked ? <Lock size={14} aria-hidden /> : <LockOpen size={14} aria-hidden />}
      </button>
      <button
        type="button"
        className={classes["quiet"]}
        aria-pressed={hidden}
        aria-label={hidden ? words.shapes.show : words.shapes.hide}
        onClick={() => sheet.scene.hidden.update((all) => toggled(all, of.id))}
      >
        {hidden ? <EyeOff size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
      </button>
    </>
  );
}

export function toggled(all: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const made = new Set(all);
  if (!made.delete(id)) made.add(id);
  return made;
}

function pick(sheet: Sheet, of: Annotation, add: boolean): void {
  if (add) sheet.scene.selection.update((all) => toggled(all, of.id));
  else sheet.scene.select(of.id);
}
