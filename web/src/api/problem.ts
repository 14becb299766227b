/** A refusal of the server: what happened, why, and what to do (problem+json). */

export interface Fault {
  at: string;
  detail: string;
  code: string;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors: Fault[];
}

export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "Refused";
    this.problem = problem;
  }

  get type(): string {
    return this.problem.type;
  }

  get status(): number {
    return this.problem.status;
  }

  /** What is wrong at a place of the request, such as `query` or `changes[3].geometry`. */
  at(place: string): string | undefined {
    return this.problem.errors.find((fault) => fault.at === place)?.detail;
  }
}

/** The server could not be reached at all: nothing is known about what was sent. */
export class Unreached extends Error {
  constructor() {
    super("unreached");
    this.name = "Unreached";
  }
}

/** Somebody else changed the thing since it was read: its edition is not the one that the change is for. */
export const isStale = (error: unknown): boolean => error instanceof Refused && error.status === 412;

/** The refusal in an answer, also in one that came from a proxy and is no problem+json. */
export async function problemOf(answer: Response): Promise<Problem> {
  const bare = { type: "no-answer", title: "", status: answer.status, detail: `${answer.status} ${answer.statusText}` };
  try {
    const told: unknown = await answer.clone().json();
    if (told !== null && typeof told === "object" && "detail" in told) {
      return { ...bare, errors: [], ...(told as Partial<Problem>) };
    }
  } catch {
    // not JSON: the status is all that is known
  }
  return { ...bare, errors: [] };
}
