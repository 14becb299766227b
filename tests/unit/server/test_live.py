"""Live events: in order, none skipped, none twice, none that the caller may not see."""

import asyncio
import datetime as dt
import json
import threading
from collections.abc import AsyncGenerator

import httpx
import pytest

from penstock import people
from penstock.log import Happening
from penstock.people.model import NewProgram
from penstock.people.standing import Standing
from penstock.server.http import SightLost
from penstock.server.live import Live, PlaceInvalid, Stream, place, stream_events
from penstock.server.sight import seen_by
from penstock.store import Store
from penstock.tasks import templates
from penstock.tasks.model import Crew, TemplateSettings


@pytest.fixture
def project(store: Store) -> int:
    with store.db.transaction(0) as tx:
        return people.create_project(tx, "live")


def add(store: Store, project: int, name: str) -> int:
    with store.db.transaction(project) as tx:
        return people.create_program(tx, NewProgram(name=name)).person


async def read(stream: AsyncGenerator[bytes], count: int) -> list[dict]:
    """The next events of a stream, without its comments."""
    found: list[dict] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            chunk = (await anext(stream)).decode()
            if chunk.startswith("id: "):
                id, data = chunk.strip().split("\n")
                found.append(json.loads(data.removeprefix("data: ")) | {"id": id.removeprefix("id: ")})
    return found


def everything(batch):
    return batch


def following(store: Store, project: int, after: str | None, script) -> None:
    """Run a script with a stream, and close both."""

    async def run() -> None:
        live = Live(store.db)
        stream = stream_events(live, store.db, project, place(after) if after else None, everything, heartbeat=5)
        try:
            assert (await anext(stream)).startswith(b"retry")
            await script(stream)
        finally:
            live.close()
            await stream.aclose()

    asyncio.run(run())


def test_a_stream_begins_with_what_happens_next(store: Store, project: int) -> None:
    add(store, project, "before")

    async def script(stream: AsyncGenerator[bytes]) -> None:
        person = await asyncio.to_thread(add, store, project, "after")
        (event,) = await read(stream, 1)
        assert (event["kind"], event["body"]["person"]) == ("member.added", person)

    following(store, project, None, script)


def test_a_stream_goes_on_behind_the_last_event_id(store: Store, project: int) -> None:
    persons = [add(store, project, f"p{n}") for n in range(5)]

    async def whole(stream: AsyncGenerator[bytes]) -> None:
        events.extend(await read(stream, 5))

    events: list[dict] = []
    following(store, project, "0.0", whole)
    assert [e["body"]["person"] for e in events] == persons

    async def rest(stream: AsyncGenerator[bytes]) -> None:
        later = await asyncio.to_thread(add, store, project, "later")
        found = await read(stream, 3)
        assert [e["body"]["person"] for e in found] == [*persons[3:], later]

    following(store, project, events[2]["id"], rest)


def test_several_events_of_one_revision_are_told_apart(store: Store, project: int) -> None:
    with store.db.transaction(project) as tx:
        persons = [people.create_program(tx, NewProgram(name=f"p{n}")).person for n in range(3)]
        seq = tx.seq

    async def script(stream: AsyncGenerator[bytes]) -> None:
        assert [e["body"]["person"] for e in await read(stream, 2)] == persons[1:]

    following(store, project, f"{seq}.0", script)


def test_nothing_is_skipped_when_an_older_transaction_commits_late(store: Store, project: int) -> None:
    """The older one drew its revision first: reading past it would lose it for ever."""
    drawn, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with store.db.transaction(project) as tx:
            assert tx.seq
            people.create_program(tx, NewProgram(name="slow"))
            drawn.set()
            go_on.wait(10)

    older = threading.Thread(target=slow)

    async def script(stream: AsyncGenerator[bytes]) -> None:
        older.start()
        await asyncio.to_thread(drawn.wait, 10)
        await asyncio.to_thread(add, store, project, "quick")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(reading := asyncio.ensure_future(read(stream, 2))), 0.3)
        go_on.set()
        first, second = await reading
        assert first["seq"] < second["seq"]
        older.join()

    following(store, project, None, script)


def test_writers_in_parallel_lose_and_repeat_nothing(store: Store, project: int) -> None:
    made: list[int] = []

    def write(n: int) -> None:
        made.extend(add(store, project, f"{n}.{m}") for m in range(15))

    async def script(stream: AsyncGenerator[bytes]) -> None:
        writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
        for writer in writers:
            writer.start()
        events = await read(stream, 60)
        for writer in writers:
            await asyncio.to_thread(writer.join)
        places = [(e["seq"], e["n"]) for e in events]
        assert places == sorted(set(places))
        assert {e["body"]["person"] for e in events} == set(made)

    following(store, project, None, script)


def test_projects_don_t_hear_of_each_other(store: Store, project: int) -> None:
    with store.db.transaction(0) as tx:
        other = people.create_project(tx, "other")

    async def script(stream: AsyncGenerator[bytes]) -> None:
        await asyncio.to_thread(add, store, other, "there")
        here = await asyncio.to_thread(add, store, project, "here")
        assert [e["body"]["person"] for e in await read(stream, 1)] == [here]

    following(store, project, None, script)


def test_a_stream_whose_client_went_away_while_it_was_opened_is_dropped(store: Store, project: int) -> None:
    """It stayed for ever, and its backlog filled up: nobody was left to drop what the thread came back with."""
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Live):
        def open(self, project: int, loop: asyncio.AbstractEventLoop) -> tuple[Stream, int]:
            begun.set()
            go_on.wait(20)
            return super().open(project, loop)

        def drop(self, stream: Stream) -> None:
            super().drop(stream)
            dropped.set()

    async def run() -> None:
        live = Slow(store.db)
        client = asyncio.ensure_future(anext(stream_events(live, store.db, project, None, everything)))
        await asyncio.to_thread(begun.wait, 20)
        client.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client
        go_on.set()
        async with asyncio.timeout(20):
            await dropped.wait()
        assert live._streams == {}
        live.close()

    dropped = asyncio.Event()
    asyncio.run(run())


def test_a_stream_ends_when_the_server_stops(store: Store, project: int) -> None:
    async def run() -> None:
        live = Live(store.db)
        stream = stream_events(live, store.db, project, None, everything, heartbeat=5)
        await anext(stream)
        live.close()
        async with asyncio.timeout(10):
            assert [chunk async for chunk in stream] == []

    asyncio.run(run())


def test_a_stream_ends_for_who_may_see_it_no_more(store: Store, project: int) -> None:
    def nothing(_):
        raise SightLost

    async def run() -> None:
        live = Live(store.db)
        stream = stream_events(live, store.db, project, None, nothing, heartbeat=5)
        await anext(stream)
        await asyncio.to_thread(add, store, project, "unseen")
        async with asyncio.timeout(10):
            assert [chunk async for chunk in stream] == []
        live.close()

    asyncio.run(run())


def test_a_stream_far_behind_ends_and_goes_on_where_it_was(store: Store, project: int, monkeypatch) -> None:
    monkeypatch.setattr("penstock.server.live._BACKLOG", 3)

    async def run() -> None:
        live = Live(store.db)
        stream = stream_events(live, store.db, project, None, everything, heartbeat=5)
        await anext(stream)
        persons = [await asyncio.to_thread(add, store, project, "first")]
        seen = await read(stream, 1)
        async with asyncio.timeout(20):
            while live._streams:  # nobody reads meanwhile
                persons.append(await asyncio.to_thread(add, store, project, f"p{len(persons)}"))
                if all(one.closed for one in live._streams[project]):
                    break
            seen += [json.loads(chunk.decode().split("data: ")[1]) async for chunk in stream]
        again = stream_events(live, store.db, project, (seen[-1]["seq"], seen[-1]["n"]), everything, heartbeat=5)
        await anext(again)
        seen += await read(again, len(persons) - len(seen))
        assert [event["body"]["person"] for event in seen] == persons
        live.close()
        await again.aclose()

    asyncio.run(run())


@pytest.mark.parametrize("text", ["x", "1.x", "-1.0", "1.2.3", "9" * 30, ""])
def test_a_place_is_a_place(text: str) -> None:
    with pytest.raises(PlaceInvalid):
        place(text)


def happened(kind: str, actor: int, **body: object) -> Happening:
    return Happening(1, 1, 0, kind, "x:1", dict(body), actor, dt.datetime.now(dt.UTC))


def test_an_annotator_sees_their_own_work_and_messages_alone(store: Store, project: int) -> None:
    mine = happened("task.saved", 7, task=1)
    others = happened("task.saved", 8, task=2)
    to_me = happened("inbox.message_sent", 1, message=1, person=7)
    to_other = happened("inbox.message_sent", 7, message=2, person=8)
    member = happened("member.added", 1, person=9)
    batch = [mine, others, to_me, to_other, member]

    def sees(role: str) -> list[Happening]:
        return seen_by(store.db, Standing(7, project, role, connections=False, owner=False, by="token"), batch)

    assert sees("annotator") == [mine, to_me]
    assert sees("viewer") == [mine, others, to_me, member]


def test_an_annotator_sees_what_they_are_asked_for_change(store: Store, project: int) -> None:
    me, somebody = add(store, project, "me"), add(store, project, "somebody")
    with store.db.transaction(project) as tx:
        mine, others = (
            templates.create(tx, name, TemplateSettings(annotators=Crew(members=(who,)))).id
            for name, who in (("mine", me), ("others", somebody))
        )
    batch = [
        happened("schema.changed", 99, version=2),
        happened("template.changed", 99, template=mine, edition=2),
        happened("template.changed", 99, template=others, edition=2),
        happened("template.progress_reached", 99, template=mine),
        happened("dataset.renamed", 99, dataset=1),
    ]
    seen = seen_by(store.db, Standing(me, project, "annotator", connections=False, owner=False, by="token"), batch)
    assert seen == batch[:2]


def test_the_log_is_read_page_by_page(api) -> None:
    for n in range(5):
        api.owner.post(api.path("/teams"), json={"name": f"t{n}"})
    found: list[str] = []
    after = None
    while True:
        page = api.owner.get(api.path("/events"), params={"limit": 2, "after": after} if after else {"limit": 2}).json()
        found += [event["body"]["name"] for event in page["items"]]
        if not (after := page["next"]):
            break
    assert found == [f"t{n}" for n in range(5)]
    some = api.owner.get(api.path("/events"), params={"kinds": "member.added"}).json()
    assert some["items"] == []


def test_a_wrong_place_is_refused(api) -> None:
    assert api.owner.get(api.path("/events"), params={"after": "soon"}).json()["type"] == "place-invalid"
    answer: httpx.Response = api.owner.get("/events", params={"project": api.project, "after": "soon"})
    assert answer.status_code == 422
