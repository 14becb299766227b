"""A database for each test, as good as new. One is emptied again and again: making one takes ten times as long."""

import fcntl
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import procrastinate
import psycopg
from procrastinate import PsycopgConnector

from lines import KeptForJobs, KeptLine, end_kept, kept_backends
from penstock.store import db, embedded, migrate, place
from penstock.store.embedded import Server

TEMPLATE = "template_spine"

# Tests kill processes, never the machine: what the database wrote need not be on the disk.
OWN_SETTINGS = """\
fsync = off
full_page_writes = off
max_connections = 300
"""
# Beside the tables lies what they held when they were new. `restore` touches only tables that hold something. Tables of
# a test's own belong into the schema `trial`, which goes as a whole: for any other change the database is made anew.
BASELINE = """
create schema baseline;
create schema trial;
create table baseline.sequence as
  select format('%I.%I', schemaname, sequencename) as name, coalesce(last_value, start_value) as value,
    last_value is not null as is_called
  from pg_sequences where schemaname = 'public';
create view baseline.tables as
  select c.relname as name from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace;
create function baseline.keep() returns void language plpgsql as $$
declare t text; found boolean; begin
  for t in select name from baseline.tables loop
    execute format('select exists (select from public.%I)', t) into found;
    if found then execute format('create table baseline.%I as table public.%I', 'kept_' || t, t); end if;
  end loop;
end $$;
create function baseline.restore() returns void language plpgsql as $$
declare t text; found boolean; begin
  perform set_config('session_replication_role', 'replica', true);
  for t in select name from baseline.tables loop
    execute format('select exists (select from public.%I)', t) into found;
    if found then execute format('delete from public.%I', t); end if;
  end loop;
  for t in select substr(relname, 6) from pg_class
      where relnamespace = 'baseline'::regnamespace and relkind = 'r' and relname like 'kept\\_%' loop
    execute format('insert into public.%I overriding system value select * from baseline.%I', t, 'kept_' || t);
  end loop;
  perform setval(name, value, is_called) from baseline.sequence;
  if exists (select from pg_class where relnamespace = 'trial'::regnamespace) then
    drop schema trial cascade;
    create schema trial;
  end if;
end $$;
select baseline.keep();
"""
# Whatever a test may have made, dropped or altered.
SHAPE = """
select (select array_agg((c.oid, c.relchecks, c.relhastriggers, c.relnatts) order by c.oid) from pg_class c
    where c.relnamespace = 'public'::regnamespace)::text,
  (select array_agg((p.oid, p.xmin) order by p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace)::text,
  (select array_agg((t.oid, t.tgenabled) order by t.oid) from pg_trigger t)::text
"""


@dataclass
class Postgres:
    """The embedded server that all workers of a run share, and the database that this one's tests take turns on."""

    home: Path
    name: str
    _server: Server = field(init=False, repr=False)
    _shape: object = field(default=None, repr=False)
    _conn: psycopg.Connection | None = field(default=None, repr=False)
    """To the test database, kept: what is planned once need not be planned for each test."""

    def database(self, name: str) -> str:
        return psycopg.conninfo.make_conninfo(self._server.dsn, dbname=name)

    def admin(self, statement: str) -> None:
        with psycopg.connect(self._server.dsn, autocommit=True) as conn:
            conn.execute(statement)

    def start(self) -> None:
        """Start the server and migrate the template, or find them; then make the test database from it."""
        db.Line = migrate.Line = KeptLine
        procrastinate.PsycopgConnector = partial(PsycopgConnector, connection_class=KeptForJobs)
        with (self.home / "first").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            found = place.find(self.home)
            found.write(found.folder / "own.conf", OWN_SETTINGS)
            self._server = embedded.start(self.home)
            with psycopg.connect(self._server.dsn, autocommit=True) as conn:
                is_first = not conn.execute("select from pg_database where datname = %s", [TEMPLATE]).rowcount
            if is_first:
                self.admin(f"create database {TEMPLATE}")
                migrate.upgrade(self.database(TEMPLATE))
                end_kept()
        self._make()

    def renew(self) -> None:
        """Make the test database as it was when it was new. Whoever is still connected is thrown out."""
        try:
            if self._conn is None:
                self._conn = psycopg.connect(self.database(self.name), autocommit=True)
            is_restored = self._restore(self._conn)
        except psycopg.OperationalError:  # a test ended all connections
            self.let_go()
            return self.renew()
        if not is_restored:
            self.let_go()
            self.admin(f"drop database {self.name} with (force)")
            self._make()

    def let_go(self) -> None:
        """Let go of the test database: one that somebody is connected to can't be copied."""
        end_kept()
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def close(self) -> None:
        """Leave; the last worker out stops the server."""
        self.let_go()
        self._server.close()

    def _restore(self, conn: psycopg.Connection) -> bool:
        """Whether the database has its shape still, and now what it held."""
        conn.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and pid <> all(%s)",
            (kept_backends(),),
        )
        if conn.execute(SHAPE).fetchone() != self._shape:
            return False
        conn.execute("select baseline.restore()")
        return True

    def _make(self) -> None:
        end_kept()
        self.admin(f"create database {self.name} template {TEMPLATE} strategy file_copy")
        with psycopg.connect(self.database(self.name), autocommit=True) as conn:
            conn.execute(BASELINE)
            self._shape = conn.execute(SHAPE).fetchone()
