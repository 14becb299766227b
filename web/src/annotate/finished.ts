/** What I handed in under a template and may open again, the last first: what I did here, then what the server knows. */

export class Finished {
  private tasks: number[] = [];
  private readonly tried = new Set<number>();

  constructor(private readonly ask: () => Promise<number[]>) {}

  /** The one to open again next; none when there is none. */
  async last(): Promise<number | undefined> {
    if (this.tasks.length === 0) this.tasks = (await this.ask()).filter((task) => !this.tried.has(task)).reverse();
    return this.tasks.at(-1);
  }

  /** A task was handed in. */
  push(task: number): void {
    this.tried.delete(task);
    this.tasks = [...this.tasks.filter((one) => one !== task), task];
  }

  /** The last is open again, or can't be opened any more. */
  pop(): void {
    const task = this.tasks.pop();
    if (task !== undefined) this.tried.add(task);
  }
}
