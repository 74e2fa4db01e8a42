-- Which node decides about members that cannot be reached: its incarnation, for as long as it is at work.
create table lease (
    name   varchar(100) primary key,
    holder bigint not null
);
