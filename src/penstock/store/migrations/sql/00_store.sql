-- The clock (DESIGN 4.1): announce a lower bound, then draw. A reader's horizon is the lowest bound still announced.
-- The first number is burnt, so that last_value always is one that was drawn. By setval: a nextval in the transaction that
-- creates a sequence leaves it counting 32 more without a word in the log (wal_level minimal), and a crash takes it back.
create sequence seq cache 1;
select setval('seq', 1);

create function draw(p int) returns bigint language plpgsql as $$ begin
  perform pg_advisory_xact_lock_shared(p, (select last_value & 2147483647 from seq)::int);
  return nextval('seq');
end $$;

-- Time: the database's clock, plus an offset that only tests set.
create table clock (single boolean primary key default true check (single), offset_by interval not null default '0');
insert into clock default values;
create function moment() returns timestamptz language sql stable as
  $$ select clock_timestamp() + (select offset_by from clock) $$;
