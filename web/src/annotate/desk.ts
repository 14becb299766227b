/**
 * The place of work for one template: what stays from image to image (tool, label, settings of the image), the outbox
 * behind it, and the sheet that lies on it.
 */

import { newId } from "../api/ids";
import { listen, type Happening } from "../api/live";
import { Refused, Unreached } from "../api/problem";
import type { Annotation } from "../canvas/changes";
import type { Piece } from "../canvas/painter";
import type { Bounds } from "../canvas/shapes";
import { Signal } from "../canvas/signal";
import { Ahead } from "./ahead";
import { Finished } from "./finished";
import type { EndBody, Ending, Entry } from "./outbox/entry";
import { isSave, type Outbox } from "./outbox/outbox";
import { Pictures, type Picture, type Wanted } from "./pictures";
import { allows, kindsOf, writable, type Label, type Missing } from "./questions";
import { Presence } from "./presence";
import { Saving } from "./saving";
import { Sheet, type Remark } from "./sheet";
import { kindFor, PLAIN, type Prefs, type ToolName, toolFor } from "./tools";
import { painted, soon } from "./waiting";
import * as calls from "./work";
import type { Role, Task } from "./work";

export type State =
  | { at: "opening" }
  | { at: "open" }
  | { at: "none"; done: number; seconds: number }
  | { at: "elsewhere"; task: Task }
  | { at: "broken"; error: unknown };

const HEARTBEAT_MS = 60_000;
const SELDOM_MS = 90_000;
const AGAIN_MS = 3_000;
const LONGEST_HELD_MS = 500;

export class Desk {
  readonly state = new Signal<State>({ at: "opening" });
  readonly sheet = new Signal<Sheet | null>(null);
  /** The sheet that the canvas shows. The panels around it follow by `sheet`, once its image is painted. */
  readonly stage = new Signal<Sheet | null>(null);
  readonly picture = new Signal<Picture | null>(null);
  /** Finer pieces of it, where somebody zoomed into a picture too large to have whole. */
  readonly pieces = new Signal<readonly Piece[]>([]);
  readonly tool = new Signal<ToolName>("select");
  readonly label = new Signal<number | null>(null);
  readonly prefs = new Signal<Prefs>(PLAIN);
  /** What Finish found missing; the panel takes the focus to the first. */
  readonly wanted = new Signal<Missing | null>(null);
  /** The template or its schema was changed while this image was worked on. */
  readonly moved = new Signal(false);
  readonly presence: Presence;
  readonly pictures = new Pictures();
  readonly saving: Saving;

  private readonly ahead: Ahead;
  private readonly finished: Finished;
  private readonly later: number[] = [];
  private previous: Annotation[] = [];
  private looksAt: Bounds | null = null;
  private last: Annotation | undefined;
  private done = 0;
  private armed = false;
  private role: Role = "work";
  private sheetStop: (() => void) | undefined;
  /** What was tried last and may be tried again. */
  private tried: () => Promise<void> = () => this.next();
  private trying: ReturnType<typeof setTimeout> | undefined;
  private isTrying = false;
  private left = false;

  constructor(
    readonly project: number,
    readonly template: number,
    readonly me: number,
    readonly outbox: Outbox,
    /** Puts the task's address into the address bar. */
    private readonly go: (task: number) => void,
  ) {
    this.ahead = new Ahead(project, template, this.pictures);
    this.presence = new Presence(project, (sheet, seconds) => this.saving.spend(sheet, seconds));
    this.saving = new Saving(project, outbox, () => this.presence.take());
    this.finished = new Finished(() => calls.submissions(project, template));
  }

  /** Sit down. Returns how to leave: reservations are given up; what is held stays held until its lease ends. */
  begin(): () => void {
    const beat = setInterval(() => void this.beat(), HEARTBEAT_MS);
    const ahead = setInterval(() => void this.fetchAhead(), SELDOM_MS);
    const unsaved = this.saving.begin();
    const unheard = this.outbox.onAnswer(({ entry, answer }) => {
      const sheet = this.sheet.get();
      if (sheet?.claim !== undefined && sheet.claim === entry.claim) sheet.work.attempt.id = entry.attempt;
      const claim = entry.call === "claim" ? (answer as calls.Claim) : undefined;
      if (claim && claim.attempt.state !== "live" && sheet?.work.attempt.id === claim.attempt.id)
        sheet.lost.set({ holder: claim.task.holder ?? 0, cancelled: null });
      const saved = answer as { late?: boolean; held_by?: number | null; cancelled?: string | null };
      if (sheet?.work.attempt.id === entry.attempt && isSave(entry) && saved.late)
        sheet.lost.set({ holder: saved.held_by ?? 0, cancelled: saved.cancelled ?? null });
      const state = this.state.get();
      if (state.at === "broken" && state.error instanceof Unreached) void this.again(); // the server is back
    });
    const keep = (): void => this.presence.leave(this.sheet.get(), true);
    window.addEventListener("pagehide", keep);
    const deaf = listen(this.project, (happening) => this.hear(happening));
    this.left = false;
    return () => {
      this.left = true;
      deaf();
      clearInterval(beat);
      clearInterval(ahead);
      clearTimeout(this.trying);
      unheard();
      unsaved();
      window.removeEventListener("pagehide", keep);
      this.presence.leave(this.sheet.get());
      this.ahead.leave();
    };
  }

  // Opening.

  /** Show a task: mine, or one that I may open again. */
  async open(id: number): Promise<void> {
    if (this.sheet.get()?.work.task.id === id) return;
    if (this.state.get().at !== "broken") this.state.set({ at: "opening" });
    this.tried = () => this.open(id);
    try {
      if (this.outbox.waitsForClaim(id)) await this.outbox.sent(id);
      const task = await calls.task(this.project, id);
      if (task.holder === this.me && task.attempt != null) await this.show(task.attempt);
      else this.state.set({ at: "elsewhere", task });
    } catch (error) {
      this.broke(error);
    }
  }

  /** Try once more what did not work. While the server is away that happens by itself, too. */
  async again(): Promise<void> {
    clearTimeout(this.trying);
    if (this.isTrying || this.state.get().at !== "broken") return;
    this.isTrying = true;
    await this.tried().finally(() => (this.isTrying = false));
  }

  private broke(error: unknown): void {
    this.state.set({ at: "broken", error });
    clearTimeout(this.trying);
    if (error instanceof Unreached && !this.left) this.trying = setTimeout(() => void this.again(), AGAIN_MS);
  }

  /** The next task: what was put aside for a moment, what is mine already, else one from the queue. */
  async next(role: Role = this.role): Promise<void> {
    this.role = role;
    this.tried = () => this.next(role);
    try {
      const aside = this.later.pop();
      if (aside !== undefined) {
        await this.open(aside);
        this.go(aside);
        return;
      }
      // Until the outbox has claimed what was begun, the queue would give that out once more.
      if (this.outbox.waitsForClaim()) throw new Unreached();
      const { task, work } = await calls.claimWork(this.project, this.template, role);
      this.ahead.forget(task.id);
      await this.lay(work, []);
      this.go(task.id);
    } catch (error) {
      if (error instanceof Unreached && (await this.goAhead())) return;
      if (error instanceof Refused && error.type === "nothing-to-do") {
        this.stand(null);
        this.put(null);
        this.state.set({ at: "none", done: this.done, seconds: Math.round(this.presence.seconds) });
      } else this.broke(error);
    }
  }

  /** Without the server go on in a task that is reserved and here: it is claimed later, before what is done on it. */
  private async goAhead(): Promise<boolean> {
    const found = this.ahead.take(this.role);
    if (!found) return false;
    const { task } = found;
    const work = { ...found, attempt: { ...found.attempt, id: -task.id } };
    const sheet = await this.lay(work, [], newId());
    void this.outbox.put({ ...this.saving.about(sheet), call: "claim", body: {} });
    this.go(task.id);
    return true;
  }

  private async show(attempt: number): Promise<void> {
    const kept = await this.outbox.of(attempt); // first: what is sent meanwhile is in what the server tells, or in this
    await this.lay(await calls.work(this.project, attempt), kept);
  }

  /** Lay a sheet onto the desk: what the server has of the work, and what still waits here. The image comes first. */
  private async lay(work: calls.Work, kept: readonly Entry[], claim?: string): Promise<Sheet> {
    const sheet = new Sheet(work, await calls.schemaAt(this.project, work.schema_version), this.me, claim);
    for (const entry of kept) if (isSave(entry)) sheet.document.replay(entry.body.changes);
    this.stand(sheet);
    await painted();
    if (this.stage.get() !== sheet) return sheet; // another one came meanwhile
    this.put(sheet, kept);
    this.state.set({ at: "open" });
    this.arm(sheet);
    void this.fetchPicture(sheet);
    void painted().then(() => this.fetchAhead());
    this.role = work.attempt.role;
    this.moved.set(false);
    return sheet;
  }

  private stand(sheet: Sheet | null): void {
    sheet?.scene.above.set(this.prefs.get().above);
    this.blur();
    this.picture.set(sheet && this.pictures.ready(this.wantedOf(sheet)));
    this.stage.set(sheet);
  }

  private async fetchPicture(sheet: Sheet): Promise<void> {
    try {
      const picture = await this.pictures.show(this.wantedOf(sheet));
      if (this.sheet.get() !== sheet) return;
      this.picture.set(picture);
      if (this.state.get().at === "broken") this.state.set({ at: "open" });
    } catch (error) {
      if (this.sheet.get() !== sheet) return;
      this.tried = () => this.fetchPicture(sheet);
      this.broke(error);
    }
  }

  private wantedOf({ work: { file } }: Sheet): Wanted {
    return { project: this.project, file: file.id, width: file.width, height: file.height };
  }

  /** Somebody looks at a part of the image, closer than the rendition goes. */
  async sharpen(within: Bounds): Promise<void> {
    const sheet = this.sheet.get();
    const shown = this.picture.get();
    if (!sheet || !shown || shown.full) return;
    const wanted = this.wantedOf(sheet);
    if (!this.pictures.fits(wanted)) {
      this.looksAt = within;
      this.look(sheet);
      return;
    }
    const picture = await this.pictures.full(wanted).catch(() => null);
    if (picture && this.sheet.get() === sheet) this.picture.set(picture);
  }

  /** The rendition is fine enough again. */
  blur(): void {
    this.looksAt = null;
    this.pieces.set([]);
  }

  private look(sheet: Sheet): void {
    if (this.sheet.get() !== sheet || this.looksAt === null) return;
    this.pieces.set(this.pictures.look(this.wantedOf(sheet), this.looksAt, () => this.look(sheet)));
  }

  private put(sheet: Sheet | null, kept: readonly Entry[] = []): void {
    this.sheetStop?.();
    this.sheetStop = undefined;
    this.wanted.set(null);
    this.sheet.set(sheet);
    if (!sheet) return;
    const stops = [
      this.saving.follow(sheet, kept),
      sheet.document.onCommand((changes) => {
        this.presence.touch();
        const drawn = changes.filter((one) => one.do === "create").at(-1);
        if (drawn) this.last = sheet.document.get(drawn.id);
      }),
    ];
    this.sheetStop = () => stops.forEach((stop) => stop());
  }

  // Tools and labels stay from image to image.

  labels(sheet: Sheet): Label[] {
    return writable(sheet.schema, sheet.settings);
  }

  /** The first tool and label are armed when the first image opens. */
  private arm(sheet: Sheet): void {
    const labels = this.labels(sheet);
    const drawable = labels.find((label) => kindsOf([label]).length > 0);
    if (!labels.some((label) => label.id === this.label.get())) this.label.set(drawable?.id ?? null);
    if (this.armed) return;
    this.armed = true;
    const review = sheet.work.attempt.role === "review";
    const [kind] = drawable && !review ? kindsOf([drawable]) : [];
    if (kind) this.tool.set(toolFor(kind));
  }

  pickLabel(label: Label): void {
    const sheet = this.sheet.get();
    if (!sheet) return;
    this.label.set(label.id);
    if (sheet.chosen.length && this.tool.get() === "select") sheet.relabel(label);
    const kind = kindFor(this.tool.get());
    if (kind && !allows(label, kind)) {
      const [first] = kindsOf([label]);
      this.tool.set(first ? toolFor(first) : "select");
    }
  }

  pickTool(tool: ToolName): void {
    const sheet = this.sheet.get();
    const kind = kindFor(tool);
    if (!sheet) return;
    const labels = this.labels(sheet);
    if (kind) {
      const able = labels.filter((label) => allows(label, kind));
      if (!able.length) return;
      if (!able.some((label) => label.id === this.label.get())) this.label.set(able[0]!.id);
    }
    this.tool.set(tool);
  }

  /** The tools that at least one label may be drawn with. */
  tools(sheet: Sheet): ToolName[] {
    const kinds = kindsOf(this.labels(sheet));
    return [
      "select",
      ...kinds.flatMap((kind): ToolName[] => (kind === "mask" ? ["brush", "eraser"] : [toolFor(kind)])),
    ];
  }

  set(prefs: Partial<Prefs>): void {
    this.prefs.update((old) => ({ ...old, ...prefs }));
    if (prefs.above !== undefined) this.sheet.get()?.scene.above.set(prefs.above);
  }

  /** Draw the last shape once more, with all its answers. */
  repeat(): void {
    const sheet = this.sheet.get();
    if (sheet && this.last) sheet.paste([sheet.document.get(this.last.id) ?? this.last], true);
  }

  copyPrevious(): number {
    const sheet = this.sheet.get();
    if (!sheet || this.previous.length === 0) return 0;
    sheet.paste(this.previous, false);
    return this.previous.length;
  }

  // Ending a task.

  /** Hand the task in, unless something is missing: then that is wanted. */
  finish(): void {
    const sheet = this.sheet.get();
    if (!sheet || this.state.get().at !== "open" || sheet.lost.get() !== null) return;
    if (sheet.ledger.isRefused) {
      sheet.scene.select(...[...sheet.scene.refused.get().keys()].filter((id) => sheet.document.get(id)));
      return;
    }
    const [first] = sheet.missing();
    if (first) {
      sheet.scene.select(...(first.annotation === null ? [] : [first.annotation]));
      this.wanted.set({ ...first });
      return;
    }
    const [outside] = sheet.outside();
    if (outside) {
      sheet.scene.select(outside.id);
      return;
    }
    if (sheet.settings.prelabels?.mode === "resolve" && sheet.suggestions.length) {
      sheet.scene.select(sheet.suggestions[0]!.id);
      return;
    }
    const review = sheet.work.attempt.role === "review";
    this.end(review ? "accept" : "submit", {});
  }

  skip(reason: string): void {
    this.end("skip", { reason });
  }

  sendBack(notes: readonly Remark[]): void {
    this.end("return", { notes });
  }

  /** Give a task back to the queue, as it is. */
  release(): void {
    this.end("release", {});
  }

  private end(call: Ending, more: Omit<EndBody, "active_seconds">): void {
    const sheet = this.sheet.get();
    if (!sheet) return;
    const { task } = sheet.work;
    const active_seconds = this.presence.take();
    // The next image is asked for first, and what ends this one is sent once that is shown.
    const shown = Promise.race([this.next(), soon(LONGEST_HELD_MS)]);
    void this.outbox.put({ ...this.saving.about(sheet), call, body: { active_seconds, ...more } }, shown);
    if (call === "submit" || call === "accept" || call === "return") this.done += 1;
    if (call === "submit") this.finished.push(task.id);
    sheet.document.close();
    this.previous = sheet.annotations.filter((one) => one.kind !== "tag");
    this.state.set({ at: "opening" });
  }

  /** Open the last submission again; the present image waits. */
  async reopenPrevious(): Promise<boolean> {
    const now = this.sheet.get();
    const id = await this.finished.last();
    if (id === undefined) return false;
    await this.outbox.sent(id);
    const isOpen = this.state.get().at === "open";
    try {
      if (!(await this.reopen(id))) return false;
    } catch (error) {
      if (error instanceof Refused) this.finished.pop(); // a later stage has it: the one before may do
      throw error;
    }
    this.finished.pop();
    this.done = Math.max(0, this.done - 1);
    if (now && isOpen) this.later.push(now.work.task.id);
    return true;
  }

  /** Open a task of mine again that was handed in. */
  async reopen(id: number): Promise<boolean> {
    const again = await calls.reopen(this.project, id);
    if (!("attempt" in again) || typeof again.attempt !== "object" || again.attempt === null) return false;
    await this.show(again.attempt.id);
    this.go(id);
    return true;
  }

  /** Copy what others drew here, before they lost their hold, onto this attempt. */
  async takeOver(sheet: Sheet): Promise<void> {
    const { task, late_work } = sheet.work;
    await this.outbox.sent(task.id);
    const { attempt } = sheet.work; // it may have been claimed just now
    for (const late of late_work) await calls.take(this.project, attempt.id, late.attempt);
    await this.show(attempt.id);
  }

  // Time, leases, and the next images.

  /** Keep the lease while somebody is at work, and notice when it went. */
  private async beat(): Promise<void> {
    const sheet = this.sheet.get();
    if (!sheet || sheet.lost.get() !== null || this.state.get().at !== "open") return;
    await this.presence.beat(sheet);
    await this.compareEdition(sheet);
  }

  /** What others do that matters here is told at once; what isn't heard, the next heartbeat notices. */
  private hear({ kind, body, actor }: Happening): void {
    const sheet = this.sheet.get();
    if (!sheet) return;
    const { attempt, task } = sheet.work;
    if (kind === "task.lapsed" && body["attempt"] === attempt.id)
      sheet.lost.set({ holder: actor ?? 0, cancelled: null });
    if (kind === "task.cancelled" && body["task"] === task.id)
      sheet.lost.set({ holder: 0, cancelled: typeof body["why"] === "string" ? body["why"] : "" });
    const concerns = kind === "schema.changed" || (kind === "template.changed" && body["template"] === this.template);
    if (!concerns) return;
    this.ahead.forget();
    void this.compareEdition(sheet);
  }

  /** Tell when the guide, the labels or the questions changed while this image is worked on. */
  private async compareEdition(sheet: Sheet): Promise<void> {
    const differs = await calls.isChanged(sheet.work, this.project);
    if (differs && this.sheet.get() === sheet) this.moved.set(true);
  }

  private async fetchAhead(): Promise<void> {
    const sheet = this.sheet.get();
    if (!sheet) return;
    const { id: now } = sheet.work.task;
    await this.ahead.fetch(sheet.work.attempt.role, (task) => task === now || this.outbox.waitsForClaim(task));
  }
}
