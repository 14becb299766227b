/** Sends files to the server, a few at once, and says how far it is. */
import { csrfHeaders } from "../../api/client";
import { type Problem, problemOf } from "../../api/problem";
import type { Found } from "./collect";

const AT_ONCE = 4;
const TRIES = 3;

export interface Sent {
  uploads: number[];
  failed: { name: string; why: string }[];
}

/** Send all. Goes on past a file that fails; stops between files when the signal says so. */
export async function send(
  project: number,
  found: readonly Found[],
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const sent: Sent = { uploads: [], failed: [] };
  let next = 0;
  let done = 0;
  const carry = async () => {
    while (next < found.length && !signal.aborted) {
      const one = found[next++];
      if (one === undefined) return;
      const told = await sendOne(project, one, signal);
      if (typeof told === "number") sent.uploads.push(told);
      else if (!signal.aborted) sent.failed.push({ name: one.name, why: told });
      progress(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, carry));
  return sent;
}

/** The upload's id, or why there is none. */
async function sendOne(project: number, { name, file }: Found, signal: AbortSignal): Promise<number | string> {
  let why = "";
  for (let tried = 0; tried < TRIES && !signal.aborted; tried++) {
    if (tried > 0) await new Promise((resolve) => setTimeout(resolve, 500 * 4 ** tried));
    try {
      const answer = await fetch(`/api/v1/projects/${project}/uploads?name=${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream", ...csrfHeaders() },
        body: file,
        signal,
      });
      if (answer.ok) return ((await answer.json()) as { id: number }).id;
      const problem: Problem = await problemOf(answer);
      why = problem.detail;
      if (answer.status < 500) return why;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
  }
  return why;
}
