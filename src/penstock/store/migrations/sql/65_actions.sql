create table action (
  project int not null,
  id bigint generated always as identity primary key,
  name text not null,
  settings jsonb not null,
  state text not null check (state in ('on', 'off')),
  edition int not null default 1,
  armed_seq bigint not null,  -- only later events set it off
  next_at timestamptz,        -- when its schedule is due
  created_seq bigint not null,
  removed_seq bigint
);
create unique index action_name on action (project, name) where removed_seq is null;

-- One firing of an action. Its steps are those of the edition that fired.
create table action_run (
  project int not null,
  id bigint generated always as identity primary key,
  action bigint not null,
  cause text not null,
  edition int not null,
  settings jsonb not null,
  event jsonb,          -- what set it off
  as_of bigint not null,
  depth int not null default 0,
  state text not null check (state in ('queued', 'running', 'waiting', 'asking', 'done', 'failed', 'cancelled')),
  error text,
  round int not null default 1,   -- grows with each replay
  created_at timestamptz not null,
  finished_at timestamptz,
  created_seq bigint not null,
  unique (project, action, cause)
);
create index action_run_by_state on action_run (project, state, id);

create table step_run (
  project int not null,
  run bigint not null,
  n int not null,
  kind text not null,
  name text not null,
  key uuid not null,    -- the idempotency key of everything this step does outside, on every try and replay
  state text not null
    check (state in ('pending', 'running', 'waiting', 'asking', 'done', 'failed', 'cancelled')),
  tries int not null default 0,
  failures int not null default 0,
  input jsonb,
  output jsonb,
  error text,
  waits_on text,        -- like export:5 or delivery:7
  due timestamptz,      -- when it is tried again, or looked at again
  deadline timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (project, run, n)
);
create index step_run_waiting on step_run (project, waits_on) where waits_on is not null;

-- Every try of a step that had one of its own, with what it said.
create table step_try (
  project int not null,
  run bigint not null,
  n int not null,
  number int not null,
  started_at timestamptz,   -- null: asked for, not begun
  finished_at timestamptz,
  error text,
  output jsonb,
  log text,
  primary key (project, run, n, number)
);

create table delivery (
  project int not null,
  id bigint generated always as identity primary key,
  run bigint not null,
  n int not null,
  connection bigint not null,
  key uuid not null,    -- the webhook-id, the same on every try and replay
  body text not null,
  timeout_seconds double precision not null,
  state text not null check (state in ('pending', 'delivered', 'failed', 'cancelled')),
  tries int not null default 0,
  failures int not null default 0,   -- since it was last sent afresh: its place in the table of retries
  next_at timestamptz,
  error text,
  created_at timestamptz not null,
  finished_at timestamptz,
  unique (project, run, n)
);
create index delivery_by_state on delivery (project, state, id);

create table delivery_try (
  project int not null,
  delivery bigint not null,
  number int not null,
  at timestamptz not null,
  request jsonb not null,
  status int,
  response jsonb,
  body text,
  error text,
  took_seconds double precision,
  primary key (project, delivery, number)
);

-- Receivers that answered 410: nothing is sent there until somebody enables them again.
create table receiver_off (
  project int not null,
  connection bigint not null,
  since timestamptz not null,
  primary key (project, connection)
);
