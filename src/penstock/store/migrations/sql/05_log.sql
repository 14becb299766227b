create table event (
  project int not null,
  seq bigint not null,
  n int not null,
  kind text not null,
  subject text not null,
  body jsonb not null,
  actor int,
  at timestamptz not null,
  primary key (project, seq, n)
);
create index event_by_kind on event (project, kind, seq, n);
create index event_by_subject on event (project, subject, seq);

-- How far each follower has read, per project.
create table cursor (
  name text not null,
  project int not null,
  seq bigint not null default 0,
  trouble text,
  primary key (name, project)
);
