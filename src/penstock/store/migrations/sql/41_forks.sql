-- A fork is a dataset that begins with another's entries, and with a branch over that one's; nothing is copied.
alter table dataset
  add forked_from bigint,                -- a dataset that is no fork itself
  add base_seq bigint,                   -- its revision
  add check ((forked_from is null) = (base_seq is null));
create index dataset_forked on dataset (project, forked_from) where forked_from is not null;

-- Inherited files that were taken out of a fork.
create table fork_left (
  project int not null,
  dataset bigint not null,
  file bigint not null,
  seq bigint not null,
  cause jsonb not null,
  primary key (project, dataset, file)
);

-- Entries with those that forks inherit: each from the fork's beginning until the file was taken out of it.
create view membership as
  select project, id, dataset, file, key, cause, at, created_seq, retired_seq, retired_cause, false as inherited from entry
  union all
  select e.project, e.id, d.id, e.file, e.key, e.cause, e.at, d.created_seq, l.seq, l.cause, true
  from dataset d
  join entry e on e.project = d.project and e.dataset = d.forked_from
    and e.created_seq <= d.base_seq and (e.retired_seq is null or e.retired_seq > d.base_seq)
  left join fork_left l on l.project = d.project and l.dataset = d.id and l.file = e.file
  where d.forked_from is not null;

-- What changed between two revisions is found by these.
create index entry_created on entry (project, dataset, created_seq);
create index entry_retired on entry (project, dataset, retired_seq) where retired_seq is not null;
create index file_meta_created on file_meta (project, created_seq);
