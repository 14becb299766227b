-- Who may do what: projects, persons, members, teams, and the ways of proving who one is.
-- Secrets are kept as SHA-256 of 32 random bytes (links, sessions, tokens) or as argon2 (passwords).

create table project (
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  edition integer not null default 1,
  created_at timestamptz not null default moment(),
  archived_at timestamptz
);
create unique index project_name on project (name) where archived_at is null;

create table person (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('human', 'program')),
  name text not null check (name <> ''),
  email text,
  password text,
  owner boolean not null default false,  -- owners run the installation: they make projects and are admin in each
  created_at timestamptz not null default moment(),
  claimed_at timestamptz,                -- when a human first signed in
  disabled_at timestamptz
);
create unique index person_email on person (lower(email));

create table member (
  project bigint not null references project (id),
  person bigint not null references person (id),
  role text not null check (role in ('admin', 'editor', 'annotator', 'viewer')),
  connections boolean not null default false,
  since timestamptz not null default moment(),
  removed_at timestamptz,
  primary key (project, person)
);
create index member_person on member (person);

create table team (
  project bigint not null references project (id),
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  edition integer not null default 1,
  created_at timestamptz not null default moment(),
  archived_at timestamptz
);
create unique index team_name on team (project, name) where archived_at is null;

create table team_member (
  project bigint not null,
  team bigint not null references team (id),
  person bigint not null references person (id),
  primary key (project, team, person)
);
create index team_member_person on team_member (project, person);

create table invite (
  project bigint not null references project (id),
  id bigint generated always as identity primary key,
  hash bytea not null unique,
  role text not null check (role in ('admin', 'editor', 'annotator', 'viewer')),
  team bigint references team (id),
  person bigint references person (id),  -- an invite for one person who was named before signing in
  uses_left integer,                     -- null: any number until it expires
  created_by bigint,
  created_at timestamptz not null default moment(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index invite_project on invite (project, id);

create table sign_in_link (
  hash bytea primary key,
  person bigint not null references person (id),
  created_at timestamptz not null default moment(),
  expires_at timestamptz not null,
  used_at timestamptz
);

create table session (
  hash bytea primary key,
  person bigint not null references person (id),
  created_at timestamptz not null default moment(),
  expires_at timestamptz not null,
  ended_at timestamptz
);
create index session_person on session (person);

create table token (
  id bigint generated always as identity primary key,
  hash bytea not null unique,
  person bigint not null references person (id),
  name text not null check (name <> ''),
  project bigint references project (id),  -- null: every project of the person
  role text check (role in ('admin', 'editor', 'annotator', 'viewer')),  -- null: the person's own role
  connections boolean not null default false,
  created_at timestamptz not null default moment(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index token_person on token (person, id);
create index token_project on token (project, id);

create table inbox (
  project bigint not null,
  id bigint generated always as identity primary key,
  person bigint not null,
  subject text not null,
  text text not null default '',
  link text,
  at timestamptz not null default moment(),
  read_at timestamptz
);
create index inbox_person on inbox (person, id);
create index inbox_unread on inbox (person) where read_at is null;

-- Answers to POSTs that came with an Idempotency-Key, written in the transaction of what they answer.
create table answered (
  project bigint not null,
  person bigint not null,
  key text not null,
  request bytea not null,  -- SHA-256 of method, path and body
  status integer,
  body text,
  at timestamptz not null default moment(),
  primary key (project, person, key)
);
create index answered_at on answered (at);
