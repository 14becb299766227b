-- Files: a key, the hash of its bytes, what probing found. Only state and what comes with it changes in place.
create table file (
  project bigint not null,
  id bigint generated always as identity,
  key text collate "C" not null check (key <> ''),
  hash text not null,
  bytes bigint not null,
  media text,                        -- image; null until probed
  mime text,
  width integer,                     -- upright
  height integer,
  duration double precision,         -- seconds
  frames integer,
  look bigint,                       -- 64 bits that are nearly the same where pictures are
  state text not null check (state in ('processing', 'ready', 'failed')),
  reason text,
  replaces bigint,
  location jsonb,                    -- null: the blob store; else {uri, etag} of bytes that stay where they are
  created_seq bigint not null,
  retired_seq bigint,
  primary key (project, id),
  check (retired_seq > created_seq),
  check ((state = 'failed') = (reason is not null))
);
create unique index file_current_key on file (project, key) where retired_seq is null;
create index file_hash on file (project, hash) where retired_seq is null;
create index file_unready on file (project, state, id) where state <> 'ready';

-- What another format said of a file, since a revision. Its text as it came: nothing is asked of it but to write it again.
-- It mostly comes with annotations, for files that are here already: a row of its own costs a tenth of a file's update.
create table file_foreign (
  project bigint not null,
  file bigint not null,
  keys json not null,
  told_seq bigint not null,
  primary key (project, file)
);

create table file_meta (
  project bigint not null,
  file bigint not null,
  meta jsonb not null,
  source text not null check (source in ('person', 'import')),
  created_seq bigint not null,
  retired_seq bigint,
  check (retired_seq > created_seq)
);
create unique index file_meta_current on file_meta (project, file) where retired_seq is null;
create index file_meta_history on file_meta (project, file, created_seq);

-- Bytes that were sent for an import and are not yet a file.
create table upload (
  project bigint not null,
  id bigint generated always as identity,
  name text not null,
  hash text not null,
  bytes bigint not null,
  actor bigint,
  at timestamptz not null default moment(),
  primary key (project, id)
);
