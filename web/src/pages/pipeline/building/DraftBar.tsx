import { Button, Group, List, Popover, Text } from "@mantine/core";
import { Unsaved } from "../../../parts/Stale";
import { words } from "../../../words";
import classes from "../Pipeline.module.css";
import type { Draft } from "./useDraft";

/** What a draft would change, and whether it is applied. */
export function DraftBar({ draft }: { draft: Draft }) {
  const changes = draft.plan.data?.changes ?? [];
  if (draft.steps.length === 0) return null;
  return (
    <section className={classes["draft"]} aria-label={words.building.draft}>
      <Group gap="md">
        <Text fw={600} role="status">
          {draft.plan.isSuccess
            ? words.building.changes(changes.length)
            : draft.plan.isError
              ? words.building.notPlanned
              : words.building.planning}
        </Text>
        {changes.length > 0 && (
          <Popover position="bottom-start" width={480} shadow="md">
            <Popover.Target>
              <Button variant="subtle">{words.building.see}</Button>
            </Popover.Target>
            <Popover.Dropdown className={classes["changes"] ?? ""}>
              <List size="md">
                {changes.map((change, at) => (
                  <List.Item key={at}>
                    <span className={change.do === "remove" ? "fail" : undefined}>{words.building.dos[change.do]}</span>{" "}
                    {change.what} <b>{change.name}</b>
                    {change.do !== "add" &&
                      change.details?.map((detail) => (
                        <Text key={detail} size="sm" c="dimmed">
                          <bdi>{detail}</bdi>
                        </Text>
                      ))}
                  </List.Item>
                ))}
              </List>
            </Popover.Dropdown>
          </Popover>
        )}
        <Group gap="sm" ml="auto">
          <Button variant="subtle" onClick={draft.undo}>
            {words.building.undo}
          </Button>
          <Button variant="default" onClick={draft.drop}>
            {words.building.drop}
          </Button>
          <Button
            disabled={!draft.plan.isSuccess || changes.length === 0}
            loading={draft.applying.isPending}
            onClick={() => draft.applying.mutate()}
          >
            {words.building.apply}
          </Button>
        </Group>
      </Group>
      <Unsaved
        edited={{ isStale: draft.isStale, merge: draft.rebase, take: draft.drop }}
        saving={{ error: draft.error, reset: draft.applying.reset }}
        theirs={draft.theirs}
        mine={draft.mine}
      />
    </section>
  );
}
