import { Button, Group, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { api, body } from "../../api/client";
import { statusQuery } from "../../api/now";
import { queries } from "../../api/queries";
import { Fault } from "../../parts/Fault";
import { setbacks as words } from "../../words/setbacks";
import classes from "./Pipeline.module.css";
import { byFollower, type Setback, type Told } from "./setbacks";

interface SetbacksProps {
  project: number;
  found: readonly Setback[];
}

/** What doesn't follow from events as it should: what, why, and what to do about it. */
export function Setbacks({ project, found }: SetbacksProps) {
  if (found.length === 0) return null;
  return (
    <section className={classes["attention"]} aria-label={words.title}>
      {byFollower(found).map((told) => (
        <Row key={`${told.follower} ${told.isStopped}`} project={project} told={told} />
      ))}
    </section>
  );
}

function Row({ project, told }: { project: number; told: Told }) {
  const { follower, isStopped, events, seqs, ids, trouble } = told;
  const answering = useMutation({
    mutationFn: async (answer: "replay" | "dismiss") => {
      for (const setback of ids) {
        const path = { params: { path: { project, setback } } };
        await body(
          answer === "replay"
            ? api.POST("/api/v1/projects/{project}/setbacks/{setback}/replay", path)
            : api.POST("/api/v1/projects/{project}/setbacks/{setback}/dismiss", path),
        );
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: statusQuery(project).queryKey }),
  });
  return (
    <div className={classes["setback"]}>
      <TriangleAlert size={16} className={isStopped ? "fail" : "warn"} aria-hidden />
      <div>
        <Text>
          <b>{words.followers[follower] ?? follower}</b>{" "}
          {isStopped ? words.stopped(seqs[0] ?? 0) : words.setAside(events, seqs)}{" "}
          <bdi className={classes["trouble"]}>{trouble}</bdi>
        </Text>
        <Text c="dimmed">{isStopped ? words.stoppedDo : words.setAsideDo}</Text>
        <Fault error={answering.error} />
      </div>
      {ids.length > 0 && (
        <Group gap="xs" wrap="nowrap">
          <Button
            variant="default"
            size="compact-sm"
            loading={answering.isPending}
            onClick={() => answering.mutate("replay")}
          >
            {words.replay}
          </Button>
          <Button
            variant="subtle"
            size="compact-sm"
            disabled={answering.isPending}
            onClick={() => answering.mutate("dismiss")}
          >
            {words.dismiss}
          </Button>
        </Group>
      )}
    </div>
  );
}
