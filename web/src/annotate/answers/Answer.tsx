import type { Value } from "../../canvas/changes";
import type { Attribute } from "../questions";
import { CheckboxAnswer } from "./CheckboxAnswer";
import { DateAnswer } from "./DateAnswer";
import { MultiSelectAnswer } from "./MultiSelectAnswer";
import { NumberAnswer } from "./NumberAnswer";
import { RadioAnswer } from "./RadioAnswer";
import { SelectAnswer } from "./SelectAnswer";
import { SliderAnswer } from "./SliderAnswer";
import { TextAnswer } from "./TextAnswer";
import { TreeAnswer } from "./TreeAnswer";

export interface AnswerProps {
  attribute: Attribute;
  value: Value | undefined;
  disabled: boolean;
  /** Shown below: why an answer is wanted. */
  error: string | undefined;
  onAnswer: (value: Value | null) => void;
}

const KINDS: Record<Attribute["kind"], (props: AnswerProps) => React.ReactNode> = {
  radio: RadioAnswer,
  select: SelectAnswer,
  multi_select: MultiSelectAnswer,
  checkbox: CheckboxAnswer,
  text: TextAnswer,
  number: NumberAnswer,
  slider: SliderAnswer,
  date: DateAnswer,
  tree: TreeAnswer,
};

/** One question of the schema, by its kind. */
export function Answer(props: AnswerProps) {
  const Kind = KINDS[props.attribute.kind];
  return <Kind {...props} />;
}
