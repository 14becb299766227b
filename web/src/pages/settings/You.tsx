import { Stack } from "@mantine/core";
import { Page } from "../../parts/Page";
import { words } from "../../words";
import { Account } from "./Account";

/** Oneself, for whoever is in no project that they may look into. */
export function You() {
  return (
    <Page title={words.rail.account}>
      <Stack p="xl">
        <Account />
      </Stack>
    </Page>
  );
}
