/**
 * A draft of changes to the pipeline: kept in the tab until it is applied or dropped, planned by the server at each step.
 * It knows the pipeline that it began with, so that it can't undo what others change meanwhile.
 */
import { useSessionStorage } from "@mantine/hooks";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body } from "../../../api/client";
import { useLive } from "../../../api/live";
import { Refused } from "../../../api/problem";
import { queries } from "../../../api/queries";
import { changesOf } from "../../../parts/sides";
import { applySteps, type Doc, type Step } from "./steps";

interface Kept {
  /** The pipeline file that was there when the draft began; "" while there is no draft. */
  base: string;
  steps: Step[];
}

const NONE: Kept = { base: "", steps: [] };

/** What may change the pipeline's file. Work on tasks doesn't. */
const CHANGES =
  /^(template|action|schema|connection|team|project)\.|^dataset\.(created|renamed|archived|unarchived|forked)$/;

const shownQuery = (project: number) =>
  queryOptions({
    queryKey: ["p", project, "pipeline"],
    queryFn: () => body(api.GET("/api/v1/projects/{project}/pipeline", { params: { path: { project } } })),
    staleTime: 0,
  });

const docQuery = (yaml: string) =>
  queryOptions({
    queryKey: ["pipeline file", yaml],
    queryFn: async () => (await import("yaml")).parse(yaml) as Doc,
    enabled: yaml !== "",
    staleTime: Infinity,
  });

const isChanged = (error: unknown): boolean => error instanceof Refused && error.type === "pipeline-changed";

export function useDraft(project: number) {
  const [{ base, steps }, keep] = useSessionStorage<Kept>({ key: `penstock.pipeline.${project}`, defaultValue: NONE });
  const begun = useQuery(docQuery(base));
  const doc = useMemo(() => begun.data && applySteps(begun.data, steps), [begun.data, steps]);
  // JSON is YAML too.
  const yaml = useMemo(
    () => (doc === undefined || steps.length === 0 ? null : JSON.stringify(doc, null, 1)),
    [doc, steps],
  );
  const call = {
    params: { path: { project } },
    body: { yaml: yaml ?? "", base, prune: steps.some((step) => step.do === "remove") },
  };
  const plan = useQuery({
    queryKey: ["p", project, "plan", call.body],
    queryFn: () => body(api.POST("/api/v1/projects/{project}/pipeline/plan", call)),
    enabled: yaml !== null,
    retry: false,
  });
  useLive(project, ({ kind }) => {
    if (CHANGES.test(kind)) void queries.invalidateQueries({ queryKey: ["p", project, "plan"] });
  });
  const applying = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/pipeline/apply", call)),
    onSuccess: async () => {
      keep(NONE);
      await queries.invalidateQueries({ queryKey: ["p", project] });
    },
  });
  const isStale = steps.length > 0 && (isChanged(plan.error) || isChanged(applying.error));
  const theirs = useQuery({ ...shownQuery(project), enabled: isStale });
  const now = useQuery(docQuery(isStale ? (theirs.data?.yaml ?? "") : ""));
  const told = (side: Doc | undefined) =>
    side === undefined ? [] : changesOf(begun.data, side, {}).map(({ what, value }) => `${what}: ${value}`);
  const beginning = useMutation({
    mutationFn: async (more: readonly Step[]): Promise<Doc> => {
      const from = steps.length > 0 ? base : (await queries.fetchQuery(shownQuery(project))).yaml;
      const all = [...steps, ...more];
      keep({ base: from, steps: all });
      return applySteps(await queries.fetchQuery(docQuery(from)), all);
    },
  });
  return {
    /** The pipeline with the draft's changes, once something was begun. */
    doc,
    steps,
    plan,
    applying,
    error: beginning.error ?? begun.error ?? plan.error ?? applying.error,
    isStale,
    theirs: () => told(now.data),
    mine: () => told(doc),
    /** Go on with what is there now and with the draft's changes of it. */
    rebase: () => {
      applying.reset();
      if (theirs.data !== undefined) keep({ base: theirs.data.yaml, steps });
    },
    /** The pipeline to change: as it is now, with what the draft changes already. */
    begin: () => beginning.mutateAsync([]),
    add: (more: readonly Step[]) => beginning.mutate(more),
    undo: () => keep(steps.length === 1 ? NONE : { base, steps: steps.slice(0, -1) }),
    /** Leave standing what the draft would remove. */
    spare: (section: string, name: string) => {
      const left = steps.filter((step) => step.do !== "remove" || step.section !== section || step.name !== name);
      keep(left.length === 0 ? NONE : { base, steps: left });
    },
    drop: () => {
      applying.reset();
      keep(NONE);
    },
  };
}

export type Draft = ReturnType<typeof useDraft>;
