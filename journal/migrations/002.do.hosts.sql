-- What was done to hosts without a run, by the bridge. Few rows: no partitions, so that the key is the key.
create table ironloom.host_journal (
  host_uid text not null,
  at timestamptz not null,
  namespace text not null,
  host text not null,
  pool text,
  machine text,
  machine_uid text,
  cluster text,
  from_place text not null,
  to_place text not null,
  step text not null,
  reason text,
  cause text not null,
  attempt bigint,
  actor text,
  duration_ms bigint,
  primary key (host_uid, at)
);

create index host_journal_by_host on ironloom.host_journal (namespace, host, at);
create index host_journal_by_time on ironloom.host_journal (at);

-- Drops what is older than so many months.
create function ironloom.host_journal_keep(months integer) returns void language sql as $$
  delete from ironloom.host_journal
  where at < (date_trunc('month', now() at time zone 'UTC') - make_interval(months => months)) at time zone 'UTC';
$$;

do $$
begin
  grant select on ironloom.host_journal to ironloom_journal_reader;
exception when insufficient_privilege or undefined_object then
  raise notice 'The role ironloom_journal_reader is not there, or may not be granted anything';
end $$;
