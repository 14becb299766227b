/** The way of a sheet's commands to the server, and what becomes of those that it refused. */

import { newId } from "../api/ids";
import type { Change } from "../canvas/changes";
import type { Entry, Kept } from "./outbox/entry";
import { isSave, type Outbox } from "./outbox/outbox";
import type { Sheet } from "./sheet";
import type { Note } from "./work";

export class Saving {
  private sheet: Sheet | null = null;

  constructor(
    private readonly project: number,
    private readonly outbox: Outbox,
    /** Seconds at work since this was last asked. */
    private readonly takeTime: () => number,
  ) {}

  begin(): () => void {
    const stops = [
      this.outbox.onAnswer(({ entry, answer }) => {
        if (isSave(entry)) this.sheet?.ledger.settle(entry.body.id);
        if (entry.call === "note" && this.sheet?.work.task.id === entry.task)
          this.sheet.heard(entry.body.id, answer as Note);
      }),
      this.outbox.standing.subscribe(() => this.mark()),
    ];
    return () => stops.forEach((stop) => stop());
  }

  /** Send what is done on a sheet from now on; returns how to stop. `kept` is what of it is in the outbox already. */
  follow(sheet: Sheet, kept: readonly Entry[]): () => void {
    this.sheet = sheet;
    for (const entry of kept) {
      if (isSave(entry)) sheet.ledger.send(entry.body.id, entry.body.changes);
      else if (entry.call === "note") sheet.remarks.update((all) => [...all, entry.body]);
    }
    this.mark();
    return sheet.document.onCommand((changes) => this.save(sheet, changes));
  }

  /** Whose an entry of the outbox is. */
  about({ work, claim }: Sheet): Pick<Entry, "project" | "template" | "task" | "attempt" | "claim" | "role" | "title"> {
    return {
      project: this.project,
      template: work.task.template,
      task: work.task.id,
      attempt: work.attempt.id,
      claim,
      role: work.attempt.role,
      title: work.file.key,
    };
  }

  /** Leave a remark, on a shape or the whole. */
  say(sheet: Sheet, text: string, annotation: string | null): void {
    const body = { id: newId(), text, annotation };
    sheet.remarks.update((all) => [...all, body]);
    void this.outbox.put({ ...this.about(sheet), call: "note", body });
  }

  /** Tell time at work that nothing else tells of. */
  spend(sheet: Sheet, seconds: number): void {
    const body = { id: newId(), changes: [], active_seconds: seconds };
    void this.outbox.put({ ...this.about(sheet), call: "save", body });
  }

  /** Send something refused once more: as it is now, where its sheet is open. */
  async tryAgain(entry: Kept): Promise<void> {
    const { sheet } = this;
    if (!sheet || !isSave(entry) || !sheet.ledger.knows(entry.body.id)) await this.outbox.resend(entry);
    else this.save(sheet, entry.body.changes);
  }

  /** Give something refused up: the drawing goes back to what the server has. */
  async letGo(entry: Kept): Promise<void> {
    const mending =
      isSave(entry) && this.sheet?.ledger.letGo(this.sheet.document.state.get(), idsOf(entry.body.changes));
    if (mending) {
      this.sheet?.document.letGo(mending.ids, mending.changes);
      await this.drop(mending.instead);
    }
    await this.outbox.drop(entry.n);
  }

  private save(sheet: Sheet, made: readonly Change[]): void {
    const mending = sheet.ledger.mend(sheet.document.state.get(), idsOf(made));
    const changes = mending ? mending.changes : [...made];
    const instead = mending?.instead ?? [];
    if (changes.length === 0) {
      void this.drop(instead); // what was refused has been taken back
      return;
    }
    const id = newId();
    sheet.ledger.send(id, changes);
    const body = { id, changes, active_seconds: this.takeTime() };
    void this.outbox.put({ ...this.about(sheet), call: "save", body }).then(() => this.drop(instead));
  }

  private async drop(commands: readonly string[]): Promise<void> {
    const { refused } = this.outbox.standing.get();
    for (const entry of refused) if (isSave(entry) && commands.includes(entry.body.id)) await this.outbox.drop(entry.n);
  }

  private mark(): void {
    const { refused } = this.outbox.standing.get();
    this.sheet?.refuse(refused.filter(isSave));
    const notes = refused.flatMap((entry) => (entry.call === "note" ? [entry.body.id] : []));
    const isOurs = this.sheet?.remarks.get().some(({ id }) => notes.includes(id));
    if (isOurs) this.sheet?.remarks.update((all) => all.filter(({ id }) => !notes.includes(id)));
  }
}

const idsOf = (changes: readonly Change[]): string[] => changes.map((change) => change.id);
