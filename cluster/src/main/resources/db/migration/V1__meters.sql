-- One row per meter, replaced whole and only over the revision that its writer knew. Rows are never deleted. Times are
-- milliseconds since the epoch.
create table meter (
    id         varchar(64) primary key,
    rev        bigint      not null,
    nonce      bigint      not null,
    payload    text        not null,
    alias      varchar(1000),
    tombstone  boolean     not null,
    updated_at bigint      not null
);

-- Null for keys without an alias and for deleted ones, whose aliases are free again.
create unique index meter_alias on meter (alias);

-- What the ledger has for a key: the sum of its rows.
create table key_spend (
    api_key  varchar(64) primary key,
    nano_usd bigint not null
);

-- One row per start of a node: its number makes the identities of holds and attempts unique for ever.
create table node (
    incarnation integer primary key autoincrement,
    version     varchar(100) not null,
    started_at  bigint       not null,
    stopped_at  bigint
);
