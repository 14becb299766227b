import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { api, body } from "../../api/client";
import { useSchema } from "../../api/labels";
import { words } from "../../words";
import classes from "./Data.module.css";

interface QueryBarProps {
  project: number;
  dataset?: number | undefined;
  /** The query that is asked now. */
  asked: string;
  onAsk: (query: string) => void;
}

/** A query with ways to go on while it is written; what is wrong with it stands under the very place. */
export function QueryBar({ project, dataset, asked, onAsk }: QueryBarProps) {
  const [text, setText] = useState(asked);
  const [caret, setCaret] = useState(asked.length);
  const [seen, setSeen] = useState(asked);
  if (asked !== seen) {
    // The address changed under us: by the browser's back button, or by a link.
    setSeen(asked);
    setText(asked);
  }
  const { data: schema } = useSchema(project);
  const field = useRef<HTMLInputElement>(null);
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const [wanted] = useDebouncedValue({ text, caret }, 120);
  const { data: told } = useQuery({
    queryKey: ["p", project, "complete", dataset, wanted],
    queryFn: () =>
      body(
        api.GET("/api/v1/projects/{project}/queries/complete", {
          params: { path: { project }, query: { q: wanted.text, at: wanted.caret, dataset } },
        }),
      ),
    placeholderData: keepPreviousData,
  });
  const current = wanted.text === text;
  const items = current ? (told?.items ?? []).slice(0, 12) : [];
  const problem = current && text.trim() !== "" ? told?.problem : undefined;
  const ask = (query: string) => {
    combobox.closeDropdown();
    onAsk(query.trim());
  };
  const take = (at: number) => {
    const item = items[at];
    if (item === undefined || told === undefined) return;
    const next = text.slice(0, told.start) + item.text + text.slice(caret);
    const place = told.start + item.text.length;
    setText(next);
    setCaret(place);
    requestAnimationFrame(() => field.current?.setSelectionRange(place, place));
  };
  const keyed = (event: KeyboardEvent) => {
    // Enter asks, unless a way to go on was picked with the arrows.
    if (event.key === "Enter" && combobox.getSelectedOptionIndex() === -1) {
      event.preventDefault();
      ask(text);
    }
  };
  return (
    <div className={classes["query"]}>
      <Combobox store={combobox} onOptionSubmit={(at) => take(Number(at))} withinPortal shadow="md">
        <Combobox.Target>
          <TextInput
            ref={field}
            aria-label={words.data.query}
            placeholder={words.data.queryExample(schema?.labels?.[0]?.name)}
            leftSection={<Search size={16} aria-hidden />}
            rightSection={
              text !== "" && (
                <button
                  type="button"
                  className={classes["clear"]}
                  aria-label={words.data.clearQuery}
                  onClick={() => {
                    setText("");
                    ask("");
                  }}
                >
                  <X size={16} aria-hidden />
                </button>
              )
            }
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } }}
            spellCheck={false}
            autoComplete="off"
            value={text}
            aria-invalid={problem != null}
            onChange={(event) => {
              setText(event.currentTarget.value);
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
      {problem != null && (
        <p className={classes["problem"]} role="status">
          {told?.at != null && (
            <span aria-hidden className={classes["place"]}>
              {" ".repeat(told.at)}^
            </span>
          )}
          {problem}
        </p>
      )}
    </div>
  );
}
