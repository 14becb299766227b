import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface EmptyProps {
  title: string;
  /** Of the heading: 1 where it is the page's. */
  order?: 1 | 2;
  children?: ReactNode;
  action?: ReactNode;
}

/** A page or panel with nothing in it: what that means, and what to do. */
export function Empty({ title, order = 2, children, action }: EmptyProps) {
  return (
    <Stack align="flex-start" gap="sm" p="xl" maw={520}>
      <Title order={order}>{title}</Title>
      {children !== undefined && (
        <Text size="md" c="dimmed">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
