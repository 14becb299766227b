import { Anchor, Button, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { words } from "../../words";
import classes from "./Pipeline.module.css";
import type { Thing, Trouble } from "./graph";

interface AttentionProps {
  project: number;
  found: readonly { thing: Thing; trouble: Trouble }[];
  mayEdit: boolean;
  mayInvite: boolean;
  act: {
    resume: (template: number) => void;
    enable: (connection: number) => void;
    invite: () => void;
    open: (template: number) => void;
  };
}

/** What stands still: the cause, and the one thing to do about it. */
export function Attention({ found, ...may }: AttentionProps) {
  if (found.length === 0) return null;
  return (
    <section className={classes["attention"]} aria-label={words.pipeline.attention}>
      {found.map(({ thing, trouble }) => (
        <Group key={`${thing.kind} ${thing.value.id} ${trouble.cause}`} gap="sm" wrap="nowrap">
          <TriangleAlert size={16} className={/failed|off/.test(trouble.cause) ? "fail" : "warn"} aria-hidden />
          <Text className={classes["cause"]} title={trouble.detail}>
            <b>
              <bdi>{thing.value.name}</bdi>
            </b>{" "}
            {trouble.detail}
          </Text>
          <Offered thing={thing} trouble={trouble} {...may} />
        </Group>
      ))}
    </section>
  );
}

function Offered({
  project,
  thing,
  trouble,
  mayEdit,
  mayInvite,
  act,
}: Omit<AttentionProps, "found"> & { thing: Thing; trouble: Trouble }) {
  const word = words.pipeline.offers[trouble.offer];
  const button = (onClick: () => void) => (
    <Button variant="default" size="compact-sm" onClick={onClick}>
      {word}
    </Button>
  );
  switch (trouble.offer) {
    case "resume":
      return mayEdit && button(() => act.resume(thing.value.id));
    case "enable_receiver":
      return mayEdit && trouble.about != null && button(() => act.enable(trouble.about ?? 0));
    case "invite":
      return mayInvite && button(act.invite);
    case "watch":
      return button(() => act.open(thing.value.id));
    case "see_tasks":
      return (
        <Anchor
          renderRoot={(props) => (
            <Link
              {...props}
              to="/p/$project/templates/$template/queue"
              params={{ project, template: thing.value.id }}
              search={{ status: "in_progress" }}
            />
          )}
        >
          {word}
        </Anchor>
      );
    case "see_run":
      return (
        <Anchor
          renderRoot={(props) => (
            <Link
              {...props}
              to="/p/$project/actions/$action/runs/$run"
              params={{ project, action: thing.value.id, run: trouble.about ?? 0 }}
            />
          )}
        >
          {word}
        </Anchor>
      );
    case "see_import":
    case "import":
      return (
        <Anchor
          renderRoot={(props) => (
            <Link
              {...props}
              to="/p/$project/import"
              params={{ project }}
              search={trouble.offer === "import" ? { dataset: thing.value.id } : { run: trouble.about ?? 0 }}
            />
          )}
        >
          {word}
        </Anchor>
      );
  }
}
