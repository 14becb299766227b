import { ActionIcon, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, useRef } from "react";
import { newId } from "../../api/ids";
import { RemoveButton } from "../../parts/Removable";
import { schema as words } from "../../words/schema";
import { type DraftOption, namesIn } from "./draft";

interface OptionsProps {
  options: readonly DraftOption[];
  isTree: boolean;
  mayEdit: boolean;
  fault: string | undefined;
  change: (to: readonly DraftOption[]) => void;
}

/** The answers to choose from, in their order. Enter adds the next; pasting a list adds all. */
export function Options({ options, isTree, mayEdit, fault, change }: OptionsProps) {
  const list = useRef<HTMLDivElement>(null);
  const focusLast = () =>
    requestAnimationFrame(() =>
      [...(list.current?.querySelectorAll<HTMLInputElement>("input[data-option]") ?? [])].at(-1)?.focus(),
    );
  const add = (names: readonly string[]) => {
    change([...options, ...names.map((name) => ({ key: newId(), name }))]);
    focusLast();
  };
  const set = (key: string, part: Partial<DraftOption>) =>
    change(options.map((option) => (option.key === key ? { ...option, ...part } : option)));
  const move = (at: number, by: number) => {
    const moved = [...options];
    const [one] = moved.splice(at, 1);
    if (one !== undefined) moved.splice(at + by, 0, one);
    change(moved);
  };
  const typed = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add([""]);
  };
  const pasted = (key: string) => (event: ClipboardEvent) => {
    const names = namesIn(
      event.clipboardData.getData("text"),
      options.map((option) => option.name),
    );
    if (names.length < 2) return;
    event.preventDefault();
    const [first = "", ...rest] = names;
    change([
      ...options.map((one) => (one.key === key ? { ...one, name: first } : one)),
      ...rest.map((name) => ({ key: newId(), name })),
    ]);
  };
  return (
    <Stack gap="xs" ref={list} role="group" aria-label={words.options}>
      <Text fw={600} size="sm">
        {words.options}
      </Text>
      {options.map((option, at) => (
        <Group key={option.key} gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            data-option
            aria-label={`${words.option} ${at + 1}`}
            maxLength={200}
            disabled={!mayEdit}
            value={option.name}
            onKeyDown={typed}
            onPaste={pasted(option.key)}
            onChange={(event) => set(option.key, { name: event.currentTarget.value })}
          />
          {isTree && (
            <Select
              w={140}
              aria-label={`${words.parent}: ${option.name}`}
              placeholder={words.noParent}
              clearable
              disabled={!mayEdit}
              data={options
                .filter((one) => one.key !== option.key && one.name.trim() !== "")
                .map(({ key, name }) => ({ value: key, label: name }))}
              value={option.parent ?? null}
              onChange={(parent) => set(option.key, { parent: parent ?? undefined })}
            />
          )}
          {mayEdit && (
            <>
              <ActionIcon
                variant="subtle"
                disabled={at === 0}
                aria-label={`${words.up}: ${option.name}`}
                onClick={() => move(at, -1)}
              >
                <ArrowUp size={14} />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                disabled={at === options.length - 1}
                aria-label={`${words.down}: ${option.name}`}
                onClick={() => move(at, 1)}
              >
                <ArrowDown size={14} />
              </ActionIcon>
              <RemoveButton
                label={`${words.removeOption}: ${option.name}`}
                onClick={() => change(options.filter((one) => one.key !== option.key))}
              />
            </>
          )}
        </Group>
      ))}
      {fault !== undefined && (
        <Text size="sm" className="fail" role="alert">
          {fault}
        </Text>
      )}
      {mayEdit && (
        <Group>
          <Button variant="default" onClick={() => add([""])}>
            {words.addOption}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
