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
  accepted bigint not null default 0,   -- theirs, by a reviewer
  mended bigint not null default 0,     -- of those: changed by the reviewer
  reviewed bigint not null default 0,   -- others', accepted by them
  sent_back bigint not null default 0,  -- others', returned by them
  added bigint not null default 0,
  changed bigint not null default 0,
  removed bigint not null default 0,
  active_seconds double precision not null default 0,
  review_seconds double precision not null default 0,
  primary key (project, day, template, person)
);

-- How long submissions took: how many in each step of active seconds, eight steps to a doubling.
create table work_time (
  project int not null,
  template bigint not null,
  person int not null,
  day date not null,
  step smallint not null,
  n bigint not null,
  primary key (project, day, template, person, step)
);

-- How many tasks were done per five minutes, for the last days: what rates and estimates are made of.
create table pace (
  project int not null,
  template bigint not null,
  slot timestamptz not null,
  done int not null,
  primary key (project, template, slot)
);
