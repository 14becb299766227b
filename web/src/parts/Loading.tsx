import { Center, Loader } from "@mantine/core";
import { words } from "../words";

/** Something is on its way. */
export function Loading() {
  return (
    <Center p="xl" role="status" aria-label={words.actions.loading}>
      <Loader size="sm" type="dots" />
    </Center>
  );
}
