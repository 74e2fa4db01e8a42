-- A row that others wrote for a node that died, with what its call held: the final one of that node's journal takes its
-- place, if it is ever read. `was_provisional` says of a final row that it did.
alter table ledger add column provisional boolean not null default false;
alter table ledger add column was_provisional boolean not null default false;

create index ledger_provisional on ledger (incarnation) where provisional;

-- Which journal has the attempts of which start of a node. Once it has been read to its end (`recovered`) every attempt of
-- that start has its row.
create table door (
    incarnation bigint  primary key,
    journal     bigint  not null,
    recovered   boolean not null
);

create index door_journal on door (journal);
