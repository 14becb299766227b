-- What our tables look like, told to the planner before there is anything in them. Without it, statements that are planned
-- on a young installation choose among indexes at random, and a prepared one keeps its choice: opening a file read every
-- annotation of its project. Rows are made, counted and gone; the first real rows are counted by autovacuum as ever.
insert into branch (project, id, kind, parent, at) overriding system value
select 1, n, case n when 1 then 'main' else 'draft' end, nullif(1, n), moment() from generate_series(1, 500) n;
insert into file (project, id, key, hash, bytes, state, created_seq) overriding system value
select 1, n, n::text, md5(n::text), 1000 + n, 'ready', n from generate_series(1, 1000) n;
insert into file_foreign (project, file, keys, told_seq) select 1, n, '{}', n from generate_series(1, 1000) n;
insert into annotation (project, branch, file, id, created_seq, retired_seq, kind, label, x, y, w, h, geometry, attributes,
  source, author)
select 1, case n % 2 when 0 then 1 else 2 + n / 10 end, n / 10, gen_random_uuid(), n / 10,
  case n % 10 when 0 then n end, 'box', n % 5, n, n, 1, 1, '[0,0,1,1]', '{}', 'person', n % 7
from generate_series(10, 5000) n;
insert into file_label (project, branch, file, label, n) select 1, 1, n / 5, n % 5, 3 from generate_series(5, 3000) n;
insert into file_value (project, branch, file, field, value, n) select 1, 1, n / 5, n % 5, n % 3, 3 from generate_series(5, 3000) n;
insert into entry (project, id, dataset, file, key, cause, at, created_seq) overriding system value
select 1, n, n % 5, n / 5, (n / 5)::text, '{}', moment(), n from generate_series(5, 3000) n;
insert into task (project, id, template, file, branch, dataset, round, status, priority, created_seq, at)
overriding system value
select 1, n, n % 3, n / 3, 1, n % 5, 1, case n % 10 when 0 then 'in_progress' when 1 then 'done' else 'open' end, 0, n, moment()
from generate_series(3, 3000) n;
insert into attempt (project, id, task, template, edition, file, who, role, state, lease_seconds, lease_until, branch, parent,
  schema_version, started_at) overriding system value
select 1, n, n / 2, n / 2 % 3, 1, n / 6, n % 7, 'work', case n % 10 when 0 then 'live' else 'submitted' end, 900, moment(), n, 1,
  1, moment()
from generate_series(6, 3000) n;
insert into command (project, attempt, id, n) select 1, n / 3, gen_random_uuid(), n % 3 from generate_series(3, 3000) n;
insert into event (project, seq, n, kind, subject, body, at)
select 1, n, 0, 'kind ' || n % 10, 'task:' || n / 3, '{}', moment() from generate_series(1, 3000) n;
analyze branch, file, file_foreign, annotation, file_label, file_value, entry, task, attempt, command, event;
truncate branch, file, file_foreign, annotation, file_label, file_value, entry, task, attempt, command, event;
