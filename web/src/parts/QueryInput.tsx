import { Combobox, TextInput, type TextInputProps, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { api, body, type Schemas } from "../api/client";
import { words } from "../words";
import classes from "./QueryInput.module.css";

/** Where a query is asked: of files, of the task that ends, or of the event that fired. */
export type Context = "file" | "task" | "event";
type Told = Schemas["Completions"];

interface QueryInputProps extends Omit<TextInputProps, "value" | "onChange"> {
  project: number;
  dataset?: number | undefined;
  context?: Context;
  value: string;
  onChange: (query: string) => void;
  /** Enter, where it picks none of the ways to go on. */
  onAsk?: (query: string) => void;
  /** Tells what is wrong with it as it stands, and where; else the field does. */
  below?: (problem: string, at: number | null | undefined) => ReactNode;
}

/** A query with ways to go on while it is written. */
export function QueryInput(props: QueryInputProps) {
  const { project, dataset, context = "file", value, onChange, onAsk, below, error, ...input } = props;
  const [caret, setCaret] = useState(value.length);
  const field = useRef<HTMLInputElement>(null);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const told = useCompletions({ project, dataset, context, text: value, caret }, input.disabled !== true);
  const items = (told?.items ?? []).slice(0, 12);
  const problem = value.trim() === "" ? undefined : told?.problem;
  const take = (at: number) => {
    const item = items[at];
    if (item === undefined || told === undefined) return;
    const place = told.start + item.text.length;
    onChange(value.slice(0, told.start) + item.text + value.slice(caret));
    setCaret(place);
    requestAnimationFrame(() => field.current?.setSelectionRange(place, place));
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || combobox.getSelectedOptionIndex() !== -1 || onAsk === undefined) return;
    event.preventDefault();
    combobox.closeDropdown();
    onAsk(value);
  };
  const wrong = problem != null && below === undefined && !combobox.dropdownOpened ? problem : undefined;
  return (
    <>
      <Combobox store={combobox} onOptionSubmit={(at) => take(Number(at))} withinPortal shadow="md">
        <Combobox.Target>
          <TextInput
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
            {...input}
            ref={field}
            spellCheck={false}
            autoComplete="off"
            value={value}
            aria-invalid={problem != null}
            error={error ?? wrong}
            onChange={(event) => {
              onChange(event.currentTarget.value);
              setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
              combobox.openDropdown();
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            onFocus={() => combobox.openDropdown()}
            onBlur={() => combobox.closeDropdown()}
            onKeyDown={keyed}
          />
        </Combobox.Target>
        <Combobox.Dropdown hidden={items.length === 0}>
          <Combobox.Options aria-label={words.data.waysOn}>
            {items.map((item, at) => (
              <Combobox.Option key={`${item.what} ${item.label}`} value={String(at)}>
                <span className={classes["option"]}>
                  <bdi>{item.label}</bdi>
                  <span className="muted">
                    {item.detail === "" || item.detail === undefined ? item.what : item.detail}
                  </span>
                </span>
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
      {problem != null && below?.(problem, told?.at)}
    </>
  );
}

interface Asked {
  project: number;
  dataset: number | undefined;
  context: Context;
  text: string;
  caret: number;
}

/** How to go on with a query at a place in it, and what is wrong with it; nothing while it is being typed. */
export function useCompletions({ project, dataset, context, text, caret }: Asked, enabled = true): Told | undefined {
  const [wanted] = useDebouncedValue({ text, caret }, 120);
  const { data } = useQuery({
    queryKey: ["p", project, "complete", dataset, context, wanted],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/queries/complete", {
          params: { path: { project }, query: { q: wanted.text, at: wanted.caret, context, dataset } },
        }),
      ),
    placeholderData: keepPreviousData,
    enabled,
  });
  return wanted.text === text ? data : undefined;
}
