-- Each time a fork was merged into a dataset; the next time begins where the last one ended.
create table dataset_merge (
  project int not null,
  id bigint generated always as identity primary key,
  fork bigint not null,
  target bigint not null,
  fork_seq bigint not null,              -- the fork's revision that was merged
  rule text not null check (rule in ('ours', 'theirs', 'newest', 'both')),
  conflicts_to bigint,                   -- the dataset that files with conflicts entered
  annotations jsonb not null,
  files jsonb not null,
  conflicts int not null,
  author int,
  at timestamptz not null
);
create index dataset_merge_of on dataset_merge (project, fork, target, id);

-- What both sides had changed, as it was on each.
create table merge_conflict (
  project int not null,
  merge bigint not null,
  file bigint not null,
  annotation uuid not null,
  fields jsonb not null,
  base jsonb,
  theirs jsonb,
  ours jsonb,
  primary key (merge, file, annotation)
);
