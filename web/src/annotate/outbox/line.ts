/** How entries reach the server, and how tabs tell each other. */

import { csrfHeaders, type Schemas, setCsrf } from "../../api/client";
import { problemOf, Refused, Unreached } from "../../api/problem";
import type { Kept } from "./entry";
import type { Bell, Line } from "./outbox";

const TIMEOUT_MS = 30_000;

async function asked(path: string, init: RequestInit): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Unreached();
  }
  if (!answer.ok) throw new Refused(await problemOf(answer));
  try {
    return await answer.json();
  } catch {
    throw new Unreached(); // cut off on its way
  }
}

export const httpLine: Line = {
  send(entry: Kept) {
    const of = entry.call === "note" ? `tasks/${entry.task}/notes` : `attempts/${entry.attempt}/${entry.call}`;
    return asked(`/api/v1/projects/${entry.project}/${of}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...csrfHeaders() },
      body: JSON.stringify(entry.body),
    });
  },
  claim(entry: Kept) {
    return asked(`/api/v1/projects/${entry.project}/tasks/${entry.task}/claim`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...csrfHeaders() },
      body: JSON.stringify({ id: entry.claim, role: entry.role ?? "work" }),
    }) as Promise<Schemas["Claim"]>;
  },
  async renew() {
    const me = (await asked("/api/v1/me", {})) as { csrf: string | null };
    setCsrf(me.csrf);
    return me.csrf !== null;
  },
};

/** A bell that all tabs of this origin hear, where the browser has one; the outbox looks by itself too. */
export function tabBell(name: string): Bell & { close(): void } {
  if (typeof BroadcastChannel === "undefined") {
    return { ring: () => undefined, onRing: () => undefined, close: () => undefined };
  }
  const channel = new BroadcastChannel(name);
  return {
    ring: () => channel.postMessage("rung"),
    onRing: (listener) => channel.addEventListener("message", listener),
    close: () => channel.close(),
  };
}
