/**
 * The steps that make the tables, each from the one before; an instance takes those that are missing when it starts. Old and new
 * instances run side by side while a new version is rolled out, so a step only adds: what running instances use is changed under
 * a new name, and what nobody uses any more goes a version later.
 *
 * Each change is one function, called in one statement: the database takes no breath between its parts, a process that stands
 * still holds no lock, and each statement in it sees what was committed before it. A function locks a conversation before its
 * events, and several conversations in the order of their names: nobody waits in a circle. Times are milliseconds since 1970, by
 * the clock of the database alone; tests give their own as `given`.
 *
 * Right after many have come in, the planner still believes that next to none wait, and that it is quickest to read all of them, or
 * all of any index over them. So tables are read by an index only; what is looked for by its id has `state || ''`, which none
 * of those indexes knows, and what is next is found in its order only.
 */
export const STEPS: readonly string[] = [
  `
create table events (
  id text collate "C" primary key,
  seq bigint generated always as identity,
  page text collate "C" not null,
  conversation text collate "C" not null,
  happened_at float8 not null,
  received_at float8 not null,
  payload text not null,
  state text not null default 'waiting' check (state in ('waiting', 'set_aside', 'done')),
  attempts integer not null default 0,
  uncertain integer not null default 0,
  calls text not null default '[]',
  begun boolean not null default false,
  reason text,
  ended_at float8,
  retried_at float8
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
create index events_in_turn on events (conversation, begun desc, happened_at, seq) where state = 'waiting';
create index events_by_age on events (coalesce(retried_at, received_at)) where state = 'waiting';
create index events_put_back on events (seq) where state = 'waiting' and retried_at is not null;
create index events_kept on events (seq) where state <> 'done';
create index events_aside on events (ended_at) where state = 'set_aside';
create index events_done on events (ended_at) where state = 'done';

create sequence places;
create sequence leases;
create table conversations (
  name text collate "C" primary key,
  page text collate "C" not null,
  due_at float8 not null,
  place float8 not null default nextval('places'),
  repeated boolean not null,
  lease bigint,
  leased_until float8
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
create index conversations_due on conversations (page, repeated, due_at, place) where lease is null;
create index conversations_leased on conversations (leased_until) where lease is not null;

create table gates (page text collate "C" primary key, version integer not null, state json not null);
-- One without a text was forgotten: others learn that, too.
create table notes (conversation text collate "C" primary key, text text, kept_at float8 not null);
create index notes_by_time on notes (kept_at);
create index notes_forgotten on notes (kept_at) where text is null;
create table moved (only_row boolean primary key default true check (only_row), destination text not null);
create table probes (only_row boolean primary key default true check (only_row), written_at float8 not null);
-- After a crash it is empty: by then every turn that was given out is over.
create unlogged table send_clocks (page text collate "C" primary key, next_at float8 not null) with (fillfactor = 50);

create function time_of(given float8) returns float8 language sql volatile as
  $$ select coalesce(given, floor(extract(epoch from clock_timestamp()) * 1000)::float8) $$;

create function add_events(
  ids text[], pages text[], names text[], times float8[], payloads text[], given float8
) returns integer language plpgsql set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := time_of(given);
  behind float8 := nextval('places');
  added integer;
begin
  insert into conversations (name, page, due_at, place, repeated)
    select distinct on (e.name collate "C") e.name, e.page, now_ms, behind + e.place / 1e6, false
    from unnest(names, pages, ids) with ordinality as e (name, page, id, place)
    where not exists (select from events k where k.id = e.id)
    order by e.name collate "C", e.place
  on conflict (name) do update set page = excluded.page;
  insert into events (id, page, conversation, happened_at, received_at, payload)
    select e.id, e.page, e.name, e.happened_at, now_ms, e.payload
    from unnest(ids, pages, names, times, payloads)
      with ordinality as e (id, page, name, happened_at, payload, place)
    order by e.place
  on conflict (id) do nothing;
  get diagnostics added = row_count;
  return added;
end $$;

create function next_event(of_name text) returns setof events language plpgsql rows 1
  set search_path = messenger_bot, pg_temp
  set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
begin
  return query select * from events e where e.conversation = of_name and e.state = 'waiting'
    order by e.begun desc, e.happened_at, e.seq limit 1;
end $$;

create function lease_conversations(
  of_page text, of_lane boolean, most integer, lease_ms float8, asked_until float8, given float8
) returns table (lease text, event json) language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  now_ms float8 := time_of(given);
  next_name text;
  next_lease bigint;
  head events;
begin
  if now_ms > asked_until then return; end if; -- nobody listens any more
  for next_name in
    select c.name from conversations c
    where c.page = of_page and c.repeated = of_lane and c.lease is null and c.due_at <= now_ms
    order by c.due_at, c.place limit most for update skip locked
  loop
    select * into head from next_event(next_name);
    if not found then
      delete from conversations c where c.name = next_name;
      continue;
    end if;
    next_lease := nextval('leases');
    update conversations c set lease = next_lease, leased_until = now_ms + lease_ms where c.name = next_name;
    lease := next_lease::text;
    event := to_json(head);
    return next;
  end loop;
end $$;

create function give_back(of_name text, due float8) returns void language plpgsql
  set search_path = messenger_bot, pg_temp
  set enable_seqscan = off as $$
declare
  head events;
begin
  select * into head from next_event(of_name);
  if not found then
    delete from conversations c where c.name = of_name;
  else
    update conversations c set lease = null, leased_until = null, due_at = due, place = nextval('places'),
      repeated = head.attempts > 0 or head.retried_at is not null
    where c.name = of_name;
  end if;
end $$;

create function end_event(
  of_name text, by_lease bigint, of_id text, new_state text, why text, wants_next boolean, lease_ms float8, given float8
) returns table (held boolean, event json) language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := time_of(given);
  head events;
begin
  held := false;
  perform from conversations c where c.name = of_name and c.lease = by_lease for update;
  if found then
    held := true;
    update events e set state = new_state, reason = why, ended_at = now_ms,
      payload = case new_state when 'done' then '' else e.payload end,
      calls = case new_state when 'done' then '[]' else e.calls end
    where e.id = of_id and e.state || '' = 'waiting';
    if wants_next then
      select * into head from next_event(of_name);
      if found then
        update conversations c set leased_until = now_ms + lease_ms where c.name = of_name;
        event := to_json(head);
      else
        delete from conversations c where c.name = of_name;
      end if;
    else
      perform give_back(of_name, now_ms);
    end if;
  end if;
  return next;
end $$;

create function postpone_event(
  of_name text, by_lease bigint, of_id text, delay_ms float8, why text, has_failed boolean, may_be_sent boolean,
  given float8
) returns boolean language plpgsql set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
begin
  perform from conversations c where c.name = of_name and c.lease = by_lease for update;
  if not found then return false; end if;
  update events e set reason = why, attempts = e.attempts + has_failed::integer,
    uncertain = e.uncertain + may_be_sent::integer
  where e.id = of_id and e.state || '' = 'waiting';
  perform give_back(of_name, time_of(given) + delay_ms);
  return true;
end $$;

create function note_calls(of_name text, by_lease bigint, of_id text, all_calls text) returns boolean
  language plpgsql set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
begin
  perform from conversations c where c.name = of_name and c.lease = by_lease for update;
  if not found then return false; end if;
  -- Asked for long ago, it takes no later call away.
  update events e set calls = all_calls, begun = true, uncertain = 0
    where e.id = of_id and e.state || '' = 'waiting' and length(all_calls) >= length(e.calls);
  return true;
end $$;

create function renew_leases(names text[], by_leases bigint[], lease_ms float8, given float8) returns setof text
  language sql set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  with held as (
    select c.name from conversations c join unnest(names, by_leases) as h (name, lease)
      on c.name = h.name and c.lease = h.lease
    order by c.name for update of c
  )
  update conversations c set leased_until = time_of(given) + lease_ms from held where c.name = held.name
  returning c.lease::text
$$;

-- Asked for long ago, it ends only what was over then.
create function end_old_leases(over_by float8, given float8) returns integer language plpgsql
  set search_path = messenger_bot, pg_temp
  set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  until_ms float8 := least(over_by, time_of(given));
  ended integer;
begin
  update conversations c set lease = null, leased_until = null
  where c.name = any (array(
    select o.name from conversations o where o.lease is not null and o.leased_until < until_ms
    order by o.leased_until limit 1000 for update skip locked
  ));
  get diagnostics ended = row_count;
  return ended;
end $$;

create function look(given float8) returns table (page text, first float8, repeated float8) language plpgsql
  set search_path = messenger_bot, pg_temp
  set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
  now_ms float8 := time_of(given);
begin
  return query
  with recursive pages as (
    (select c.page from conversations c where c.lease is null order by c.page limit 1)
    union all
    select (select c.page from conversations c where c.lease is null and c.page > p.page order by c.page limit 1)
    from pages p where p.page is not null
  )
  select p.page,
    case when f.due_at is not null then greatest(f.due_at - now_ms, 0) end,
    case when r.due_at is not null then greatest(r.due_at - now_ms, 0) end
  from pages p
    left join lateral (
      select c.due_at from conversations c where c.lease is null and c.page = p.page and not c.repeated
      order by c.due_at limit 1
    ) as f on true
    left join lateral (
      select c.due_at from conversations c where c.lease is null and c.page = p.page and c.repeated
      order by c.due_at limit 1
    ) as r on true
  where p.page is not null;
end $$;

create function put_back(of_id text, given float8) returns boolean language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := time_of(given);
  one events;
begin
  select * into one from events e where e.id = of_id and e.state || '' = 'set_aside';
  if not found then return false; end if;
  insert into conversations as c (name, page, due_at, repeated) values (one.conversation, one.page, now_ms, true)
    on conflict (name) do update set page = c.page;
  update events e set state = 'waiting', attempts = 0, uncertain = 0, reason = null, ended_at = null, retried_at = now_ms
    where e.id = of_id and e.state || '' = 'set_aside';
  if not found then return false; end if;
  perform give_back(c.name, least(c.due_at, now_ms)) from conversations c where c.name = one.conversation and c.lease is null;
  return true;
end $$;

create function drop_event(of_id text, given float8) returns boolean language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := time_of(given);
  of_name text;
  dropped boolean;
begin
  select e.conversation into of_name from events e where e.id = of_id and e.state || '' <> 'done';
  if not found then return false; end if;
  insert into conversations as c (name, page, due_at, repeated)
    select e.conversation, e.page, now_ms, true from events e where e.id = of_id
    on conflict (name) do update set page = c.page;
  update events e set state = 'done', ended_at = now_ms, payload = '', calls = '[]', reason = null
    where e.id = of_id and e.state || '' <> 'done';
  dropped := found;
  perform give_back(c.name, least(c.due_at, now_ms)) from conversations c where c.name = of_name and c.lease is null;
  return dropped;
end $$;

create function forget_events(of_state text, ended_before float8, most integer) returns integer language plpgsql
  set search_path = messenger_bot, pg_temp
  set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off as $$
declare
  forgotten integer;
begin
  delete from events e where e.id = any (array(
    select o.id from events o where o.state = of_state and o.ended_at < ended_before
    order by o.ended_at limit most for update skip locked
  ));
  get diagnostics forgotten = row_count;
  return forgotten;
end $$;

create function reserve_turns(of_page text, turns integer, spacing_ms float8, given float8)
  returns table (first_at float8, now_at float8) language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := coalesce(given, extract(epoch from clock_timestamp()) * 1000);
begin
  insert into send_clocks as s (page, next_at) values (of_page, now_ms + turns * spacing_ms)
    on conflict (page) do update set next_at = turns * spacing_ms
      -- Nobody reserves for so long ahead: this clock has been put back.
      + case when s.next_at > now_ms + 60000 then now_ms else greatest(s.next_at, now_ms) end
    returning s.next_at - turns * spacing_ms into first_at;
  now_at := now_ms;
  return next;
end $$;

create function keep_notes(names text[], texts text[], given float8) returns void language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  now_ms float8 := time_of(given);
begin
  insert into notes as n (conversation, text, kept_at)
    select k.name, k.text, now_ms from unnest(names, texts) as k (name, text) order by k.name collate "C"
  on conflict (conversation) do update set text = excluded.text, kept_at = excluded.kept_at
    where n.text is distinct from excluded.text;
  delete from notes n using (
    select o.conversation from notes o where o.text is null and o.kept_at < now_ms - 3600000
    order by o.kept_at limit 100 for update skip locked
  ) as old where n.conversation = old.conversation;
end $$;

create function import_events(batch json, given float8) returns integer language plpgsql
  set search_path = messenger_bot, pg_temp set lock_timeout = '3s'
  set enable_seqscan = off as $$
declare
  now_ms float8 := time_of(given);
  added integer;
begin
  insert into conversations (name, page, due_at, repeated)
    select distinct on (e.conversation collate "C") e.conversation, e.page, now_ms, false
    from json_populate_recordset(null::messenger_bot.events, batch) as e
    where e.state = 'waiting' and not exists (select from messenger_bot.events k where k.id = e.id)
    order by e.conversation collate "C"
  on conflict (name) do nothing;
  insert into messenger_bot.events (id, page, conversation, happened_at, received_at, payload, state, attempts, uncertain,
      calls, begun, reason, ended_at, retried_at)
    select e.id, e.page, e.conversation, e.happened_at, e.received_at, e.payload, e.state, e.attempts, e.uncertain,
      e.calls, e.begun, e.reason, e.ended_at, e.retried_at
    from json_populate_recordset(null::messenger_bot.events, batch) as e order by e.seq
  on conflict (id) do nothing;
  get diagnostics added = row_count;
  perform give_back(c.name, c.due_at) from conversations c
    where c.lease is null and c.name in (
      select e.conversation from json_populate_recordset(null::messenger_bot.events, batch) as e where e.state = 'waiting'
    );
  return added;
end $$;
`,
];
