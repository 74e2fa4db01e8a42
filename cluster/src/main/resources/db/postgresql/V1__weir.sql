-- The store on PostgreSQL. The same tables as those of the embedded store, whose migrations say what they are for.
create table meter (
    id         varchar(1100) primary key,
    rev        bigint        not null,
    nonce      bigint        not null,
    payload    text          not null,
    alias      varchar(1000),
    tombstone  boolean       not null,
    updated_at bigint        not null,
    kind       varchar(20)   not null default 'key'
);

create unique index meter_alias on meter (alias);
create index meter_kind on meter (kind, id);

create table key_secret (
    hash  varchar(64) primary key,
    meter varchar(64) not null
);

create index key_secret_meter on key_secret (meter);

create table spend (
    who      varchar(1100) primary key,
    nano_usd bigint not null
);

create table node (
    incarnation bigint generated always as identity primary key,
    version     varchar(100) not null,
    started_at  bigint       not null,
    stopped_at  bigint
);

create table journal (
    id       bigint primary key,
    batch    bigint not null,
    read_to  bigint not null,
    released bigint not null
);

create table open_attempt (
    incarnation   bigint  not null,
    call_sequence bigint  not null,
    attempt       integer not null,
    journal       bigint  not null,
    begun         bytea   not null,
    tokens        bigint  not null,
    nano_usd      bigint  not null,
    primary key (incarnation, call_sequence, attempt)
);

create index open_attempt_journal on open_attempt (journal);

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
    organization_id    varchar(256),
    primary key (incarnation, call_sequence, attempt)
);

create index ledger_request on ledger (request_id);
create index ledger_key on ledger (api_key, started_at);
create index ledger_time on ledger (started_at);
create index ledger_end_user on ledger (end_user, started_at);
