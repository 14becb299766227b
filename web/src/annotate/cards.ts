/** How far a template's work is, for whoever works on it. */

import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Desk } from "./desk";
import type { Sheet } from "./sheet";
import { cards, type Card } from "./work";

export const cardsQuery = (project: number) => ({ queryKey: ["p", project, "work"], queryFn: () => cards(project) });

/** Counts of the template, asked for again as tasks end. */
export function useCard(desk: Desk, sheet: Sheet | null): Card | undefined {
  const { data, refetch } = useQuery({ ...cardsQuery(desk.project), enabled: false });
  useEffect(
    () => desk.outbox.onAnswer(({ entry }) => (entry.call === "save" ? undefined : void refetch())),
    [desk, refetch],
  );
  const role = sheet?.work.attempt.role ?? "work";
  const all = data?.filter((card) => card.template === desk.template) ?? [];
  return all.find((card) => card.role === role) ?? all[0];
}
