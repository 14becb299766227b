-- How far each template is, counted by one follower in event order.
create table progress (
  project int not null,
  template bigint not null,
  open bigint not null default 0,
  in_progress bigint not null default 0,
  in_review bigint not null default 0,
  returned bigint not null default 0,
  done bigint not null default 0,
  skipped bigint not null default 0,
  cancelled bigint not null default 0,
  as_of bigint not null default 0,
  primary key (project, template)
);

-- The marks on it that somebody waits for; passed is null until the first event after arming.
create table progress_mark (
  project int not null,
  template bigint not null,
  subscriber text not null,
  mark jsonb not null,
  armed_seq bigint not null,
  passed int,
  primary key (project, template, subscriber)
);

-- What each person did, per template and UTC day.
create table work_day (
  project int not null,
  template bigint not null,
  person int not null,
  day date not null,
  submitted bigint not null default 0,
  done bigint not null default 0,
  returned bigint not null default 0,
  skipped bigint not null default 0,
  reviewed bigint not null default 0,
  added bigint not null default 0,
  changed bigint not null default 0,
  removed bigint not null default 0,
  active_seconds double precision not null default 0,
  primary key (project, day, template, person)
);
