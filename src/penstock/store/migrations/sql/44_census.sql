-- A census: what all files of a dataset have, counted as of a revision. What changed since is counted when it is read.
create table census (
  project int not null,
  dataset bigint primary key,
  seq bigint not null,                   -- settled: nothing can appear below it any more
  many text[] not null default '{}'      -- facet:field, of which there are too many values for sets
);
create table census_count (
  project int not null,
  dataset bigint not null,
  facet text not null,                   -- files, label, value, meta, day
  field text not null,
  value text collate "C" not null,       -- of metadata: JSON
  files bigint not null,
  annotations bigint not null
);
-- By a digest: metadata hold texts of any length.
create unique index census_count_of on census_count (dataset, facet, field, md5(value));
create index census_count_most on census_count (dataset, facet, field, files desc, "left"(value, 100));
-- How many different values a field has.
create table census_field (
  project int not null,
  dataset bigint not null,
  facet text not null,
  field text not null,
  differ bigint not null,
  primary key (dataset, facet, field)
);

-- Which files have a value, as of the same revision: a bit for each of 65,536 files. They are turned where files changed.
create table census_set (
  project int not null,
  dataset bigint not null,
  facet text not null,                   -- files; count: how many annotations of the label `field`; value, meta
  field text not null,
  value text collate "C" not null,
  block bigint not null,                 -- the files' ids without their last 16 bits
  files bit varying not null
);
create unique index census_set_of on census_set (dataset, facet, field, block, md5(value));

-- Every 500th file of a dataset in the order of keys, as of a revision: where a long list is entered.
create table walk (
  project int not null,
  dataset bigint primary key,
  seq bigint not null,
  total bigint not null,
  keys text[] not null,
  files bigint[] not null
);
