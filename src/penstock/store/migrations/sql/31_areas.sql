-- Square pixels inside a shape, as annotations/geometry.py computes it. Dear, so queries ask it last (cost).
create function mask_area(counts text) returns double precision
language plpgsql immutable parallel safe cost 10000 as $$
declare code int; value bigint := 0; shift int := 0; n int := 0; one bigint := 0; two bigint := 0; sum bigint := 0;
begin
  for at in 1 .. length(counts) loop
    code := ascii(substr(counts, at, 1)) - 48;
    value := value | ((code & 31)::bigint << shift);
    shift := shift + 5;
    continue when code & 32 <> 0;
    if code & 16 <> 0 then value := value - (1::bigint << shift); end if;
    if n > 2 then value := value + two; end if;
    if n % 2 = 1 then sum := sum + value; end if;
    two := one; one := value; n := n + 1; value := 0; shift := 0;
  end loop;
  return sum;
end $$;

-- A ring is flat, and PostgreSQL reads such a text as a path.
create function area_of(kind text, w double precision, h double precision, geometry text) returns double precision
language plpgsql immutable parallel safe cost 1000 as $$
declare shape jsonb; begin
  if kind = 'box' then
    return w * h;
  elsif kind = 'polygon' and position('],[' in geometry) = 0 then
    return area(translate(geometry, '[]', '')::path);
  elsif kind not in ('polygon', 'mask', 'rotated_box', 'ellipse') then
    return 0;
  end if;
  shape := geometry::jsonb;
  case kind
  when 'polygon' then
    return (select sum(area(translate(ring::text, '[]', '')::path) * case when n = 1 then 1 else -1 end)
      from jsonb_array_elements(shape) as part, jsonb_array_elements(part) with ordinality as rings(ring, n));
  when 'mask' then return mask_area(shape ->> 'counts');
  when 'rotated_box' then return (shape ->> 2)::double precision * (shape ->> 3)::double precision;
  else return pi() * (shape ->> 2)::double precision * (shape ->> 3)::double precision;
  end case;
end $$;
