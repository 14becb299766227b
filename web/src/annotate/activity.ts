/** Active time: between one sign of life and the next, but never more than 30 s of silence. */

const IDLE_MS = 30_000;

export class Activity {
  private since: number | null = null;
  private total = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Somebody moved, typed or clicked. */
  sign(): void {
    const at = this.now();
    if (this.since !== null) this.total += Math.min(at - this.since, IDLE_MS);
    this.since = at;
  }

  /** The page was hidden: what follows doesn't count until the next sign. */
  rest(): void {
    this.sign();
    this.since = null;
  }

  /** Count some seconds that were taken and not told. */
  add(seconds: number): void {
    this.total += seconds * 1000;
  }

  /** Seconds since this was last asked. */
  take(): number {
    if (this.since !== null) {
      const silent = Math.min(this.now() - this.since, IDLE_MS);
      this.total += silent;
      this.since = this.now();
    }
    const seconds = Math.round(this.total / 100) / 10;
    this.total = 0;
    return seconds;
  }
}
