/** From images that came in to the first of them on the annotator's screen. */
import { api, body } from "../../api/client";
import { Refused } from "../../api/problem";
import { queries } from "../../api/queries";
import { applySteps, type Doc, type Work } from "../pipeline/building/steps";

const PATIENCE_MS = 30_000;
const PAUSE_MS = 400;

/** Make a template on a dataset; its id. */
export async function makeTemplate(project: number, dataset: string, work: Work): Promise<number> {
  const path = { params: { path: { project } } };
  const [{ yaml }, { parse }] = await Promise.all([
    body(api.GET("/api/v1/projects/{project}/pipeline", path)),
    import("yaml"),
  ]);
  const doc = parse(yaml) as Doc;
  const name = freeName(Object.keys(doc.templates ?? {}));
  const wanted = applySteps(doc, [{ do: "template", name, watch: dataset, to: "", ...work }]);
  await body(
    api.POST("/api/v1/projects/{project}/pipeline/apply", {
      ...path,
      body: { yaml: JSON.stringify(wanted), base: yaml, prune: false },
    }),
  );
  await queries.invalidateQueries({ queryKey: ["p", project] });
  const all = await body(api.GET("/api/v1/projects/{project}/templates", path));
  return all.find((one) => one.name === name)?.id ?? 0;
}

function freeName(taken: readonly string[]): string {
  let name = "annotate";
  for (let n = 2; taken.includes(name); n++) name = `annotate ${n}`;
  return name;
}

/** Take the first task of a template, which may come to be only now. */
export async function firstTask(project: number, template: number): Promise<number> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const path = { path: { project, template } };
      return (await body(api.POST("/api/v1/projects/{project}/templates/{template}/next", { params: path }))).task.id;
    } catch (error) {
      if (!(error instanceof Refused) || error.type !== "nothing-to-do" || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
