import { Button, Group, List, SimpleGrid, Text } from "@mantine/core";
import { words } from "../words";
import { Fault } from "./Fault";
import { Notice } from "./Notice";

interface StaleProps {
  theirs: readonly string[];
  mine: readonly string[];
  merge: () => void;
  take: () => void;
}

interface UnsavedProps {
  edited: { isStale: boolean; merge: () => void; take: () => void };
  saving: { error: unknown; reset: () => void };
  theirs: () => readonly string[];
  mine: () => readonly string[];
}

/** Why an edit isn't saved: somebody else changed the thing meanwhile, or saving was refused. */
export function Unsaved({ edited, saving, theirs, mine }: UnsavedProps) {
  if (!edited.isStale) return <Fault error={saving.error} />;
  const then = (choose: () => void) => () => {
    choose();
    saving.reset();
  };
  return <Stale theirs={theirs()} mine={mine()} merge={then(edited.merge)} take={then(edited.take)} />;
}

/** Somebody changed what is edited here: both sides, and which to go on with. Nothing is saved by choosing. */
function Stale({ theirs, mine, merge, take }: StaleProps) {
  return (
    <Notice title={words.stale.title}>
      <SimpleGrid cols={2}>
        <Side title={words.stale.theirs} changes={theirs} />
        <Side title={words.stale.mine} changes={mine} />
      </SimpleGrid>
      <Group gap="sm">
        <Button variant="default" onClick={merge}>
          {words.stale.merge}
        </Button>
        <Button variant="default" onClick={take}>
          {words.stale.take}
        </Button>
      </Group>
    </Notice>
  );
}

function Side({ title, changes }: { title: string; changes: readonly string[] }) {
  return (
    <section aria-label={title}>
      <Text fw={600} size="sm">
        {title}
      </Text>
      <List size="sm">
        {changes.map((one) => (
          <List.Item key={one} style={{ overflowWrap: "anywhere" }}>
            <bdi>{one}</bdi>
          </List.Item>
        ))}
      </List>
    </section>
  );
}
