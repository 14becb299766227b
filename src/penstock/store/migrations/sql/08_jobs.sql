-- Work for later: the ticker enqueues a timer's job when it is due by moment().
create table timer (
  id bigint generated always as identity primary key,
  project int not null,
  key text not null,
  due timestamptz not null,
  job text not null,
  queue text not null,
  args jsonb not null,
  unique (project, key)
);
create index timer_by_due on timer (due);

-- What befell jobs that didn't end well at once. The queue's own count knows no failure from a worker's death.
create table job_trouble (
  job bigint primary key references procrastinate_jobs (id) on delete cascade,
  failures int not null default 0,
  deaths int not null default 0     -- of workers, while it ran
);
