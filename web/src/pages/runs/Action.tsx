import { Anchor, Button, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { api, body } from "../../api/client";
import { useLive } from "../../api/live";
import { useStatus } from "../../api/now";
import { queries } from "../../api/queries";
import { edits, useMe } from "../../api/session";
import { Empty } from "../../parts/Empty";
import { Facts } from "../../parts/Facts";
import { Fault } from "../../parts/Fault";
import { Json } from "../../parts/Json";
import { Page } from "../../parts/Page";
import { State } from "../../parts/State";
import { moment, words } from "../../words";
import { actionQuery, runsQuery } from "./queries";

/** An action: when it runs, what it does, and every run of it. */
export function Action() {
  const { project, action } = useParams({ from: "/signed-in/frame/p/$project/actions/$action" });
  const me = useMe();
  const navigate = useNavigate();
  const { data: found } = useSuspenseQuery(actionQuery(project, action));
  const { data: page } = useSuspenseQuery(runsQuery(project, action));
  const { data: status } = useStatus(project);
  const place = me.projects.find((one) => one.id === project);
  const path = { params: { path: { project, action } }, body: {} };
  useLive(project, (happening) => {
    if (happening.kind.startsWith("action.")) {
      void queries.invalidateQueries({ queryKey: runsQuery(project, action).queryKey });
    }
  });
  const firing = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/actions/{action}/fire", path)),
    onSuccess: async (run) => {
      notifications.show({ message: words.runs.fired });
      await navigate({ to: "/p/$project/actions/$action/runs/$run", params: { project, action, run: run.id } });
    },
  });
  const trying = useMutation({
    mutationFn: () => body(api.POST("/api/v1/projects/{project}/actions/{action}/dry-run", path)),
  });
  return (
    <Page
      title={found.name}
      actions={
        place !== undefined &&
        edits(place.role) && (
          <>
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link {...props} to="/p/$project/actions/$action/edit" params={{ project, action }} />
              )}
            >
              {words.runs.edit}
            </Button>
            <Button variant="default" loading={trying.isPending} onClick={() => trying.mutate()}>
              {words.runs.dryRun}
            </Button>
            <Button loading={firing.isPending} onClick={() => firing.mutate()}>
              {words.runs.fire}
            </Button>
          </>
        )
      }
    >
      <Stack p="xl" gap="lg">
        <Fault error={firing.error ?? trying.error} />
        <Facts
          of={{
            [words.runs.state]: <State state={found.state} />,
            [words.runs.when]: status?.actions.find((one) => one.id === action)?.when,
            [words.runs.steps]: found.settings.do.map((step) => step.name ?? step.kind).join(", "),
          }}
        />
        {page.items.length === 0 ? (
          <Empty title={words.runs.none}>{words.runs.noneWhy}</Empty>
        ) : (
          <Table highlightOnHover horizontalSpacing="lg">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.runs.title}</Table.Th>
                <Table.Th>{words.runs.state}</Table.Th>
                <Table.Th>{words.runs.cause}</Table.Th>
                <Table.Th>{words.runs.began}</Table.Th>
                <Table.Th>{words.runs.ended}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {page.items.map((run) => (
                <Table.Tr key={run.id}>
                  <Table.Td>
                    <Anchor
                      renderRoot={(props) => (
                        <Link
                          {...props}
                          to="/p/$project/actions/$action/runs/$run"
                          params={{ project, action, run: run.id }}
                        />
                      )}
                    >
                      {words.runs.run(run.id)}
                    </Anchor>
                  </Table.Td>
                  <Table.Td>
                    <State state={run.state} />
                  </Table.Td>
                  <Table.Td>{words.runs.causeOf(run.cause)}</Table.Td>
                  <Table.Td>{moment(run.created_at)}</Table.Td>
                  <Table.Td>{moment(run.finished_at)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Stack>
      <Modal
        opened={trying.isSuccess}
        onClose={() => trying.reset()}
        title={words.runs.dryRunTitle}
        size="lg"
        closeButtonProps={{ "aria-label": words.actions.close }}
      >
        <Stack>
          <Text c="dimmed">{words.runs.dryRunWhy}</Text>
          <Text>{trying.data?.holds === false ? words.runs.doesNotHold : words.runs.holds}</Text>
          {trying.data?.steps.map((step) => (
            <div key={step.name}>
              <Group gap="sm">
                <b>{step.name}</b>
                <Text>{step.would}</Text>
              </Group>
              <Json value={step.input} />
            </div>
          ))}
        </Stack>
      </Modal>
    </Page>
  );
}
