-- Every version of a project's schema, whole. A row never changes.
create table schema_version (
  project int not null,
  version int not null,
  body jsonb not null,
  changes jsonb not null,      -- in words, against the version before
  seq bigint not null,
  actor int,
  at timestamptz not null,
  primary key (project, version)
);

-- The present version; the row that changes of a schema lock.
create table schema_head (
  project int primary key,
  version int not null default 0
);
