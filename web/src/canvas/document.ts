/** What is on one file while somebody works on it: its state, its history, and who is told of each command. */

import { applied, undoing, type Annotation, type Change, type Origin, type State } from "./changes";
import { History } from "./history";
import { Signal } from "./signal";

export type Listener = (changes: Change[]) => void;

export class Document {
  readonly state: Signal<State>;
  readonly history = new History();
  private readonly listeners = new Set<Listener>();
  private closed = false;

  constructor(
    state: State,
    private readonly origin: Origin,
    private readonly who: number | null,
  ) {
    this.state = new Signal(state);
  }

  get(id: string): Annotation | undefined {
    const { annotations, suggestions } = this.state.get();
    return annotations.get(id) ?? suggestions.get(id);
  }

  isSuggestion(id: string): boolean {
    return this.state.get().suggestions.has(id);
  }

  /** Told of every command that was made here, undo and redo too: what is to be saved. */
  onCommand(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** It was handed in: nothing changes it any more. */
  close(): void {
    this.closed = true;
  }

  /** Make changes together, as one step of the history. */
  run(title: string, changes: Change[]): void {
    if (changes.length === 0 || this.closed) return;
    const before = this.state.get();
    const after = applied(before, changes, this.origin, this.who);
    this.history.add({ title, changes, undo: undoing(before, after, changes, this.origin) });
    this.state.set(after);
    this.tell(changes);
  }

  /** What undoing took back, or undefined. */
  undo(): string | undefined {
    if (this.closed) return undefined;
    const command = this.history.undo();
    return command && this.again(command.title, command.undo);
  }

  redo(): string | undefined {
    if (this.closed) return undefined;
    const command = this.history.redo();
    return command && this.again(command.title, command.changes);
  }

  /** Take back what the server refused, without telling of it. Steps of the history that had to do with it go too. */
  letGo(ids: readonly string[], changes: readonly Change[]): void {
    this.history.forget(new Set(ids));
    this.replay(changes);
  }

  /** Apply what was kept here and never reached the server; it is on its way already. */
  replay(changes: readonly Change[]): void {
    this.state.set(applied(this.state.get(), changes, this.origin, this.who));
  }

  private again(title: string, changes: Change[]): string {
    this.state.set(applied(this.state.get(), changes, this.origin, this.who));
    this.tell(changes);
    return title;
  }

  private tell(changes: Change[]): void {
    for (const listener of this.listeners) listener(changes);
  }
}
