import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A page or panel with nothing in it: what that means, and what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Stack align="flex-start" gap="sm" p="xl" maw={520}>
      <Title order={2}>{title}</Title>
      {children !== undefined && (
        <Text size="md" c="dimmed">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
