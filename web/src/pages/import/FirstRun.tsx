import { Stack, Text } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { words } from "../../words";
import { Form } from "./Form";

/** A project with nothing in it: one thing to do. */
export function FirstRun({ project }: { project: number }) {
  const navigate = useNavigate();
  return (
    <Stack p="xl" maw={880} gap="lg">
      <Text c="dimmed">{words.first.why}</Text>
      <Form
        project={project}
        samples
        onBegun={(begun) =>
          void navigate({
            to: "/p/$project/import",
            params: { project },
            search: { run: begun.id, dataset: begun.dataset },
          })
        }
      />
    </Stack>
  );
}
