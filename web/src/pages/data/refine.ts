/** Refining a query by a condition that was clicked, as text: what somebody wrote stays as it was written. Pure. */

interface Parts {
  terms: string[];
  /** Whether an `or` stands outside all parentheses. */
  either: boolean;
}

/** The conditions that a query joins by `and`, outside quotes and parentheses. */
function parts(query: string): Parts {
  const terms: string[] = [];
  let [start, depth, either] = [0, 0, false];
  const tokens = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[()]|[\p{L}\p{N}_.]+/gsu;
  for (const { 0: token, index } of query.matchAll(tokens)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (depth === 0 && /^or$/i.test(token)) either = true;
    else if (depth === 0 && /^and$/i.test(token)) {
      terms.push(query.slice(start, index).trim());
      start = index + token.length;
    }
  }
  const last = query.slice(start).trim();
  return { terms: last === "" ? terms : [...terms, last], either };
}

/** Whether a query asks for a condition already. */
export function holds(query: string, condition: string): boolean {
  const { terms, either } = parts(query);
  return !either && parts(condition).terms.every((term) => terms.includes(term));
}

/** The query with the condition; without it where it was there. */
export function toggled(query: string, condition: string): string {
  if (holds(query, condition)) {
    const taken = parts(condition).terms;
    return parts(query)
      .terms.filter((term) => !taken.includes(term))
      .join(" and ");
  }
  return both(query, condition);
}

/** The query without the files that a condition finds. */
export function without(query: string, condition: string): string {
  const { terms, either } = parts(condition);
  return toggled(query, terms.length > 1 || either ? `not (${condition})` : `not ${condition}`);
}

const both = (query: string, condition: string): string => {
  const asked = query.trim();
  if (asked === "") return condition;
  return `${parts(asked).either ? `(${asked})` : asked} and ${condition}`;
};
