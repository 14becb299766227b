create table export (
  project int not null,
  id bigint generated always as identity primary key,
  dataset bigint not null,
  version bigint,
  branch bigint not null,
  as_of bigint not null,
  schema_version int not null,
  picked bigint[],                       -- null: all files; else those of them that it holds
  filter text,
  now timestamptz not null,              -- what `now` means in the filter
  format text not null,
  media text not null check (media in ('copy', 'none')),
  pack text not null check (pack in ('folder', 'zip', 'tar')),
  transforms jsonb not null default '[]', -- in their order; see export/transforms.py
  series text,                           -- what makes it again and again, such as a step of an action
  keep jsonb,                            -- which exports of the series stay
  destination jsonb,                     -- null: a download
  state text not null default 'queued' check (state in ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
  reason text,
  total int,
  looked int not null default 0,
  files int not null default 0,
  annotations bigint not null default 0,
  bytes bigint,
  uri text,
  losses jsonb not null default '{}',
  seal text,                             -- SHA-256 of what is about to be published, so that a restart knows its own
  author int,
  at timestamptz not null,
  ended_at timestamptz
);
create index export_of_project on export (project, id);
create index export_of_series on export (project, series, id) where series is not null and state = 'ready';
create index export_expiring on export (ended_at) where state = 'ready' and destination is null;
