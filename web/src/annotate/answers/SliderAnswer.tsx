import { Input, Slider } from "@mantine/core";
import { useState } from "react";
import { annotate as words } from "../../words/annotate";
import type { AnswerProps } from "./Answer";

export function SliderAnswer({ attribute, value, disabled, error, onAnswer }: AnswerProps) {
  const [dragged, setDragged] = useState<number | null>(null);
  const { min, max } = attribute;
  const low = min ?? 0;
  const high = max ?? 1;
  const known = typeof value === "number" ? value : undefined;
  const shown = dragged ?? known;
  return (
    <Input.Wrapper
      size="xs"
      label={`${attribute.name}: ${shown ?? words.questions.noAnswer}`}
      withAsterisk={attribute.required ?? false}
      error={error}
    >
      <Slider
        size="sm"
        mt={4}
        min={low}
        max={high}
        step={attribute.step ?? (high - low) / 100}
        label={null}
        thumbLabel={attribute.name}
        disabled={disabled}
        value={shown ?? low}
        onChange={setDragged}
        onChangeEnd={(end) => {
          setDragged(null);
          onAnswer(end);
        }}
      />
    </Input.Wrapper>
  );
}
