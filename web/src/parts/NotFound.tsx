import { Button } from "@mantine/core";
import { words } from "../words";
import { Empty } from "./Empty";

/** An address at which nothing is, or nothing for this person. */
export function NotFound() {
  return (
    <Empty
      order={1}
      title={words.fault.notFound}
      action={
        <Button component="a" href="/" variant="default">
          {words.fault.home}
        </Button>
      }
    >
      {words.fault.notFoundWhy}
    </Empty>
  );
}
