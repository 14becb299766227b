-- Named ways to what is outside. Secret fields are sealed (AES-256-GCM), bound to their row and field.
create table connection (
  project bigint not null references project (id),
  id bigint generated always as identity primary key,
  name text not null check (name <> ''),
  kind text not null,
  settings jsonb not null,   -- open fields, as the kind defines them
  sealed jsonb not null,     -- secret fields: {field: base64 of nonce and ciphertext}
  previous jsonb not null default '{}',  -- secrets replaced a short time ago: {field: {sealed, until}}
  edition integer not null default 1,
  created_by bigint,
  created_at timestamptz not null default moment(),
  changed_at timestamptz not null default moment(),
  archived_at timestamptz
);
create unique index connection_name on connection (project, name) where archived_at is null;
