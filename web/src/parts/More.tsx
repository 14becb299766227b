/** The button for the next page of a long list, where there is one. */
import { Button } from "@mantine/core";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
}

export function More({ of, label }: { of: Pages; label: string }) {
  if (!of.hasNextPage) return null;
  return (
    <Button
      variant="default"
      style={{ alignSelf: "flex-start" }}
      loading={of.isFetchingNextPage}
      onClick={() => void of.fetchNextPage()}
    >
      {label}
    </Button>
  );
}
