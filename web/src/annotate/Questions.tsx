import { memo, useEffect, useRef } from "react";
import type { Annotation, Value } from "../canvas/changes";
import { annotate as words } from "../words/annotate";
import { Answer } from "./answers/Answer";
import type { Desk } from "./desk";
import { asked, grants, type Answers, type Attribute } from "./questions";
import classes from "./Screen.module.css";
import type { Sheet } from "./sheet";
import { useSignal } from "./useSignal";

const INPUTS = "input:not([disabled]), textarea:not([disabled]), [role=slider], button:not([disabled])";

/** The questions about what is selected, else about the whole image; generated from the schema. */
export const Questions = memo(function Questions({ desk, sheet }: { desk: Desk; sheet: Sheet }) {
  useSignal(sheet.document.state);
  useSignal(sheet.scene.selection);
  const place = useRef<HTMLElement>(null);
  const wanted = useSignal(desk.wanted);
  const { selected } = sheet.scene;
  const [first] = selected;
  const alike = first && selected.every((one) => one.label === first.label) ? selected : first ? [first] : [];
  useEffect(() => {
    if (wanted) focus(place.current?.querySelector(`[data-attribute="${wanted.attribute.id}"]`));
  }, [wanted]);
  const title = !first
    ? words.questions.ofImage
    : alike.length > 1
      ? words.questions.ofMany(alike.length)
      : words.questions.of(sheet.style(first).name);
  const answers = first ? common(alike) : sheet.answers;
  // What others answered is shown; what only they are asked, and haven't answered, is no question here.
  const attributes = asked(sheet.schema, first ? first.label : null, answers).filter(
    ({ id }) => grants(sheet.settings.attributes, id) || answers[String(id)] !== undefined,
  );
  if (attributes.length === 0 && !first) return null;
  return (
    <section ref={place} className={classes["questions"]} aria-label={title} data-questions>
      <h2 className={classes["heading"]}>
        <bdi>{title}</bdi>
      </h2>
      {attributes.length === 0 && <p className={`${classes["question"] ?? ""} muted`}>{words.questions.none}</p>}
      {attributes.map((attribute) => (
        <Question
          key={`${first?.id ?? "file"} ${attribute.id}`}
          attribute={attribute}
          answers={answers}
          readOnly={!grants(sheet.settings.attributes, attribute.id)}
          wanted={wanted?.attribute.id === attribute.id && wanted.annotation === (first?.id ?? null)}
          onAnswer={(value) => {
            if (!first) sheet.answerFile(attribute.id, value);
            else for (const one of alike) sheet.answer(one, attribute.id, value);
          }}
        />
      ))}
    </section>
  );
});

interface QuestionProps {
  attribute: Attribute;
  answers: Answers;
  readOnly: boolean;
  wanted: boolean;
  onAnswer: (value: Value | null) => void;
}

function Question({ attribute, answers, readOnly, wanted, onAnswer }: QuestionProps) {
  const value = answers[String(attribute.id)];
  return (
    <div className={classes["question"]} data-attribute={attribute.id}>
      <Answer
        attribute={attribute}
        value={value}
        disabled={readOnly}
        error={wanted && value === undefined ? words.questions.required : undefined}
        onAnswer={onAnswer}
      />
    </div>
  );
}

/** The answers that several annotations share. */
function common(of: readonly Annotation[]): Answers {
  const [first, ...rest] = of;
  const shared = Object.entries(first?.attributes ?? {}).filter(([key, value]) =>
    rest.every((one) => JSON.stringify(one.attributes[key]) === JSON.stringify(value)),
  );
  return Object.fromEntries(shared);
}

function focus(place: Element | null | undefined): void {
  place?.scrollIntoView({ block: "nearest" });
  place?.querySelector<HTMLElement>(INPUTS)?.focus();
}

/** Put the focus on the first question that is shown; whether there is one. */
export function focusQuestions(): boolean {
  const first = document.querySelector<HTMLElement>("[data-questions] [data-attribute]");
  focus(first);
  return first !== null;
}
