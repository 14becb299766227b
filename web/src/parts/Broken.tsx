import { Button, Code, Stack, Text } from "@mantine/core";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Refused, Unreached } from "../api/problem";
import { words } from "../words";
import { Empty } from "./Empty";
import { Fault } from "./Fault";
import { NotFound } from "./NotFound";

/** A page that can't be shown: refused, unreachable, or broken by us. */
export function Broken({ error, reset }: ErrorComponentProps) {
  if (error instanceof Refused && error.status === 404) return <NotFound />;
  if (error instanceof Refused || error instanceof Unreached) {
    return (
      <Stack p="xl" maw={640}>
        <Fault error={error} again={reset} />
      </Stack>
    );
  }
  return (
    <Empty
      title={words.fault.crashed}
      action={<Button onClick={() => window.location.reload()}>{words.fault.reload}</Button>}
    >
      <Text span>{words.fault.crashedWhy}</Text>
      <Code block mt="sm">
        {String(error)}
      </Code>
    </Empty>
  );
}
