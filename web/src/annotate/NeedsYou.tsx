import { Button, Popover, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { annotate as words } from "../words/annotate";
import type { Outbox } from "./outbox/outbox";
import { useSignal } from "./useSignal";

/** What the server refused, told without getting in the way. */
export function NeedsYou({ outbox }: { outbox: Outbox }) {
  const { refused } = useSignal(outbox.standing);
  if (refused.length === 0) return null;
  return (
    <Popover width={360} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<TriangleAlert size={14} className="warn" aria-hidden />}
        >
          {words.desk.needsYou(refused.length)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="sm" c="dimmed" mb="sm">
          {words.needs.why}
        </Text>
        <Stack gap="md" mah={320} style={{ overflow: "auto" }}>
          {refused.map((entry) => (
            <div key={entry.n}>
              <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
                {words.needs[entry.call]} <bdi>{entry.title}</bdi>
              </Text>
              <Text size="sm">{entry.problem?.detail}</Text>
              {entry.problem?.errors.slice(0, 5).map((fault, at) => (
                <Text key={at} size="sm" c="dimmed">
                  {fault.detail}
                </Text>
              ))}
              <Button
                size="compact-xs"
                variant="default"
                mt={4}
                mr={8}
                component={Link}
                to={`/tasks/${entry.template}/${entry.task}`}
              >
                {words.needs.open}
              </Button>
              <Button size="compact-xs" variant="subtle" mt={4} onClick={() => void outbox.drop(entry.n)}>
                {words.needs.drop}
              </Button>
            </div>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
