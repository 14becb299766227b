import { Anchor, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { words } from "../../words";
import type { Building } from "./building/AddMenu";
import { NodeMenu } from "./building/NodeMenu";
import { LastRun, sentence } from "./Card";
import classes from "./Pipeline.module.css";
import type { Status, TemplateStatus, Thing } from "./graph";

interface ListProps {
  project: number;
  status: Status;
  onTemplate: (template: TemplateStatus) => void;
  /** How it is changed, for those who may. */
  building: Building | undefined;
}

/** The same pipeline as a table: for keyboards, screen readers and long ones. */
export function List({ project, status, onTemplate, building }: ListProps) {
  const menu = (thing: Thing) =>
    building !== undefined && (
      <Table.Td>
        <NodeMenu thing={thing} building={building} adds />
      </Table.Td>
    );
  const draft = ({ kind, value }: Thing) => {
    if (building?.isRemoved(`${kind}s`, value.name)) return words.building.removed;
    return value.id < 0 ? words.building.notApplied : undefined;
  };
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
            {building !== undefined && (
              <Table.Th>
                <span className="sr">{words.pipeline.table.change}</span>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {status.datasets.map((dataset) => (
            <Table.Tr key={`dataset ${dataset.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.dataset}</Table.Td>
              <Table.Td>
                {dataset.id < 0 ? (
                  dataset.name
                ) : (
                  <Anchor
                    renderRoot={(props) => (
                      <Link {...props} to="/p/$project/data/$dataset" params={{ project, dataset: dataset.id }} />
                    )}
                  >
                    {dataset.name}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>{names(dataset.fed_by, templates)}</Table.Td>
              <Table.Td>{names(dataset.watched_by, templates)}</Table.Td>
              <Table.Td>{draft({ kind: "dataset", value: dataset }) ?? words.pipeline.files(dataset.files)}</Table.Td>
              {menu({ kind: "dataset", value: dataset })}
            </Table.Tr>
          ))}
          {status.templates.map((template) => (
            <Table.Tr key={`template ${template.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.template}</Table.Td>
              <Table.Td>
                {template.id < 0 ? (
                  template.name
                ) : (
                  <Anchor component="button" type="button" onClick={() => onTemplate(template)}>
                    {template.name}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>{names(template.watches, datasets)}</Table.Td>
              <Table.Td>{names(template.routes_to, datasets)}</Table.Td>
              <Table.Td>{draft({ kind: "template", value: template }) ?? sentence(template)}</Table.Td>
              {menu({ kind: "template", value: template })}
            </Table.Tr>
          ))}
          {status.actions.map((action) => (
            <Table.Tr key={`action ${action.id}`}>
              <Table.Td c="dimmed">{words.pipeline.kinds.action}</Table.Td>
              <Table.Td>
                {action.id < 0 ? (
                  action.name
                ) : (
                  <Anchor
                    renderRoot={(props) => (
                      <Link {...props} to="/p/$project/actions/$action" params={{ project, action: action.id }} />
                    )}
                  >
                    {action.name}
                  </Anchor>
                )}
              </Table.Td>
              <Table.Td>{action.when}</Table.Td>
              <Table.Td>{action.steps.join(", ")}</Table.Td>
              <Table.Td>{draft({ kind: "action", value: action }) ?? <LastRun action={action} />}</Table.Td>
              {menu({ kind: "action", value: action })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
