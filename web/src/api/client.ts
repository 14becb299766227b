/** The one way to the server: typed calls that throw `Refused` or `Unreached`, with the session's CSRF token. */
import createClient, { type Middleware } from "openapi-fetch";
import { problemOf, Refused, Unreached } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

let csrf: string | null = null;

/** Remember the token that changing calls must carry; `GET /me` and signing in tell it. */
export function setCsrf(token: string | null | undefined): void {
  csrf = token ?? null;
}

/** What a call made without the typed client must carry: uploads with progress, for one. */
export function csrfHeaders(): Record<string, string> {
  return csrf === null ? {} : { "X-CSRF-Token": csrf };
}

const guard: Middleware = {
  onRequest({ request }) {
    if (csrf !== null && request.method !== "GET") request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw new Refused(await problemOf(response));
  },
  onError() {
    return new Unreached();
  },
};

export const api = createClient<paths>({ baseUrl: "/" });
api.use(guard);

/** The body of an answer. Refusals were thrown before. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
