import { Alert, Button, Group, List, Text } from "@mantine/core";
import { TriangleAlert } from "lucide-react";
import { Refused, Unreached } from "../api/problem";
import { words } from "../words";

/** Why something did not work, in the server's own words, where it happened. */
export function Fault({ error, again }: { error: unknown; again?: () => void }) {
  if (error === null || error === undefined) return null;
  const away = error instanceof Unreached;
  const told = error instanceof Refused ? error.problem : null;
  return (
    <Alert
      color="red"
      variant="outline"
      role="alert"
      icon={<TriangleAlert size={16} />}
      title={away ? words.fault.unreached : words.fault.title}
    >
      <Text size="md">{away ? words.fault.unreachedWhy : (told?.detail ?? String(error))}</Text>
      {told !== null && told.errors.length > 0 && (
        <List size="md" mt="sm">
          {told.errors.slice(0, 10).map((fault, at) => (
            <List.Item key={at}>
              {fault.at !== "" && <code>{fault.at}: </code>}
              {fault.detail}
            </List.Item>
          ))}
        </List>
      )}
      {again !== undefined && (
        <Group mt="sm">
          <Button variant="default" onClick={again}>
            {words.fault.again}
          </Button>
        </Group>
      )}
    </Alert>
  );
}
