/** Undo and redo. Each is a command of its own, saved like any other, so that what was saved can be undone too. */

import type { Change } from "./changes";

export interface Command {
  title: string;
  changes: Change[];
  /** What takes it back. */
  undo: Change[];
}

const MOST = 500;

export class History {
  private done: Command[] = [];
  private undone: Command[] = [];

  add(command: Command): void {
    this.done.push(command);
    if (this.done.length > MOST) this.done.shift();
    this.undone = [];
  }

  /** The command to take back, now moved to those that can be made again. */
  undo(): Command | undefined {
    const command = this.done.pop();
    if (command) this.undone.push(command);
    return command;
  }

  redo(): Command | undefined {
    const command = this.undone.pop();
    if (command) this.done.push(command);
    return command;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /** Forget the steps that have to do with some annotations. */
  forget(ids: ReadonlySet<string>): void {
    const others = ({ changes }: Command): boolean => !changes.some((change) => ids.has(change.id));
    this.done = this.done.filter(others);
    this.undone = this.undone.filter(others);
  }
}
