-- Accounts above keys have meters too, in the same table: `kind` is what a row is about, its id begins with it.
alter table meter add column kind varchar(20) not null default 'key';

create index meter_kind on meter (kind, id);

-- The secrets of keys that were rotated: the hash of one leads to the meter of its key, for as long as there is that row.
create table key_secret (
    hash  varchar(64) primary key,
    meter varchar(64) not null
);

create index key_secret_meter on key_secret (meter);

-- What the ledger has, of a key or of an account: the sum of its rows.
alter table key_spend rename to spend;
alter table spend rename column api_key to who;

alter table ledger add column organization_id varchar(256);

-- What accounts that may be made from now on have spent before.
insert into spend (who, nano_usd)
select 'team/' || team_id, sum(nano_usd) from ledger where team_id is not null group by team_id;
insert into spend (who, nano_usd)
select 'user/' || user_id, sum(nano_usd) from ledger where user_id is not null group by user_id;

create index ledger_end_user on ledger (end_user, started_at);
