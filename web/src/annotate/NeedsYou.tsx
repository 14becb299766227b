import { Button, Group, Popover, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { annotate as words } from "../words/annotate";
import type { Kept } from "./outbox/entry";
import { isSave, type Outbox } from "./outbox/outbox";
import type { Saving } from "./saving";
import { useSignal } from "./useSignal";

interface NeedsYouProps {
  outbox: Outbox;
  /** The desk one sits at, where there is one: it knows what has become of what it drew. */
  saving?: Saving | undefined;
}

/** What the server refused, told without getting in the way: look at it, mend it and try again, or let it go. */
export function NeedsYou({ outbox, saving }: NeedsYouProps) {
  const { refused } = useSignal(outbox.standing);
  return refused.length > 0 && <Setbacks outbox={outbox} saving={saving} refused={refused} />;
}

interface SetbacksProps extends NeedsYouProps {
  refused: readonly Kept[];
}

function Setbacks({ outbox, saving, refused }: SetbacksProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover width={360} position="bottom-end" trapFocus opened={open} onChange={setOpen}>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          style={{ flex: "none" }}
          leftSection={<TriangleAlert size={14} className="warn" aria-hidden />}
          onClick={() => setOpen(!open)}
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
            <Setback
              key={entry.n}
              entry={entry}
              look={() => setOpen(false)}
              again={() => void (saving ? saving.tryAgain(entry) : outbox.resend(entry))}
              letGo={() => void (saving ? saving.letGo(entry) : outbox.drop(entry.n))}
            />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

interface SetbackProps {
  entry: Kept;
  look: () => void;
  again: () => void;
  letGo: () => void;
}

function Setback({ entry, look, again, letGo }: SetbackProps) {
  const shape = isSave(entry) ? entry.body.changes[0]?.id : undefined;
  return (
    <div>
      <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
        {words.needs[entry.call]} <bdi>{entry.title}</bdi>
      </Text>
      <Text size="sm">{entry.problem?.detail}</Text>
      {entry.call === "note" && (
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          <bdi>{entry.body.text}</bdi>
        </Text>
      )}
      {entry.problem?.errors.slice(0, 5).map((fault, at) => (
        <Text key={at} size="sm" c="dimmed">
          {fault.detail}
        </Text>
      ))}
      <Group gap="xs" mt={4}>
        <Button
          size="compact-xs"
          variant="default"
          component={Link}
          to={`/tasks/${entry.template}/${entry.task}`}
          {...(shape && { hash: shape })}
          onClick={look}
        >
          {shape ? words.needs.show : words.needs.open}
        </Button>
        <Button size="compact-xs" variant="default" onClick={again}>
          {words.needs.again}
        </Button>
        <Button size="compact-xs" variant="subtle" onClick={letGo}>
          {words.needs.drop}
        </Button>
      </Group>
    </div>
  );
}
