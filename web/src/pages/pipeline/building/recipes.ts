/** Ghost recipes: whole pipelines that a click fills in. Pure. */
import type { Shape, Step } from "./steps";

export type Recipe = "one" | "two" | "model";

export interface Answers {
  dataset: string;
  labels: string[];
  shape: Shape;
  people: string[];
  experts: string[];
  model: string;
}

/** The steps of a recipe for what somebody answered. */
export function stepsOf(recipe: Recipe, answers: Answers): Step[] {
  const { dataset, labels, shape, people } = answers;
  const work = (name: string, watch: string, crew: string[], to: string, suggestions = ""): Step => ({
    do: "template",
    name,
    watch,
    labels,
    shape,
    people: crew,
    guide: "",
    review: 0,
    suggestions,
    to,
  });
  if (recipe === "one") return [work("annotate", dataset, people, "gold")];
  if (recipe === "model") return [work("check", dataset, people, "gold", answers.model)];
  return [
    work("first pass", dataset, people, "first pass complete"),
    work("expert", "first pass complete", answers.experts, "gold"),
  ];
}
