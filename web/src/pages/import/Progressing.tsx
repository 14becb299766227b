import { Anchor, Button, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, body, type Schemas } from "../../api/client";
import { useHere } from "../../api/here";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { State } from "../../parts/State";
import { words } from "../../words";
import { datasetQuery } from "../data/queries";
import { LabelFirst } from "../first/LabelFirst";
import { Items } from "./Items";

const UNDER_WAY = new Set(["scanning", "running"]);

const runKey = (project: number, run: number) => ["p", project, "import", run];

/** How far an import is; at its end what came in, and what failed and why. */
export function Progressing({ project, run }: { project: number; run: number }) {
  const { mayEdit } = useHere();
  const path = { project, run };
  const { data: told, error } = useQuery({
    queryKey: runKey(project, run),
    queryFn: () => body(api.GET("/api/v1/projects/{project}/imports/{run}", { params: { path } })),
    refetchInterval: ({ state }) => (state.data === undefined || UNDER_WAY.has(state.data.state) ? 1_000 : false),
  });
  const over = told !== undefined && !UNDER_WAY.has(told.state);
  const { data: dataset } = useQuery({ ...datasetQuery(project, told?.dataset ?? 0), enabled: over });
  useLive(project, (happening) => {
    if (happening.kind.startsWith("import.") && happening.body["import_id"] === run) {
      void queries.invalidateQueries({ queryKey: runKey(project, run), exact: true });
    }
  });
  const cancelling = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/imports/{run}/cancel", { params: { path } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: runKey(project, run) }),
  });
  if (told === undefined) return <Fault error={error} />;
  const counts = told.counts ?? {};
  const found = counts.found ?? 0;
  const done = found - (counts.waiting ?? 0);
  return (
    <Paper withBorder p="lg">
      <Stack gap="sm">
        {over ? (
          <>
            <Outcome project={project} told={told} />
            {dataset !== undefined && (dataset.files ?? 0) > 0 && (
              <LabelFirst
                dataset={dataset}
                suggestions={(told.request.annotations_as ?? "truth").replace(/^predictions:|^truth$/, "")}
              />
            )}
          </>
        ) : (
          <>
            <Text role="status">
              {told.state === "scanning" && found === 0
                ? words.importing.scanning
                : words.importing.bringing(done, found)}
            </Text>
            <Progress.Root>
              <Progress.Section value={found === 0 ? 0 : (100 * done) / found} aria-label={words.importing.running} />
            </Progress.Root>
            {mayEdit && (
              <Button variant="default" w="fit-content" onClick={() => cancelling.mutate()}>
                {words.importing.stop}
              </Button>
            )}
          </>
        )}
        <Fault error={cancelling.error} />
        {over && <Items project={project} run={run} />}
      </Stack>
    </Paper>
  );
}

function Outcome({ project, told }: { project: number; told: Schemas["Import"] }) {
  const counts = told.counts ?? {};
  const came = (counts.new ?? 0) + (counts.replaced ?? 0) + (counts.duplicate ?? 0);
  const annotations = (counts.annotations_added ?? 0) + (counts.annotations_updated ?? 0);
  const lines = [
    annotations > 0 ? words.importing.detected((told.format ?? "").toUpperCase(), annotations) : "",
    (counts.same ?? 0) > 0 ? words.importing.already(counts.same ?? 0) : "",
    (counts.annotations_refused ?? 0) > 0 ? words.importing.refused(counts.annotations_refused ?? 0) : "",
  ].filter(Boolean);
  return (
    <Stack gap="xs" role="status">
      <Group gap="sm">
        <State state={told.state} word={words.importing.cameIn(came)} />
        <Anchor
          renderRoot={(props) => (
            <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: told.dataset }} />
          )}
        >
          {words.importing.see}
        </Anchor>
      </Group>
      {told.state === "cancelled" && <Text>{words.importing.stopped}</Text>}
      {told.reason != null && <Text className="fail">{told.reason}</Text>}
      {lines.map((line) => (
        <Text key={line}>{line}</Text>
      ))}
      {(counts.failed ?? 0) > 0 && <Text className="fail">{words.importing.failed(counts.failed ?? 0)}</Text>}
      {told.problems.map((problem, at) => (
        <Text key={at} className="warn">
          {problem.detail}
        </Text>
      ))}
    </Stack>
  );
}
