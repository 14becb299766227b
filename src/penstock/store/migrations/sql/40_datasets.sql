-- A dataset is a named set of files; its branch never changes.
create table dataset (
  project int not null,
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  branch bigint not null,
  query text,                            -- of a live dataset
  archived_at timestamptz,
  edition int not null default 1,
  created_seq bigint not null
);
create unique index dataset_named on dataset (project, name) where archived_at is null;

-- One file's membership, from one revision to another, with its cause: import, route, query, person, replaced.
create table entry (
  project int not null,
  id bigint generated always as identity primary key,
  dataset bigint not null,
  file bigint not null,
  key text collate "C" not null,         -- the file's, which never changes: a page of a dataset is one walk of an index
  cause jsonb not null,
  at timestamptz not null,
  created_seq bigint not null,
  retired_seq bigint,
  retired_cause jsonb,
  check (retired_seq > created_seq)
);
create unique index entry_current on entry (project, dataset, file) where retired_seq is null;
-- With its revisions, so that a million entries are counted off without a look at their rows.
create index entry_by_key on entry (project, dataset, key, file) include (created_seq, retired_seq);
create index entry_history on entry (project, dataset, file, created_seq) where retired_seq is not null;
create index entry_by_time on entry using brin (at);
create index entry_of_file on entry (project, file) where retired_seq is null;

-- A pin: (dataset, branch, revision, schema version). The database itself refuses to change one.
create table version (
  project int not null,
  id bigint generated always as identity primary key,
  dataset bigint not null,
  branch bigint not null,
  seq bigint not null,
  schema_version int not null,
  name text not null check (name <> ''),
  note text not null,
  author int,
  at timestamptz not null,
  series text,                           -- of versions that a schedule makes: only these can go, by its rule
  unique (dataset, name)
);
create index version_of_project on version (project, dataset, id);

create function version_is_frozen() returns trigger language plpgsql as $$ begin
  if tg_op = 'DELETE' and old.series is not null then
    return old;
  end if;
  raise exception 'version % is frozen', old.id using errcode = 'restrict_violation';
end $$;
create trigger version_is_frozen before update or delete on version for each row execute function version_is_frozen();

-- A day or a time in ISO 8601, in UTC unless it says otherwise; null for anything else: the very texts that
-- datasets/query/evaluate.py reads.
create function moment_of(given text) returns timestamptz language plpgsql immutable parallel safe cost 100
set timezone = 'UTC' as $$ begin
  if given !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-](0[0-9]|1[0-5]):?[0-5][0-9])?)?$' then
    return null;
  end if;
  return given::timestamptz;
exception when datetime_field_overflow or invalid_datetime_format then return null;
end $$;

create table saved_query (
  project int not null,
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  query text not null,
  dataset bigint,                        -- whose files it is asked of; null: of any, and of the whole project
  author int,
  edition int not null default 1,
  unique (project, name)
);

-- What a live dataset follows. Its text stands in dataset.query too, which tells it from others.
create table live_dataset (
  project int not null,
  dataset bigint primary key,
  combine text not null check (combine in ('union', 'intersection', 'difference')),
  sources jsonb not null,                -- [{dataset, version}], the version null where its head is followed
  tick_seconds int not null,             -- how often `now` moves, where the query speaks of it
  now timestamptz not null,              -- what `now` means since the last tick
  problem text                           -- why it stands still: a name in its query went away
);
create index live_dataset_of_project on live_dataset (project, dataset);
