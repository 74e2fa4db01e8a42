-- The same as the embedded store's V4, which says what it is for.
alter table ledger add column provisional boolean not null default false;
alter table ledger add column was_provisional boolean not null default false;

create index ledger_provisional on ledger (incarnation) where provisional;

create table door (
    incarnation bigint  primary key,
    journal     bigint  not null,
    recovered   boolean not null
);

create index door_journal on door (journal);
