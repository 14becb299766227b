create table branch (
  project int not null,
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('main', 'fork', 'draft', 'predictions')),
  name text,
  parent bigint,
  base_seq bigint,      -- the parent's revision that this branch overlays; null: its head, until the first save
  state text not null default 'open' check (state in ('open', 'merged', 'closed')),
  at timestamptz not null
);
create unique index branch_main on branch (project) where kind = 'main';
create unique index branch_named on branch (project, kind, name) where name is not null;

-- Pin a draft to its parent's present state of one file. All writers of a file hold its row before they draw their
-- revision, so while we share it no revision up to the newest can still appear on this file. Statements in this order.
create function fix_base(in_project int, draft bigint, of_file bigint) returns bigint language plpgsql as $$
declare base bigint; begin
  perform 1 from file where project = in_project and id = of_file for share;
  update branch set base_seq = (select last_value from seq) where project = in_project and id = draft
    returning base_seq into base;
  return base;
end $$;

-- One row per state of an annotation on a branch, valid in [created_seq, retired_seq). Drafts keep only their head.
create table annotation (
  project int not null,
  branch bigint not null,
  file bigint not null,
  id uuid not null,
  created_seq bigint not null,
  retired_seq bigint,
  gone boolean not null default false,   -- on an overlay: the parent's annotation is deleted here
  kind text not null,
  label int,
  x double precision not null,           -- the bounding box of the geometry, for queries
  y double precision not null,
  w double precision not null,
  h double precision not null,
  geometry text not null,                -- JSON, validated once on the way in
  attributes jsonb not null,             -- by attribute id
  source text not null,
  confidence double precision,
  "group" text,
  at jsonb,
  author int,
  "foreign" json,                        -- its text: nothing is asked of it but to write it again, and parsing costs
  origin text not null default 'edit' check (origin in ('edit', 'merge', 'import', 'migration', 'restore')),
  task bigint,                           -- the task whose being done wrote it
  check (retired_seq > created_seq)
);
-- One head of each annotation, and one state of it that ended at a revision: heads and history in one index, since each
-- entry more is a tenth of what bringing an annotation in costs.
create unique index annotation_state on annotation (project, branch, file, id, retired_seq) nulls not distinct;
-- Nobody asks how these are spread, and to find out, sorting 30,000 long texts, takes a second of every analysis.
alter table annotation alter geometry set statistics 0, alter attributes set statistics 0,
  alter "foreign" set statistics 0, alter at set statistics 0;
create index annotation_unsure on annotation (project, branch, confidence, file)
  where confidence is not null and retired_seq is null;
create index annotation_created on annotation (project, branch, created_seq);
create index annotation_retired on annotation (project, branch, retired_seq) where retired_seq is not null;

-- How many annotations of each label a file has at the head of a branch without a parent (overlays have no facets).
create table file_label (
  project int not null,
  branch bigint not null,
  file bigint not null,
  label int not null,
  n int not null,
  primary key (branch, file, label) include (n)
);
create index file_label_by_label on file_label (branch, label, n, file);

-- How many annotations of a file have a value, at the same heads: what queries and facets ask without reading them.
create table file_value (
  project int not null,
  branch bigint not null,
  file bigint not null,
  field int not null,                    -- an attribute; or 0: source, -1: author, -2: tenth of the confidence
  value text collate "C" not null,       -- options by id; texts are cut to 100 characters
  n int not null,
  primary key (branch, file, field, value) include (n)
);
create index file_value_by_value on file_value (branch, field, value, file, n);
