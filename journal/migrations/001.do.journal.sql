-- One row an entry. The time is part of each key because partitions want it so.
create table ironloom.journal (
  run_id text not null,
  number bigint not null,
  at timestamptz not null,
  namespace text not null,
  machine text not null,
  machine_uid text not null,
  host text,
  cluster text,
  pool text not null,
  machine_group text,
  image text,
  from_phase text,
  to_phase text not null,
  step text not null,
  reason text,
  cause text not null,
  attempt bigint,
  actor text,
  duration_ms bigint,
  collapsed bigint not null default 1,
  primary key (run_id, number, at),
  -- A run that Temporal was told to reset makes entries of before anew, under another id.
  unique (machine_uid, number, at)
) partition by range (at);

create index journal_by_host on ironloom.journal (namespace, host, at);
create index journal_by_machine on ironloom.journal (namespace, machine, at);
create index journal_by_cluster on ironloom.journal (namespace, cluster, at);

-- What a clock that is far off says.
create table ironloom.journal_other partition of ironloom.journal default;

-- Makes the partitions of this month and of the two after it, and drops those whose last entry is older than so many months.
create function ironloom.journal_keep(months integer) returns void language plpgsql as $$
declare
  this_month date := date_trunc('month', now() at time zone 'UTC');
  first_day date;
  old_name text;
begin
  perform pg_advisory_xact_lock(hashtext('ironloom.journal_keep'));
  for ahead in 0..2 loop
    first_day := this_month + make_interval(months => ahead);
    if to_regclass(format('ironloom.journal_%s', to_char(first_day, 'YYYY_MM'))) is null then
      begin
        execute format(
          'create table ironloom.journal_%s partition of ironloom.journal for values from (%L) to (%L)',
          to_char(first_day, 'YYYY_MM'),
          first_day::timestamp at time zone 'UTC',
          (first_day + interval '1 month') at time zone 'UTC'
        );
      exception when check_violation then
        -- Entries of that month stand in journal_other already, and stay there.
        null;
      end;
    end if;
  end loop;
  for old_name in
    select relname from pg_class join pg_inherits on inhrelid = pg_class.oid
    where inhparent = 'ironloom.journal'::regclass and relname ~ '^journal_\d{4}_\d{2}$'
      and to_date(right(relname, 7), 'YYYY_MM') < this_month - make_interval(months => months)
  loop
    execute format('drop table ironloom.%I', old_name);
  end loop;
  delete from ironloom.journal_other where at < (this_month - make_interval(months => months)) at time zone 'UTC';
end $$;

-- For people and Grafana: `grant ironloom_journal_reader to grafana`. An owner who may make no roles has it made by who may.
do $$
begin
  if not exists (select from pg_roles where rolname = 'ironloom_journal_reader') then
    create role ironloom_journal_reader nologin;
  end if;
  grant usage on schema ironloom to ironloom_journal_reader;
  grant select on ironloom.journal to ironloom_journal_reader;
exception when insufficient_privilege then
  raise notice 'The role ironloom_journal_reader is not there, and may not be made';
end $$;
