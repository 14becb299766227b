import { Button, Drawer, Group, Select, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { ChevronRight } from "lucide-react";
import { type FormEvent, Fragment, useState } from "react";
import { useSchema } from "../../../api/labels";
import { NamesInput } from "../../../parts/NamesInput";
import { words } from "../../../words";
import classes from "../Pipeline.module.css";
import type { Status } from "../graph";
import { Crew } from "./Crew";
import { type Recipe, stepsOf } from "./recipes";
import { ShapeFields } from "./ShapeFields";
import { BOX, type Step } from "./steps";

const RECIPES: readonly Recipe[] = ["one", "two", "model"];

interface RecipesProps {
  project: number;
  status: Status;
  onAdd: (steps: Step[]) => void;
}

/** Where a pipeline may begin: three recipes, drawn as what they make. */
export function Recipes({ project, status, onAdd }: RecipesProps) {
  const [picked, setPicked] = useState<Recipe | null>(null);
  return (
    <section className={classes["recipes"]} aria-label={words.building.recipes}>
      <Text fw={600}>{words.building.recipes}</Text>
      <Group gap="lg">
        {RECIPES.map((recipe) => (
          <UnstyledButton key={recipe} className={classes["recipe"]} onClick={() => setPicked(recipe)}>
            <b>{words.building.recipeNames[recipe]}</b>
            <span className={classes["flow"]} aria-hidden>
              {words.building.recipeFlows[recipe].map((one, at) => (
                <Fragment key={one}>
                  {at > 0 && <ChevronRight size={14} />}
                  <span>{one}</span>
                </Fragment>
              ))}
            </span>
          </UnstyledButton>
        ))}
      </Group>
      <Drawer
        opened={picked !== null}
        onClose={() => setPicked(null)}
        position="right"
        size={400}
        title={picked === null ? "" : words.building.recipeNames[picked]}
        closeButtonProps={{ "aria-label": words.actions.close }}
      >
        {picked !== null && (
          <Questions
            project={project}
            status={status}
            recipe={picked}
            onAdd={(steps) => {
              onAdd(steps);
              setPicked(null);
            }}
          />
        )}
      </Drawer>
    </section>
  );
}

function Questions({ project, status, recipe, onAdd }: RecipesProps & { recipe: Recipe }) {
  const { data: schema } = useSchema(project);
  const known = (schema?.labels ?? []).filter((label) => label.archived !== true).map((label) => label.name);
  const [dataset, setDataset] = useState(status.datasets[0]?.name ?? "");
  const [labels, setLabels] = useState<string[]>([]);
  const [shape, setShape] = useState(BOX);
  const [people, setPeople] = useState<string[]>([]);
  const [experts, setExperts] = useState<string[]>([]);
  const [model, setModel] = useState("import");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd(stepsOf(recipe, { dataset, labels, shape, people, experts, model }));
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <Select
        label={words.building.beginsWith}
        allowDeselect={false}
        data={status.datasets.map((one) => one.name)}
        value={dataset}
        onChange={(next) => setDataset(next ?? "")}
      />
      <NamesInput
        label={words.building.labels}
        description={words.building.labelsWhy}
        data={known}
        value={labels}
        onChange={setLabels}
        required={known.length === 0}
        data-autofocus
      />
      <ShapeFields shape={shape} set={setShape} />
      {recipe === "model" && (
        <TextInput
          label={words.building.suggestions}
          description={words.building.suggestionsWhy}
          required
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
        />
      )}
      <Crew project={project} label={words.building.people} value={people} onChange={setPeople} />
      {recipe === "two" && (
        <Crew project={project} label={words.building.experts} value={experts} onChange={setExperts} />
      )}
      <Button type="submit" size="sm">
        {words.building.add}
      </Button>
    </Stack>
  );
}
