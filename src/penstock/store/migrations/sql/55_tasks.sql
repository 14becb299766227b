create table template (
  project int not null,
  id bigint generated always as identity primary key,
  name text not null,
  state text not null default 'active' check (state in ('active', 'paused', 'archived')),
  edition int not null default 1,
  settings jsonb not null,
  at timestamptz not null
);
create unique index template_named on template (project, name) where state <> 'archived';

-- Every edition stays, so that an attempt can be finished under the one it began with.
create table template_edition (
  project int not null,
  template bigint not null,
  edition int not null,
  settings jsonb not null,
  primary key (template, edition)
);

create table template_watch (
  project int not null,
  template bigint not null,
  dataset bigint not null,
  takes text not null check (takes in ('all', 'new')),
  again boolean not null,
  rounds int not null,
  since_seq bigint not null,
  primary key (project, dataset, template)
);

create table task (
  project int not null,
  id bigint generated always as identity primary key,
  template bigint not null,
  file bigint not null,
  branch bigint not null,
  dataset bigint not null,
  round int not null,
  status text not null check (status in ('open', 'in_progress', 'in_review', 'returned', 'done', 'skipped', 'cancelled')),
  priority int not null,
  holder int,                 -- who has the live attempt; of a returned task: whose it is
  attempt bigint,             -- the live attempt
  author int,                 -- who submitted last
  authored bigint,            -- the attempt that was submitted last
  reviewer int,               -- who accepted or returned it last
  reserved_by int,
  reserved_until timestamptz,
  move_from boolean not null default false,   -- leave the dataset when the last unfinished task on it closes
  reason text,                -- of skipping
  created_seq bigint not null,
  done_seq bigint,
  at timestamptz not null,
  closed_at timestamptz,
  unique (project, template, branch, file, round)
) with (fillfactor = 80);
create index task_open on task (template, priority desc, id) where status = 'open';
create index task_reserved on task (template, reserved_by)
  where status in ('open', 'in_review') and reserved_by is not null;
create index task_held on task (project, holder) where status in ('in_progress', 'in_review', 'returned');
create index task_by_status on task (template, status, id);
create index task_by_author on task (template, author, id) include (status) where author is not null;
create index task_by_file on task (project, file);
create index task_by_template on task (template, id);

create table attempt (
  project int not null,
  id bigint generated always as identity primary key,
  task bigint not null,
  template bigint not null,
  edition int not null,
  file bigint not null,
  who int not null,
  role text not null check (role in ('work', 'review')),
  state text not null default 'live'
    check (state in ('live', 'lapsed', 'released', 'skipped', 'submitted', 'accepted', 'returned')),
  lease_seconds int not null,
  lease_until timestamptz not null,
  branch bigint not null,     -- its draft
  parent bigint not null,     -- the branch the draft is over
  schema_version int not null,
  commands int not null default 0,
  active_seconds double precision not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  check (active_seconds >= 0)
) with (fillfactor = 70);
create index attempt_by_task on attempt (task, id);
create index attempt_live on attempt (template) where state = 'live';
create index attempt_live_on_file on attempt (project, file) where state = 'live';
create index attempt_by_who on attempt (project, who, id);

-- Commands that were obeyed or refused, so that a repeated one does nothing and gets the same answer.
create table command (
  project int not null,
  attempt bigint not null,
  id uuid not null,
  n int not null,
  refused jsonb,
  primary key (attempt, id)
);

create table note (
  project int not null,
  id bigint generated always as identity primary key,
  task bigint not null,
  annotation uuid,
  author int not null,
  text text not null,
  at timestamptz not null,
  resolved boolean not null default false,
  command uuid                -- made by its author's program: a repeat is known by it
);
create index note_by_task on note (task, id);
create unique index note_command on note (task, author, command) where command is not null;

-- What became of each suggestion that was answered, or dropped at submit.
create table resolution (
  project int not null,
  predictions bigint not null,
  file bigint not null,
  annotation uuid not null,
  task bigint not null,
  template bigint not null,
  outcome text not null check (outcome in ('accepted', 'changed', 'rejected', 'dropped')),
  who int,
  primary key (project, predictions, file, annotation, task)
);
create index resolution_by_template on resolution (template, outcome);

-- What a later stage (or a review) changed of an earlier one's work, within what the earlier one could write.
create table correction (
  project int not null,
  id bigint generated always as identity primary key,
  file bigint not null,
  task bigint not null,            -- whose work was measured
  template bigint not null,
  author int not null,
  by_task bigint not null,         -- the same task: a review
  by_template bigint not null,
  by_person int not null,
  kept int not null,
  changed int not null,
  removed int not null,
  added int not null,
  reshaped int not null default 0,      -- of the changed ones: geometry, label, attributes; one can be in several
  relabelled int not null default 0,
  reanswered int not null default 0,
  at timestamptz not null,
  unique (project, task, by_task, by_person)
);
create index correction_by_author on correction (project, template, author);
