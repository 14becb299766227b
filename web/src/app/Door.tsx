import { Center, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { words } from "../words";

/** What stands around the pages for people who aren't in yet. */
export function Door({ children }: { children: ReactNode }) {
  return (
    <Center component="main" mih="100vh" bg="var(--surface)" p="lg">
      <Stack align="center" gap="lg">
        <Text fw={600} size="xl" component="p" m={0}>
          <img src="/icon.svg" alt="" width={24} height={24} style={{ verticalAlign: "-5px", marginRight: 8 }} />
          {words.product}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}
