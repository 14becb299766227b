import { Badge, Button } from "@mantine/core";
import { useMutation, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMe, works, type Place } from "../api/session";
import { Empty } from "../parts/Empty";
import { Fault } from "../parts/Fault";
import { Loading } from "../parts/Loading";
import { Page } from "../parts/Page";
import { annotate as words } from "../words/annotate";
import { cardsQuery } from "./cards";
import { NeedsYou } from "./NeedsYou";
import type { Outbox } from "./outbox/outbox";
import { outboxOf } from "./outbox/shared";
import { SaveState } from "./SaveState";
import classes from "./Screen.module.css";
import { claim, held, type Card } from "./work";

/** My work: a card per template, what came back first, and Start. */
export function Tasks() {
  const me = useMe();
  const places = me.projects.filter((place) => works(place.role));
  const found = useQueries({ queries: places.map((place) => ({ ...cardsQuery(place.id), refetchInterval: 30_000 })) });
  const { data: outbox } = useQuery({
    queryKey: ["outbox", me.person.id],
    queryFn: () => outboxOf(me.person.id),
    staleTime: Infinity,
    structuralSharing: false,
  });
  const all = found.flatMap((one, at) => (one.data ?? []).map((card) => ({ card, place: places[at]! })));
  all.sort((a, b) => Number(b.card.left > 0) - Number(a.card.left > 0));
  const failed = found.find((one) => one.error)?.error;
  return (
    <Page title={words.work.title} actions={outbox && <Waiting outbox={outbox} />}>
      <Fault error={failed} />
      {found.some((one) => one.isPending) && <Loading />}
      {!failed && found.every((one) => one.data) && all.length === 0 && (
        <Empty title={words.work.none}>{words.work.noneWhy}</Empty>
      )}
      <div className={classes["cards"]}>
        {all.map(({ card, place }) => (
          <CardOf
            key={`${card.template} ${card.role}`}
            card={card}
            place={place}
            me={me.person.id}
            several={places.length > 1}
          />
        ))}
      </div>
    </Page>
  );
}

function Waiting({ outbox }: { outbox: Outbox }) {
  return (
    <>
      <SaveState outbox={outbox} />
      <NeedsYou outbox={outbox} />
    </>
  );
}

interface CardProps {
  card: Card;
  place: Place;
  me: number;
  several: boolean;
}

function CardOf({ card, place, me, several }: CardProps) {
  const navigate = useNavigate();
  const start = useMutation({
    mutationFn: () => firstTask(place.id, card, me),
    onSuccess: (task) =>
      navigate({ to: "/tasks/$template/$task", params: { template: String(card.template), task: String(task) } }),
  });
  const review = card.role === "review";
  const title = review ? words.work.reviewOf(card.name) : card.name;
  const waiting = card.left + (review ? 0 : card.mine + card.returned);
  const can = waiting > 0 && (card.state === "active" || card.mine > 0 || review);
  return (
    <section className={classes["card"]} aria-label={title}>
      <h2>
        <bdi>{title}</bdi>
      </h2>
      {several && <span className="muted">{place.name}</span>}
      <span>
        {review ? words.work.toReview(card.left) : words.work.left(card.left)}
        <span className="muted">
          {!review && `, ${words.work.done(card.done)}`}
          {!review && card.mine > 0 && `, ${words.work.mine(card.mine)}`}
        </span>
      </span>
      {!review && card.returned > 0 && (
        <Badge variant="outline" color="orange" tt="none">
          {words.work.returned(card.returned)}
        </Badge>
      )}
      {card.state !== "active" && (
        <span className="warn">{card.state === "paused" ? words.work.paused : words.work.archived}</span>
      )}
      <Button
        mt="auto"
        variant={review ? "default" : "filled"}
        disabled={!can}
        loading={start.isPending}
        onClick={() => start.mutate()}
      >
        {can ? (review ? words.work.review : card.mine > 0 ? words.work.goOn : words.work.start) : words.work.empty}
      </Button>
      <Fault error={start.error} />
    </section>
  );
}

/** What is in my hands already, else the next of the queue. */
async function firstTask(project: number, card: Card, me: number): Promise<number> {
  if (card.role === "work" && card.mine > 0) {
    const [mine] = await held(project, card.template, "in_progress", me);
    if (mine) return mine.id;
  }
  return (await claim(project, card.template, card.role)).task.id;
}
