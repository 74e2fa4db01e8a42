-- The same table as in PostgreSQL, where several nodes use one store.
create table lease (
    name   varchar(100) primary key,
    holder bigint not null
);
