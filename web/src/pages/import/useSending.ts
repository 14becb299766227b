/** From files at hand to an import under way. */
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, body, type Schemas } from "../../api/client";
import { queries } from "../../api/queries";
import { words } from "../../words";
import type { Found } from "./collect";
import { send, type Sending } from "./send";

export type Into = { dataset: number } | { name: string };

export interface Wanted {
  into: Into;
  truth: boolean;
  source: { files: readonly Found[] } | { path: string };
}

/** `start` sends and begins the import; `onBegun` gets it. */
export function useSending(project: number, onBegun: (run: Schemas["Import"]) => void) {
  const [sending, setSending] = useState<Sending | null>(null);
  const [failed, setFailed] = useState<{ name: string; why: string }[]>([]);
  const stop = useRef<AbortController | null>(null);
  const working = useMutation({
    mutationFn: async ({ into, truth, source }: Wanted) => {
      setFailed([]);
      let from: Schemas["PathSource"] | { kind: "uploads"; uploads: number[] };
      if ("path" in source) {
        from = { kind: "path", path: source.path };
      } else {
        stop.current = new AbortController();
        if (source.files.length === 0) throw new Error(words.importing.nothing);
        const sent = await send(project, source.files, setSending, stop.current.signal);
        setFailed(sent.failed);
        if (stop.current.signal.aborted || sent.uploads.length === 0) return null;
        from = { kind: "uploads", uploads: sent.uploads };
      }
      const dataset = "dataset" in into ? into.dataset : await datasetNamed(project, into.name);
      return body(
        api.POST("/api/v1/projects/{project}/imports", {
          params: { path: { project } },
          body: { dataset, source: from, annotations_as: truth ? "truth" : "predictions:import" },
        }),
      );
    },
    onSuccess: (run) => {
      if (run != null) onBegun(run);
    },
    onSettled: () => setSending(null),
  });
  return { start: working.mutate, stop: () => stop.current?.abort(), sending, failed, working };
}

/** The dataset of that name, made when there is none. */
async function datasetNamed(project: number, name: string): Promise<number> {
  const path = { path: { project } };
  const found = await body(api.GET("/api/v1/projects/{project}/datasets", { params: { ...path, query: { name } } }));
  const known = found.items[0];
  if (known !== undefined) return known.id;
  const made = await body(api.POST("/api/v1/projects/{project}/datasets", { params: path, body: { name } }));
  await queries.invalidateQueries({ queryKey: ["p", project] });
  return made.id;
}
