/** Where in a form the server found something wrong. */
import { Refused } from "./problem";

/** What is wrong at a place of the request, or below it; `settings.` in front makes no difference. */
export function faultAt(error: unknown, place: string): string | undefined {
  if (!(error instanceof Refused)) return undefined;
  const found = error.problem.errors.filter(({ at }) => {
    const bare = at.replace(/^settings\./, "");
    return bare === place || bare.startsWith(`${place}.`) || bare.startsWith(`${place}[`);
  });
  return found.length === 0 ? undefined : found.map((one) => one.detail).join(" ");
}
