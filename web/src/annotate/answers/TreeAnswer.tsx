import { Select } from "@mantine/core";
import { annotate as words } from "../../words/annotate";
import type { AnswerProps } from "./Answer";
import { branches } from "./options";

/** A tree of options, by their paths: typing any part of one finds it. */
export function TreeAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  return (
    <Select
      size="xs"
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      placeholder={words.questions.choose}
      data={branches(attribute, value).map((one) => ({ value: String(one.id), label: one.path }))}
      value={typeof value === "number" ? String(value) : null}
      searchable
      clearable
      clearButtonProps={{ "aria-label": words.questions.clear }}
      limit={200}
      disabled={disabled}
      onChange={(chosen) => onAnswer(chosen === null ? null : Number(chosen))}
    />
  );
}
