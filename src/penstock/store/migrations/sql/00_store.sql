-- The clock (DESIGN 4.1): announce a lower bound, then draw. A reader's horizon is the lowest bound still announced.
create sequence seq cache 1;
select nextval('seq');

create function draw(p int) returns bigint language plpgsql as $$ begin
  perform pg_advisory_xact_lock_shared(p, (select last_value & 2147483647 from seq)::int);
  return nextval('seq');
end $$;

-- Time: the database's clock, plus an offset that only tests set.
create table clock (single boolean primary key default true check (single), offset_by interval not null default '0');
insert into clock default values;
create function moment() returns timestamptz language sql stable as
  $$ select clock_timestamp() + (select offset_by from clock) $$;
