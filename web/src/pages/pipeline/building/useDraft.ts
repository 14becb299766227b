/** A draft of changes to the pipeline: kept in the tab until it is applied or dropped, planned by the server at each step. */
import { useSessionStorage } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body } from "../../../api/client";
import { queries } from "../../../api/queries";
import { applySteps, type Doc, type Step } from "./steps";

export function useDraft(project: number) {
  const [steps, setSteps] = useSessionStorage<Step[]>({ key: `penstock.draft.${project}`, defaultValue: [] });
  const path = { params: { path: { project } } };
  const base = useQuery({
    queryKey: ["p", project, "pipeline"],
    queryFn: async () => {
      const [{ yaml }, { parse }] = await Promise.all([
        body(api.GET("/api/v1/projects/{project}/pipeline", path)),
        import("yaml"),
      ]);
      return parse(yaml) as Doc;
    },
    enabled: steps.length > 0,
    staleTime: Infinity,
  });
  const doc = useMemo(
    () => (base.data === undefined || steps.length === 0 ? null : applySteps(base.data, steps)),
    [base.data, steps],
  );
  // JSON is YAML too.
  const yaml = useMemo(() => (doc === null ? null : JSON.stringify(doc, null, 1)), [doc]);
  const plan = useQuery({
    queryKey: ["p", project, "plan", yaml],
    queryFn: () => body(api.POST("/api/v1/projects/{project}/pipeline/plan", { ...path, body: { yaml: yaml ?? "" } })),
    enabled: yaml !== null,
    retry: false,
  });
  const applying = useMutation({
    mutationFn: () =>
      body(api.POST("/api/v1/projects/{project}/pipeline/apply", { ...path, body: { yaml: yaml ?? "" } })),
    onSuccess: async () => {
      setSteps([]);
      await queries.invalidateQueries({ queryKey: ["p", project] });
    },
  });
  return {
    doc,
    steps,
    plan,
    applying,
    error: base.error ?? plan.error ?? applying.error,
    add: (more: readonly Step[]) => {
      // What somebody else changed meanwhile is what a new draft begins with.
      if (steps.length === 0) void queries.invalidateQueries({ queryKey: ["p", project, "pipeline"], exact: true });
      setSteps([...steps, ...more]);
    },
    undo: () => setSteps(steps.slice(0, -1)),
    drop: () => setSteps([]),
  };
}

export type Draft = ReturnType<typeof useDraft>;
