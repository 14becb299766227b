/** Who is at work: the time it takes, and the lease that it keeps. No second is lost while the server is away. */

import { Refused, Unreached } from "../api/problem";
import { Activity } from "./activity";
import type { Sheet } from "./sheet";
import * as calls from "./work";

export class Presence {
  readonly activity = new Activity();
  /** Seconds at work since one sat down. */
  seconds = 0;
  private touched = false;

  constructor(
    private readonly project: number,
    /** Send seconds on a sheet by the outbox. */
    private readonly spend: (sheet: Sheet, seconds: number) => void,
  ) {}

  /** Something was done. */
  touch(): void {
    this.touched = true;
  }

  /** Seconds at work since this was last asked. */
  take(): number {
    const seconds = this.activity.take();
    this.seconds += seconds;
    this.touched ||= seconds > 0;
    return seconds;
  }

  /** Keep the lease while somebody is at work, and notice when it went. */
  async beat(sheet: Sheet): Promise<void> {
    const seconds = this.take();
    const active = seconds > 0 || this.touched;
    this.touched = false;
    if (!active) return;
    if (sheet.work.attempt.id < 0) this.giveBack(seconds);
    else await this.keep(sheet, seconds);
  }

  private async keep(sheet: Sheet, seconds: number): Promise<void> {
    const { attempt, task } = sheet.work;
    try {
      await calls.heartbeat(this.project, attempt.id, seconds);
    } catch (error) {
      if (error instanceof Unreached) this.giveBack(seconds);
      if (!(error instanceof Refused) || error.status !== 409) return;
      const now = await calls.task(this.project, task.id).catch(() => null);
      if (now && now.attempt !== attempt.id)
        sheet.lost.set({
          holder: now.holder ?? 0,
          cancelled: now.status === "cancelled" ? (now.reason ?? "") : null,
        });
    }
  }

  /** They weren't told: they go with what is told next. */
  private giveBack(seconds: number): void {
    this.seconds -= seconds;
    this.activity.add(seconds);
  }

  /** Tell the time that wasn't told yet, on leaving. A page that ends has no time to ask, so `atOnce` it is kept. */
  leave(sheet: Sheet | null, atOnce = false): void {
    if (!sheet) return;
    const seconds = this.take();
    if (seconds <= 1) return;
    if (atOnce || sheet.work.attempt.id < 0) this.spend(sheet, seconds);
    else
      calls.heartbeat(this.project, sheet.work.attempt.id, seconds).catch((error: unknown) => {
        if (error instanceof Unreached) this.spend(sheet, seconds);
      });
  }
}
