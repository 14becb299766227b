import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, body } from "../../api/client";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { edits, useMe } from "../../api/session";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { Json } from "../../parts/Json";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { moment, words } from "../../words";
import { deliveryQuery } from "./queries";

/** One message to a receiver, with every try: what was sent, and what came back. */
export function Delivery() {
  const { project, delivery } = useParams({ from: "/signed-in/frame/p/$project/deliveries/$delivery" });
  const me = useMe();
  const { data: told } = useSuspenseQuery(deliveryQuery(project, delivery));
  const refresh = () => queries.invalidateQueries({ queryKey: deliveryQuery(project, delivery).queryKey });
  useLive(project, (happening) => {
    if (happening.kind.startsWith("delivery.")) void refresh();
  });
  const sending = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/projects/{project}/deliveries/{delivery}/replay", {
          params: { path: { project, delivery } },
        }),
      ),
    onSuccess: refresh,
  });
  const place = me.projects.find((one) => one.id === project);
  return (
    <Page
      title={words.runs.delivery(delivery)}
      actions={
        place !== undefined &&
        edits(place.role) &&
        told.state !== "pending" && (
          <Button loading={sending.isPending} onClick={() => sending.mutate()}>
            {words.runs.sendAgain}
          </Button>
        )
      }
    >
      <Stack p="xl" gap="lg" maw={960}>
        <Fault error={sending.error} />
        <Facts
          of={{
            [words.runs.state]: <State state={told.state} />,
            [words.runs.error]: told.error,
            [words.runs.began]: moment(told.created_at),
            [words.runs.ended]: moment(told.finished_at),
          }}
        />
        <Title order={2}>{words.runs.request}</Title>
        <Json value={told.body} />
        <Title order={2}>{words.runs.tries(told.tries)}</Title>
        {told.log.map((one) => (
          <Paper key={one.number} withBorder p="md">
            <Group justify="space-between" mb="sm">
              <Group gap="sm">
                <State
                  state={one.error == null && (one.status ?? 0) < 300 ? "done" : "failed"}
                  word={one.status == null ? words.runs.noAnswer : String(one.status)}
                />
                <Text c="dimmed">{one.took_seconds == null ? "" : `${one.took_seconds.toFixed(2)} s`}</Text>
              </Group>
              <Text c="dimmed">{moment(one.at)}</Text>
            </Group>
            {one.error != null && (
              <Text className="fail" mb="sm">
                {one.error}
              </Text>
            )}
            <Text c="dimmed">{words.runs.request}</Text>
            <Json value={one.request} />
            {one.response != null && (
              <>
                <Text c="dimmed">{words.runs.response}</Text>
                <Json value={{ ...one.response, body: one.body }} />
              </>
            )}
          </Paper>
        ))}
      </Stack>
    </Page>
  );
}
