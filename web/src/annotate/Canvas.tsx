import { type RefObject, useEffect, useRef } from "react";
import { Engine } from "../canvas/engine";
import {
  BoxTool,
  BrushTool,
  EllipseTool,
  KeypointsTool,
  PointTool,
  PolygonTool,
  PolylineTool,
  RotatedBoxTool,
  type DrawingTool,
} from "../canvas/tools/drawing";
import { visible } from "../canvas/view";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import type { ToolName } from "./tools";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

/** How long a view must rest before more is fetched for it. */
const RESTED_MS = 80;

interface CanvasProps {
  desk: Desk;
  engine: Engine | null;
  onEngine: (engine: Engine | null) => void;
}

/** The image and what is drawn on it: the engine's place in the page. */
export function Canvas({ desk, engine, onEngine }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const made = new Engine(host.current!, {
      drawn: (drawn) => {
        const label = desk.label.get();
        if (label !== null) desk.sheet.get()?.draw(drawn, label);
      },
      stroke: (points, radius, erase) => {
        const label = desk.label.get();
        if (label !== null) desk.sheet.get()?.stroke(points, radius, erase, label);
      },
      change: (title, changes) => desk.sheet.get()?.run(title, changes),
    });
    onEngine(made);
    return () => {
      onEngine(null);
      made.close();
    };
  }, [desk, onEngine]);
  useFeeding(desk, engine, host);
  return <div ref={host} className={classes["canvas"]} role="img" aria-label={words.desk.image} data-testid="canvas" />;
}

/** Keep the engine showing what the desk says. */
function useFeeding(desk: Desk, engine: Engine | null, host: RefObject<HTMLElement | null>): void {
  const sheet = useSignal(desk.sheet);
  const picture = useSignal(desk.picture);
  const tool = useSignal(desk.tool);
  const label = useSignal(desk.label);
  const prefs = useSignal(desk.prefs);
  // Past React: the next image doesn't wait for the panels around it.
  useEffect(() => (engine ? fed(desk, engine, host.current!) : undefined), [desk, engine, host]);
  useEffect(() => {
    if (!engine || !sheet) return;
    engine.use(made(tool, sheet, label), sheet.style({ label }));
  }, [engine, sheet, tool, label]);
  useEffect(() => {
    if (!engine) return;
    const { brightness, contrast, gamma } = prefs;
    const plain = brightness === 1 && contrast === 1 && gamma === 1;
    engine.filter(plain ? "" : `brightness(${brightness}) contrast(${contrast})${gamma === 1 ? "" : " url(#gamma)"}`);
    engine.crosshair.set(prefs.crosshair);
    engine.radius.set(prefs.radius);
  }, [engine, prefs]);
  useEffect(() => {
    if (!engine || !picture || picture.full || !sheet) return undefined;
    const look = (): void => {
      const enough = picture.bitmap.width / sheet.image.width;
      const view = engine.view.get();
      if (view.scale * window.devicePixelRatio > enough * 1.5) void desk.sharpen(visible(view, engine.size));
      else desk.blur();
    };
    let rest: ReturnType<typeof setTimeout> | undefined;
    const stop = engine.view.subscribe(() => {
      clearTimeout(rest);
      rest = setTimeout(look, RESTED_MS);
    });
    return () => {
      clearTimeout(rest);
      stop();
    };
  }, [engine, picture, sheet, desk]);
}

function fed(desk: Desk, engine: Engine, host: HTMLElement): () => void {
  const show = (): void => engine.show(desk.stage.get()?.scene ?? null);
  const paint = (): void => engine.paint(desk.picture.get()?.bitmap ?? null);
  const detail = (): void => {
    engine.detail(desk.pieces.get());
    host.dataset["pieces"] = String(desk.pieces.get().length);
  };
  /** For whoever automates the page. */
  const mark = (): void => {
    const task = desk.picture.get() && desk.stage.get()?.work.task.id;
    if (task) host.dataset["shows"] = String(task);
    else delete host.dataset["shows"];
  };
  for (const feed of [show, paint, mark]) feed();
  const stops = [show, mark].map((feed) => desk.stage.subscribe(feed));
  stops.push(desk.pieces.subscribe(detail));
  stops.push(...[paint, mark].map((feed) => desk.picture.subscribe(feed)));
  return () => stops.forEach((stop) => stop());
}

function made(tool: ToolName, sheet: Sheet, label: number | null): DrawingTool | null {
  const { image } = sheet;
  switch (tool) {
    case "select":
      return null;
    case "box":
      return new BoxTool(image);
    case "rotated_box":
      return new RotatedBoxTool(image);
    case "ellipse":
      return new EllipseTool(image);
    case "polygon":
      return new PolygonTool(image);
    case "polyline":
      return new PolylineTool(image);
    case "point":
      return new PointTool(image);
    case "keypoints":
      return new KeypointsTool(image, sheet.label(label)?.skeleton?.points ?? []);
    case "brush":
    case "eraser":
      return new BrushTool(image, tool === "eraser");
  }
}
