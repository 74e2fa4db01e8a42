-- How far the attempt journal of a node has been shipped. A batch of rows and its number are one transaction, which
-- makes shipping exactly-once: a writer that does not know whether its commit arrived reads the number.
create table journal (
    id       bigint primary key,
    batch    bigint not null,
    read_to  bigint not null,
    released bigint not null
);

-- Attempts that run for long: what the journal had of them, moved here so that its space is free again. They have cost
-- nothing yet; `tokens` and `nano_usd` are what they are charged if nothing further is heard.
create table open_attempt (
    incarnation   bigint  not null,
    call_sequence bigint  not null,
    attempt       integer not null,
    journal       bigint  not null,
    begun         blob    not null,
    tokens        bigint  not null,
    nano_usd      bigint  not null,
    primary key (incarnation, call_sequence, attempt)
);

create index open_attempt_journal on open_attempt (journal);

-- One row per attempt that has ended, written once. Times are milliseconds since the epoch.
create table ledger (
    incarnation        bigint         not null,
    call_sequence      bigint         not null,
    attempt            integer        not null,
    request_id         varchar(1024)  not null,
    api_key            varchar(64)    not null,
    model              varchar(256)   not null,
    model_group        varchar(256)   not null,
    model_id           varchar(256)   not null,
    provider           varchar(64)    not null,
    stream             boolean        not null,
    outcome            varchar(20)    not null,
    status             integer        not null,
    estimated          boolean        not null,
    priced             boolean        not null,
    input_tokens       bigint         not null,
    cache_read_tokens  bigint         not null,
    cache_write_tokens bigint         not null,
    output_tokens      bigint         not null,
    reasoning_tokens   bigint         not null,
    audio_tokens       bigint         not null,
    image_tokens       bigint         not null,
    nano_usd           bigint         not null,
    started_at         bigint         not null,
    ended_at           bigint         not null,
    first_content_at   bigint         not null,
    team_id            varchar(256),
    user_id            varchar(256),
    end_user           varchar(1024),
    request_tags       varchar(16384) not null,
    primary key (incarnation, call_sequence, attempt)
);

create index ledger_request on ledger (request_id);
create index ledger_key on ledger (api_key, started_at);
create index ledger_time on ledger (started_at);
