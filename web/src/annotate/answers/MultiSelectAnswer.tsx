import { Checkbox, Group, MultiSelect } from "@mantine/core";
import { annotate as words } from "../../words/annotate";
import type { AnswerProps } from "./Answer";
import { offered } from "./options";

const FEW = 6;

/** Boxes to tick while there are few options, a list to search when there are many. */
export function MultiSelectAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  const options = offered(attribute, value);
  const chosen = (Array.isArray(value) ? value : []).map(String);
  const answer = (ids: string[]): void => onAnswer(ids.length ? ids.map(Number) : null);
  const common = { label: attribute.name, withAsterisk: attribute.required ?? false, error, value: chosen };
  if (options.length > FEW) {
    return (
      <MultiSelect
        {...common}
        size="xs"
        placeholder={chosen.length ? "" : words.questions.choose}
        data={options.map((one) => ({ value: String(one.id), label: one.name }))}
        searchable
        disabled={disabled}
        onChange={answer}
      />
    );
  }
  return (
    <Checkbox.Group {...common} onChange={answer}>
      <Group gap="sm" mt={4}>
        {options.map((one) => (
          <Checkbox key={one.id} size="xs" value={String(one.id)} label={one.name} disabled={disabled} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
