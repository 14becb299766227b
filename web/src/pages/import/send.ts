/** Sends files to the server, a few at once, and says how far it is. */
import { csrfHeaders } from "../../api/client";
import { problemOf } from "../../api/problem";
import type { Found } from "./collect";

const AT_ONCE = 4;
const TRIES = 3;

export interface Sent {
  uploads: number[];
  failed: { name: string; why: string }[];
}

export interface Sending {
  done: number;
  total: number;
  /** Of all files together: one of them may be an archive of gigabytes. */
  sentBytes: number;
  bytes: number;
}

/** Send all. Goes on past a file that fails; stops when the signal says so. */
export async function send(
  project: number,
  found: readonly Found[],
  progress: (sending: Sending) => void,
  signal: AbortSignal,
): Promise<Sent> {
  const sent: Sent = { uploads: [], failed: [] };
  const bytes = found.reduce((sum, { file }) => sum + file.size, 0);
  const sentOf = new Map<Found, number>();
  let next = 0;
  let done = 0;
  const tell = (one?: Found, loaded = 0) => {
    if (one !== undefined) sentOf.set(one, Math.min(loaded, one.file.size));
    const sentBytes = [...sentOf.values()].reduce((sum, part) => sum + part, 0);
    progress({ done, total: found.length, sentBytes, bytes });
  };
  tell();
  const carry = async () => {
    while (next < found.length && !signal.aborted) {
      const one = found[next++];
      if (one === undefined) return;
      const told = await sendOne(project, one, (loaded) => tell(one, loaded), signal);
      if (typeof told === "number") sent.uploads.push(told);
      else if (!signal.aborted) sent.failed.push({ name: one.name, why: told });
      done += 1;
      tell(one, one.file.size);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, carry));
  return sent;
}

/** The upload's id, or why there is none. */
async function sendOne(
  project: number,
  one: Found,
  progress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<number | string> {
  let why = "";
  for (let tried = 0; tried < TRIES && !signal.aborted; tried++) {
    if (tried > 0) await new Promise((resolve) => setTimeout(resolve, 500 * 4 ** tried));
    try {
      const answer = await post(project, one, progress, signal);
      if (answer.ok) return ((await answer.json()) as { id: number }).id;
      why = (await problemOf(answer)).detail;
      if (answer.status < 500) return why;
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
  }
  return why;
}

/** A request that says how much of its body is gone, which `fetch` can't. */
function post(
  project: number,
  { name, file }: Found,
  progress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("POST", `/api/v1/projects/${project}/uploads?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    for (const [header, value] of Object.entries(csrfHeaders())) request.setRequestHeader(header, value);
    request.upload.onprogress = ({ loaded }) => progress(loaded);
    request.onload = () =>
      resolve(new Response(request.responseText, { status: request.status, statusText: request.statusText }));
    request.onerror = () => reject(new Error("the server does not answer"));
    request.onabort = () => reject(new Error("stopped"));
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    request.send(file);
  });
}
