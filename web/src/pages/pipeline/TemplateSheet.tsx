import { Anchor, Button, Drawer, Group, Stack, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useHere } from "../../api/here";
import { State } from "../../parts/State";
import { count, words } from "../../words";
import { Bar, sentence } from "./Card";
import type { Status as TaskStatus } from "../queue/queries";
import type { Status, TemplateStatus } from "./graph";

interface TemplateSheetProps {
  status: Status;
  template: TemplateStatus | undefined;
  mayEdit: boolean;
  onClose: () => void;
  onPause: (template: number, pause: boolean) => void;
}

/** A template beside the pipeline: its tasks by state, where they come from and go. */
export function TemplateSheet({ status, template, mayEdit, onClose, onPause }: TemplateSheetProps) {
  const { project } = useHere();
  const names = (ids: readonly number[]) =>
    status.datasets
      .filter((one) => ids.includes(one.id))
      .map((one) => one.name)
      .join(", ") || words.pipeline.nowhere;
  return (
    <Drawer
      opened={template !== undefined}
      onClose={onClose}
      position="right"
      size={360}
      title={template?.name}
      closeButtonProps={{ "aria-label": words.actions.close }}
    >
      {template !== undefined && (
        <Stack>
          <div>
            <Bar template={template} />
            <Text size="sm" c="dimmed">
              {sentence(template)}
            </Text>
          </div>
          {template.state === "paused" && <State state="paused" word={words.pipeline.paused} />}
          <Table variant="vertical" layout="fixed">
            <Table.Tbody>
              {Object.entries(words.pipeline.statuses).map(([state, name]) => (
                <Table.Tr key={state}>
                  <Table.Th>
                    <Anchor
                      renderRoot={(props) => (
                        <Link
                          {...props}
                          to="/p/$project/templates/$template/queue"
                          params={{ project, template: template.id }}
                          search={{ status: state as TaskStatus }}
                        />
                      )}
                    >
                      {name}
                    </Anchor>
                  </Table.Th>
                  <Table.Td ta="right">{count(template.progress.counts[state] ?? 0)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          <Anchor
            renderRoot={(props) => (
              <Link {...props} to="/p/$project/templates/$template/queue" params={{ project, template: template.id }} />
            )}
          >
            {words.pipeline.offers.see_tasks}
          </Anchor>
          <Text>
            {words.pipeline.watches}: <b>{names(template.watches)}</b>
          </Text>
          <Text>
            {words.pipeline.routes}: <b>{names(template.routes_to)}</b>
          </Text>
          <Anchor
            renderRoot={(props) => (
              <Link {...props} to="/p/$project/templates/$template" params={{ project, template: template.id }} />
            )}
          >
            {words.pipeline.settings}
          </Anchor>
          {mayEdit && (
            <Group>
              <Button variant="default" onClick={() => onPause(template.id, template.state === "active")}>
                {template.state === "active" ? words.pipeline.pause : words.pipeline.resume}
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Drawer>
  );
}
