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
alter table event alter body set statistics 0;  -- nobody asks how it is spread
create index event_by_kind on event (project, kind, seq, n);
create index event_by_subject on event (project, subject, seq);

-- How far each follower has read, per project.
create table cursor (
  name text not null,
  project int not null,
  seq bigint not null default 0,
  trouble text,
  failures int not null default 0,  -- of what it is at, in a row
  waits_until timestamptz,          -- before the next try
  careful_to bigint,                -- so far one transaction at a time, since one of them can't be taken
  primary key (name, project)
);

-- Transactions whose events a follower couldn't take, and went past.
create table set_aside (
  project int not null,
  id bigint generated always as identity primary key,
  follower text not null,
  seq bigint not null,
  events int not null,
  trouble text not null,
  at timestamptz not null,
  state text not null default 'set_aside' check (state in ('set_aside', 'replayed', 'dismissed')),
  unique (project, follower, seq)
);
