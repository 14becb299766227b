import { Button, CloseButton, Group, Text } from "@mantine/core";
import { useSessionStorage } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { words } from "../../words";
import classes from "./Pipeline.module.css";

/** What one sees in a demo, and what to try. It stays for the tab, until it is closed. */
export function DemoBanner({ asked }: { asked: boolean }) {
  const [state, setState] = useSessionStorage<"" | "closed" | "shown">({
    key: "penstock.demo",
    defaultValue: asked ? "shown" : "",
    getInitialValueInEffect: false,
  });
  if (state === "closed" || (state === "" && !asked)) return null;
  return (
    <section className={classes["draft"]} aria-label={words.demo.label}>
      <Group gap="md">
        <Text>{words.demo.what}</Text>
        <Group gap="sm" ml="auto" wrap="nowrap">
          <Button renderRoot={(props) => <Link {...props} to="/tasks" />}>{words.demo.labelOne}</Button>
          <Button variant="default" renderRoot={(props) => <Link {...props} to="/start" />}>
            {words.demo.mine}
          </Button>
          <CloseButton aria-label={words.actions.close} onClick={() => setState("closed")} />
        </Group>
      </Group>
    </section>
  );
}
