/** What each key of the screen does. */

import { notifications } from "@mantine/notifications";
import type { Annotation } from "../canvas/changes";
import type { Engine } from "../canvas/engine";
import { Unreached } from "../api/problem";
import { annotate as words } from "../words/annotate";
import type { Desk } from "./desk";
import type { ToolName } from "./tools";
import type { Handler } from "./keys";
import { kindsOf } from "./questions";
import { focusQuestions } from "./Questions";
import { above, toggled } from "./Shapes";
import type { Sheet } from "./sheet";

export type Dialogue = "keys" | "skip" | "return" | "palette" | null;
export type Tab = "shapes" | "changes" | "guide" | "comments";

export interface Shell {
  desk: Desk;
  engine: Engine;
  sheet: Sheet;
  open: (dialogue: Dialogue) => void;
  tab: (tab: Tab) => void;
  imageSettings: () => void;
}

const clipboard: { copies: Annotation[]; file: number } = { copies: [], file: 0 };

const tell = (message: string): void => {
  notifications.show({ message, autoClose: 2500, withBorder: true });
};

export function handlers(shell: Shell): Record<string, Handler> {
  return {
    ...tools(shell),
    ...shapes(shell),
    ...editing(shell),
    ...suggestions(shell),
    ...viewing(shell),
    ...ending(shell),
  };
}

function tools({ desk, sheet, open }: Shell): Record<string, Handler> {
  const labels = desk.labels(sheet).filter((label) => kindsOf([label]).length > 0);
  const made: Record<string, Handler> = {};
  for (const tool of desk.tools(sheet)) made[`tool.${tool}`] = () => desk.pickTool(tool as ToolName);
  labels.slice(0, 10).forEach((label, at) => {
    made[`label.${at}`] = () => desk.pickLabel(label);
  });
  const size = (by: number): void => desk.set({ radius: Math.min(200, Math.max(0.5, desk.prefs.get().radius * by)) });
  return {
    ...made,
    palette: () => open("palette"),
    repeat: () => desk.repeat(),
    smaller: () => size(0.8),
    larger: () => size(1.25),
    tags: () => document.querySelector<HTMLElement>("[data-tags] button")?.focus(),
  };
}

function shapes({ desk, engine, sheet }: Shell): Record<string, Handler> {
  const { scene } = sheet;
  const step = (by: number): void => {
    const order = [...above(sheet, desk.prefs.get().above), ...sheet.annotations.filter((one) => one.kind !== "tag")];
    if (order.length === 0) return;
    const at = order.findIndex((one) => scene.selection.get().has(one.id));
    const next = order[at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length]!;
    scene.select(next.id);
    engine.reveal(next);
  };
  const nudges: [string, number, number][] = [
    ["Left", -1, 0],
    ["Right", 1, 0],
    ["Up", 0, -1],
    ["Down", 0, 1],
  ];
  const made: Record<string, Handler> = {};
  for (const [name, x, y] of nudges) {
    for (const [id, by] of [
      ["nudge", 1],
      ["nudge10", 10],
    ] as const) {
      made[`${id}.${name}`] = () => {
        const fine = by === 1 ? 4 : 40;
        if (scene.selection.get().size && !engine.isBusy) sheet.nudge(x * by, y * by);
        else if (engine.draws) engine.step(x * fine, y * fine);
        else engine.pan(-x * by * 20, -y * by * 20);
      };
    }
  }
  return {
    ...made,
    press: () => engine.press(false),
    "press-shift": () => engine.press(true),
    "next-shape": () => step(1),
    "previous-shape": () => step(-1),
    "finish-shape": () => {
      if (!engine.finish()) focusQuestions();
    },
    cancel: () => {
      const { activeElement } = document;
      if (activeElement instanceof HTMLElement && activeElement !== document.body) activeElement.blur();
      if (engine.cancel()) return;
      if (scene.selection.get().size) scene.select();
      else desk.tool.set("select");
    },
  };
}

function editing({ desk, engine, sheet }: Shell): Record<string, Handler> {
  const copies = (): Annotation[] => sheet.scene.selected.filter((one) => one.kind !== "tag");
  return {
    delete: () => {
      if (engine.back()) return;
      const suggested = sheet.scene.selected.filter((one) => sheet.document.isSuggestion(one.id));
      if (suggested.length) sheet.reject(suggested);
      else sheet.delete();
    },
    undo: () => {
      if (engine.isBusy && engine.back()) return;
      const title = sheet.document.undo();
      if (title) tell(words.desk.undone(title));
    },
    redo: () => {
      const title = sheet.document.redo();
      if (title) tell(words.desk.redone(title));
    },
    copy: () => {
      if (window.getSelection()?.toString()) return false;
      clipboard.copies = copies();
      clipboard.file = sheet.work.file.id;
      return undefined;
    },
    paste: () => sheet.paste(clipboard.copies, clipboard.file === sheet.work.file.id),
    duplicate: () => sheet.paste(copies(), true),
    group: () => sheet.group(),
    all: () => sheet.scene.select(...sheet.scene.shown.filter((one) => !one.suggested).map((one) => one.annotation.id)),
    back: () => sheet.stack(false),
    front: () => sheet.stack(true),
    "previous-image": () => {
      if (desk.copyPrevious() === 0) tell(words.desk.nothingBefore);
    },
    lock: () => {
      for (const id of sheet.scene.selection.get()) sheet.scene.locked.update((all) => toggled(all, id));
    },
  };
}

function suggestions({ desk, engine, sheet }: Shell): Record<string, Handler> {
  const chosen = (): Annotation[] => sheet.scene.selected.filter((one) => sheet.document.isSuggestion(one.id));
  /** The next one, when none is chosen: then the key shows what it would answer, and answers it when pressed again. */
  const orNext = (answer: (of: Annotation[]) => void): void => {
    const of = chosen();
    if (of.length) answer(of);
    const [next] = above(sheet, desk.prefs.get().above).filter((one) => !of.some((done) => done.id === one.id));
    if (next) {
      sheet.scene.select(next.id);
      engine.reveal(next);
    }
  };
  return {
    accept: () => orNext((of) => sheet.accept(of)),
    reject: () => orNext((of) => sheet.reject(of)),
    "accept-all": () => sheet.accept(above(sheet, desk.prefs.get().above)),
  };
}

function viewing({ desk, engine, sheet, imageSettings }: Shell): Record<string, Handler> {
  const { scene } = sheet;
  return {
    hide: () => {
      for (const id of scene.selection.get()) scene.hidden.update((all) => toggled(all, id));
    },
    "hide-others": () => {
      if (scene.hidden.get().size) scene.hidden.set(new Set());
      else {
        const all = [...sheet.annotations, ...sheet.suggestions].map((one) => one.id);
        scene.hidden.set(new Set(all.filter((id) => !scene.selection.get().has(id))));
      }
    },
    bare: (end) => engine.bare.set(!end),
    pan: (end) => engine.hold(!end),
    "zoom-in": () => engine.zoom(1.25),
    "zoom-out": () => engine.zoom(0.8),
    fit: () => engine.fit(),
    image: imageSettings,
    crosshair: () => desk.set({ crosshair: !desk.prefs.get().crosshair }),
    differences: () => showDifferences(sheet, scene.differences.get().size === 0 && scene.removed.get().length === 0),
  };
}

/** Overlay what changed since the stage before, or stop. */
export function showDifferences(sheet: Sheet, show: boolean): void {
  const all = show ? sheet.differences() : [];
  sheet.scene.differences.set(new Map(all.flatMap(({ id, what, after }) => (after ? [[id, what]] : []))));
  sheet.scene.removed.set(all.flatMap(({ what, before }) => (what === "removed" ? [before] : [])));
}

function ending({ desk, sheet, open, tab }: Shell): Record<string, Handler> {
  const review = sheet.work.attempt.role === "review";
  return {
    finish: () => {
      if (sheet.ledger.isRefused) tell(words.desk.unacceptedFirst);
      const [outside] = sheet.outside();
      if (outside && sheet.missing().length === 0) tell(words.desk.outside);
      desk.finish();
    },
    previous: () => {
      desk.reopenPrevious().then(
        (found) => (found ? undefined : tell(words.desk.nothingToReopen)),
        (error: unknown) => tell(error instanceof Unreached ? words.desk.away : String((error as Error).message)),
      );
    },
    skip: () => (review ? desk.release() : open("skip")),
    guide: () => tab("guide"),
    comment: () => {
      tab("comments");
      setTimeout(() => document.querySelector<HTMLElement>("textarea[data-comment]")?.focus());
    },
    return: () => (review ? open("return") : undefined),
    keys: () => open("keys"),
  };
}
