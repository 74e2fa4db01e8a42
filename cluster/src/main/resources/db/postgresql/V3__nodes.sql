-- A node's right to act: it renews its row, and whoever shuts it out does so here. Times are the database's, in milliseconds
-- since the epoch.
alter table node add column address varchar(300);
alter table node add column renewed_at bigint;
alter table node add column fenced_at bigint;
alter table node add column joined boolean not null default false;

-- Which store this is: nodes of two stores are never one cluster.
create table store (id varchar(36) primary key);

insert into store (id) values (md5(random()::text || clock_timestamp()::text));
