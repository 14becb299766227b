/**
 * What the server has of a document, what is on its way there, and what it refused. What was refused stays drawn and
 * is marked; its next change sends what became of it anew. Pure.
 */

import { applied, leading, type Change, type Origin, type State } from "../canvas/changes";

interface Command {
  id: string;
  changes: readonly Change[];
}

/** What becomes of some commands that were refused. */
export interface Mending {
  /** The commands that are refused no more. */
  instead: string[];
  /** The annotations that they had to do with. */
  ids: string[];
  /** What is to be done instead; nothing, where what was refused has been taken back. */
  changes: Change[];
}

export class Ledger {
  private sent: Command[] = [];
  private refused: Command[] = [];

  constructor(
    private server: State,
    private readonly origin: Origin,
    private readonly who: number | null,
  ) {}

  /** A command is on its way, or was refused already. */
  send(id: string, changes: readonly Change[]): void {
    this.sent.push({ id, changes });
  }

  /** The server has a command. */
  settle(id: string): void {
    const found = this.sent.find((one) => one.id === id);
    if (!found) return;
    this.sent = this.sent.filter((one) => one !== found);
    this.server = applied(this.server, found.changes, this.origin, this.who);
  }

  /** All that is refused now. Commands of others, from another tab, are none of ours. */
  refuse(commands: readonly string[]): void {
    const ids = new Set(commands);
    this.refused = [...this.refused, ...this.sent].filter((one) => ids.has(one.id));
    this.sent = this.sent.filter((one) => !ids.has(one.id));
  }

  knows(command: string): boolean {
    return this.refused.some((one) => one.id === command);
  }

  get isRefused(): boolean {
    return this.refused.length > 0;
  }

  /** What is sent instead of the refused commands that have to do with some annotations; null when none have. */
  mend(now: State, ids: readonly string[]): Mending | null {
    return this.instead(ids, (all) => leading(this.expected, now, all, this.origin));
  }

  /** What takes a document back to what the server has, as far as those commands go; null when there are none. */
  letGo(now: State, ids: readonly string[]): Mending | null {
    return this.instead(ids, (all) => leading(now, this.expected, all, this.origin));
  }

  private instead(ids: readonly string[], changes: (ids: string[]) => Change[]): Mending | null {
    const all = new Set(ids);
    const found = new Set<Command>();
    // One command may have to do with others by another annotation.
    for (let size = -1; size !== found.size;) {
      size = found.size;
      for (const one of this.refused.filter((one) => touched(one).some((id) => all.has(id)))) {
        found.add(one);
        touched(one).forEach((id) => all.add(id));
      }
    }
    if (found.size === 0) return null;
    return { instead: [...found].map((one) => one.id), ids: [...all], changes: changes([...all]) };
  }

  /** What the server will have once everything that is on its way is there. */
  private get expected(): State {
    return this.sent.reduce((state, one) => applied(state, one.changes, this.origin, this.who), this.server);
  }
}

const touched = ({ changes }: Command): string[] => changes.map((change) => change.id);
