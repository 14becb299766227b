/** Words of a queue: the tasks of a template, and what is done about them. */
import { pipeline } from "./pipeline";

const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const queue = {
  title: "Tasks",
  states: pipeline.statuses,
  state: "State",
  any: (count: number) => `All, ${count}`,
  ofState: (name: string, count: number) => `${name}, ${count}`,
  person: "Who has it, or handed it in",
  everybody: "everybody",
  file: "File",
  who: "Who",
  handedIn: (name: string) => `handed in by ${name}`,
  since: "For",
  attempts: "Attempts",
  priority: "Priority",
  do: "What to do",
  idle: "their time ran out",
  idleWhy: "Whoever works next gets it.",
  round: (n: number) => `round ${n}`,
  about: (key: string) => `About ${key}`,
  takeBack: "Take it back",
  takenBack: "It is in the queue again. What was drawn is shown to the next.",
  setPriority: "Set the priority",
  setPriorityWhy: "Higher ones are handed out first; usual is 0.",
  cancel: "Cancel the task",
  cancelWhy: "It will not be done. What was drawn is kept, but isn't merged. It can be opened again.",
  reopen: "Open it again",
  set: "Set it",
  more: "Show more",
  none: "No tasks yet",
  noneWhy: "A task is made for each file that enters a dataset that this template watches.",
  nothing: "No task is like that",
  nothingWhy: "Choose another state, or look at everybody's.",
  all: "All tasks",
  settings: "Settings",
  /** A time that has passed, as roughly as people say it. */
  ago: (seconds: number) => {
    if (seconds < 90) return "a minute";
    if (seconds < 5400) return plural(Math.round(seconds / 60), "minute");
    if (seconds < 129_600) return plural(Math.round(seconds / 3600), "hour");
    return plural(Math.round(seconds / 86_400), "day");
  },
};
