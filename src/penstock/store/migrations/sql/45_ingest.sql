-- Imports. A run is scanned into chunks of items; a chunk's annotations wait in a spool among the derived media.
create table import_run (
  project int not null,
  id bigint generated always as identity primary key,
  dataset bigint not null,
  request jsonb not null,              -- what was asked for: NewImport
  state text not null check (state in ('scanning', 'running', 'finished', 'failed', 'cancelled')),
  reason text,
  format text,                         -- of the annotations, once detected
  branch bigint,                       -- where annotations go
  foreign_keys jsonb,                  -- what the set said of itself, by format: COCO's info and licenses
  foreign_seq bigint,                  -- since when
  ignored int not null default 0,      -- files that are neither media nor annotations
  problems jsonb not null default '[]',-- with the source as a whole
  actor int,
  started_at timestamptz not null,
  finished_at timestamptz
);
create index import_run_of_project on import_run (project, id);
create index import_run_foreign on import_run (project, id) where foreign_keys is not null;

create table import_chunk (
  project int not null,
  run bigint not null,
  n int not null,
  state text not null check (state in ('waiting', 'done')),
  spool text not null,
  items int not null,
  new int not null default 0,
  same int not null default 0,
  duplicate int not null default 0,
  replaced int not null default 0,
  skipped int not null default 0,
  failed int not null default 0,
  annotations_added int not null default 0,
  annotations_updated int not null default 0,
  annotations_kept int not null default 0,
  annotations_same int not null default 0,
  annotations_refused int not null default 0,
  primary key (run, n)
);

create table import_item (
  project int not null,
  run bigint not null,
  chunk int not null,
  key text not null,
  state text not null check (state in ('waiting', 'done', 'skipped', 'failed')),
  outcome text,
  file bigint,
  reason text,
  problems jsonb,
  primary key (run, key)
) with (fillfactor = 50);  -- each is written twice, and the second time no index changes while there is room beside it
create index import_item_of_chunk on import_item (run, chunk);
create index import_item_troubled on import_item (run, key) where reason is not null or problems is not null;
