-- The same columns as in PostgreSQL, where several nodes use one store.
alter table node add column address varchar(300);
alter table node add column renewed_at bigint;
alter table node add column fenced_at bigint;
alter table node add column joined boolean not null default false;

create table store (id varchar(36) primary key);

insert into store (id) values (lower(hex(randomblob(16))));
