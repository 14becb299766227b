import { Accordion, Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, body, type Schemas } from "../../api/client";
import { useLive } from "../../api/live";
import { queries } from "../../api/queries";
import { edits, useMe } from "../../api/session";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { Json } from "../../parts/Json";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { moment, words } from "../../words";
import { actionQuery, runQuery } from "./queries";

const OVER = new Set(["done", "failed", "cancelled"]);

/** One run of an action: each step with what went in, what came out and every try, and what was delivered. */
export function Run() {
  const { project, action, run } = useParams({ from: "/signed-in/frame/p/$project/actions/$action/runs/$run" });
  const me = useMe();
  const { data: found } = useSuspenseQuery(actionQuery(project, action));
  const { data: told } = useSuspenseQuery(runQuery(project, run));
  const refresh = () => queries.invalidateQueries({ queryKey: runQuery(project, run).queryKey });
  useLive(project, (happening) => {
    if (/^(action|delivery|export)\./.test(happening.kind)) void refresh();
  });
  const path = { params: { path: { project, run } } };
  const replaying = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/runs/{run}/replay", { ...path, body: {} })),
    onSuccess: () => {
      notifications.show({ message: words.runs.replayed });
      return refresh();
    },
  });
  const cancelling = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/runs/{run}/cancel", path)),
    onSuccess: refresh,
  });
  const place = me.projects.find((one) => one.id === project);
  return (
    <Page
      name={`${found.name} ${words.runs.run(run)}`}
      title={
        <>
          <Anchor
            inherit
            underline="always" // in a line of text colour alone doesn't tell it
            renderRoot={(props) => <Link {...props} to="/p/$project/actions/$action" params={{ project, action }} />}
          >
            {found.name}
          </Anchor>{" "}
          / {words.runs.run(run)}
        </>
      }
      actions={
        place !== undefined &&
        edits(place.role) &&
        (OVER.has(told.state) ? (
          <Button loading={replaying.isPending} onClick={() => replaying.mutate()}>
            {words.runs.replay}
          </Button>
        ) : (
          <Button variant="default" loading={cancelling.isPending} onClick={() => cancelling.mutate()}>
            {words.runs.cancel}
          </Button>
        ))
      }
    >
      <Stack p="xl" gap="lg" maw={960}>
        <Fault error={replaying.error ?? cancelling.error} />
        <Facts
          of={{
            [words.runs.state]: <State state={told.state} />,
            [words.runs.error]: told.error,
            [words.runs.cause]: words.runs.causeOf(told.cause),
            [words.runs.asOf]: told.as_of,
            [words.runs.began]: moment(told.created_at),
            [words.runs.ended]: moment(told.finished_at),
          }}
        />
        <Title order={2}>{words.runs.steps}</Title>
        {told.steps.map((step) => (
          <StepCard key={step.n} step={step} tries={told.tries.filter((one) => one.n === step.n)} />
        ))}
        {told.deliveries.length > 0 && (
          <>
            <Title order={2}>{words.runs.deliveries}</Title>
            <Paper withBorder p="md">
              <Stack gap="sm">
                {told.deliveries.map((delivery) => (
                  <Group key={delivery.id} gap="lg">
                    <Anchor
                      renderRoot={(props) => (
                        <Link
                          {...props}
                          to="/p/$project/deliveries/$delivery"
                          params={{ project, delivery: delivery.id }}
                        />
                      )}
                    >
                      {words.runs.delivery(delivery.id)}
                    </Anchor>
                    <State state={delivery.state} />
                    <Text c="dimmed">{words.runs.tries(delivery.tries)}</Text>
                    <Text className="fail">{delivery.error}</Text>
                  </Group>
                ))}
              </Stack>
            </Paper>
          </>
        )}
      </Stack>
    </Page>
  );
}

function StepCard({ step, tries }: { step: Schemas["StepRun"]; tries: Schemas["StepTry"][] }) {
  const shown: [string, unknown][] = [
    [words.runs.input, step.input],
    [words.runs.output, step.output],
    [words.runs.tries(step.tries), tries.length > 0 ? tries : null],
  ];
  return (
    <Paper withBorder>
      <Group p="md" justify="space-between">
        <Group gap="sm">
          <b>{step.name}</b>
          <Text c="dimmed">{step.name === step.kind ? "" : step.kind}</Text>
        </Group>
        <State state={step.state} />
      </Group>
      {step.error != null && (
        <Text px="md" pb="md" className="fail">
          {step.error}
        </Text>
      )}
      <Accordion multiple variant="default" chevronPosition="left">
        {shown
          .filter(([, value]) => value !== null && value !== undefined)
          .map(([name, value]) => (
            <Accordion.Item key={name} value={name}>
              <Accordion.Control>{name}</Accordion.Control>
              <Accordion.Panel>
                <Json value={value} />
              </Accordion.Panel>
            </Accordion.Item>
          ))}
      </Accordion>
    </Paper>
  );
}
