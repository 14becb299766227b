import { Anchor, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { words } from "../../words";
import { LastRun, sentence } from "./Card";
import classes from "./Pipeline.module.css";
import type { Status, TemplateStatus } from "./graph";

interface ListProps {
  project: number;
  status: Status;
  onTemplate: (template: TemplateStatus) => void;
}

/** The same pipeline as a table: for keyboards, screen readers and long ones. */
export function List({ project, status, onTemplate }: ListProps) {
  const datasets = new Map(status.datasets.map((one) => [one.id, one.name]));
  const templates = new Map(status.templates.map((one) => [one.id, one.name]));
  const names = (ids: readonly number[], of: Map<number, string>) =>
    ids.flatMap((id) => of.get(id) ?? []).join(", ") || "–";
  return (
    <div className={classes["list"]}>
      <Table highlightOnHover verticalSpacing={6} horizontalSpacing="lg">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.pipeline.table.what}</Table.Th>
            <Table.Th>{words.pipeline.table.name}</Table.Th>
            <Table.Th>{words.pipeline.table.from}</Table.Th>
            <Table.Th>{words.pipeline.table.to}</Table.Th>
            <Table.Th>{words.pipeline.table.state}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.datasets.map((dataset) => (
            <Table.Tr key={`dataset ${dataset.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.dataset}</Table.Td>
              <Table.Td>
                <Anchor
                  renderRoot={(props) => (
                    <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: dataset.id }} />
                  )}
                >
                  {dataset.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{names(dataset.fed_by, templates)}</Table.Td>
              <Table.Td>{names(dataset.watched_by, templates)}</Table.Td>
              <Table.Td>{words.pipeline.files(dataset.files)}</Table.Td>
            </Table.Tr>
          ))}
          {status.templates.map((template) => (
            <Table.Tr key={`template ${template.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.template}</Table.Td>
              <Table.Td>
                <Anchor component="button" type="button" onClick={() => onTemplate(template)}>
                  {template.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{names(template.watches, datasets)}</Table.Td>
              <Table.Td>{names(template.routes_to, datasets)}</Table.Td>
              <Table.Td>{sentence(template)}</Table.Td>
            </Table.Tr>
          ))}
          {status.actions.map((action) => (
            <Table.Tr key={`action ${action.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.action}</Table.Td>
              <Table.Td>
                <Anchor
                  renderRoot={(props) => (
                    <Link {...props} to="/p/$project/actions/$action" params={{ project, action: action.id }} />
                  )}
                >
                  {action.name}
                </Anchor>
              </Table.Td>
              <Table.Td>{action.when}</Table.Td>
              <Table.Td>{action.steps.join(", ")}</Table.Td>
              <Table.Td>
                <LastRun action={action} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
