/** Live events of a project: one stream per tab, however many components listen. */
import { useEffect, useEffectEvent } from "react";

export interface Happening {
  project: number;
  seq: number;
  n: number;
  kind: string;
  subject: string;
  body: Record<string, unknown>;
  actor: number | null;
  at: string;
}

type Listener = (happening: Happening) => void;

const HIDDEN_MS = 20_000;

/** A browser has six connections to a server, for all its tabs: a tab that nobody sees gives its own back. */
class Line {
  readonly listeners = new Set<Listener>();
  /** Told when the line is there, again after each time it was away: what happened meanwhile was not heard. */
  readonly openers = new Set<() => void>();
  private source: EventSource | null = null;
  private last: string | null = null;
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private readonly project: number;

  constructor(project: number) {
    this.project = project;
    document.addEventListener("visibilitychange", this.look);
    this.open();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.look);
    this.hangUp();
  }

  private readonly look = (): void => {
    clearTimeout(this.leaving);
    if (document.visibilityState === "visible") this.open();
    else this.leaving = setTimeout(() => this.hangUp(), HIDDEN_MS);
  };

  private open(): void {
    if (this.source !== null) return;
    const behind = this.last === null ? "" : `&after=${this.last}`;
    this.source = new EventSource(`/api/v1/events?project=${this.project}${behind}`);
    this.source.onopen = () => {
      for (const opened of this.openers) opened();
    };
    this.source.onmessage = (message: MessageEvent<string>) => {
      this.last = message.lastEventId;
      const told = JSON.parse(message.data) as Happening;
      for (const listener of this.listeners) listener(told);
    };
    this.source.onerror = () => {
      // Browsers come back by themselves, except after an answer that is no stream.
      if (this.source?.readyState === EventSource.CLOSED) {
        this.hangUp();
        this.leaving = setTimeout(() => this.open(), 3_000);
      }
    };
  }

  private hangUp(): void {
    clearTimeout(this.leaving);
    this.source?.close();
    this.source = null;
  }
}

const lines = new Map<number, Line>();

/** Hear what happens in a project, and when one began to hear it. Returns how to stop. */
export function listen(project: number, listener: Listener, opened: () => void = () => undefined): () => void {
  const line = lines.get(project) ?? new Line(project);
  lines.set(project, line);
  line.listeners.add(listener);
  line.openers.add(opened);
  return () => {
    line.listeners.delete(listener);
    line.openers.delete(opened);
    if (line.listeners.size === 0) {
      line.close();
      lines.delete(project);
    }
  };
}

/** Hear what happens in a project for as long as the component is shown, and when one began to hear it. */
export function useLive(project: number, listener: Listener, opened?: () => void): void {
  const heard = useEffectEvent(listener);
  const begun = useEffectEvent(() => opened?.());
  useEffect(
    () =>
      listen(
        project,
        (happening) => heard(happening),
        () => begun(),
      ),
    [project],
  );
}
