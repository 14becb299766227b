-- Each time that old history was taken away for good: everything that ended at or before a revision, but for what a
-- pinned revision shows.
create table pruning (
  project int not null,
  id bigint generated always as identity primary key,
  cut bigint not null,                   -- the revision
  keep_days int not null,
  state text not null default 'running' check (state in ('running', 'done')),
  annotations bigint not null default 0,
  entries bigint not null default 0,
  metadata bigint not null default 0,
  author int,
  at timestamptz not null,
  ended_at timestamptz
);
create index pruning_of_project on pruning (project, cut);
