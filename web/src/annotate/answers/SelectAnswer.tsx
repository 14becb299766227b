import { Select } from "@mantine/core";
import { annotate as words } from "../../words/annotate";
import type { AnswerProps } from "./Answer";
import { offered } from "./options";

export function SelectAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  const options = offered(attribute, value);
  return (
    <Select
      size="xs"
      label={attribute.name}
      withAsterisk={attribute.required ?? false}
      error={error}
      placeholder={words.questions.choose}
      data={options.map((one) => ({ value: String(one.id), label: one.name }))}
      value={typeof value === "number" ? String(value) : null}
      searchable={options.length > 7}
      clearable
      clearButtonProps={{ "aria-label": words.questions.clear }}
      disabled={disabled}
      onChange={(chosen) => onAnswer(chosen === null ? null : Number(chosen))}
    />
  );
}
