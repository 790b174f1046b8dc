-- Users, in the order of their ids. The keys are computed by the service and
-- compared byte by byte, whatever the database's own collation is.
CREATE TABLE userd_users (
    id             uuid        PRIMARY KEY,
    email          text        NOT NULL,
    first_name     text        NOT NULL,
    last_name      text        NOT NULL,
    is_active      boolean     NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    created_at     timestamptz NOT NULL CHECK (isfinite(created_at)),
    updated_at     timestamptz NOT NULL CHECK (isfinite(updated_at)),
    email_key      text        COLLATE "C" NOT NULL,
    first_name_key text        COLLATE "C" NOT NULL,
    last_name_key  text        COLLATE "C" NOT NULL,
    password_hash  text        NOT NULL,
    CONSTRAINT userd_users_email_key UNIQUE (email_key)
);

-- The orders that the API offers. They are kept apart for active and inactive
-- users, and merged where a list has both: half the indexes, and a list of the
-- few inactive ones among millions is as quick as any other.
CREATE INDEX userd_users_by_created_at ON userd_users (is_active, created_at, id);
CREATE INDEX userd_users_by_email      ON userd_users (is_active, email_key);
CREATE INDEX userd_users_by_last_name  ON userd_users (is_active, last_name_key, id);
CREATE INDEX userd_users_by_first_name ON userd_users (is_active, first_name_key);

-- The change log. Who writes a change holds the lock on userd_state's row from
-- before it takes a number until it has committed; hence the numbers become
-- visible in their order and without gaps.
CREATE TABLE userd_changes (
    seq        bigint      PRIMARY KEY,
    at         timestamptz NOT NULL,
    kind       text        NOT NULL,
    user_id    uuid        NOT NULL,
    version    integer     NOT NULL,
    fields     jsonb       NOT NULL, -- without values once the user is deleted
    actor      text        NOT NULL,
    request_id text        NOT NULL
);
CREATE INDEX userd_changes_by_user ON userd_changes (user_id, seq);

-- One row: what there is, and the lock that every change holds.
CREATE TABLE userd_state (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id    text    NOT NULL, -- tells this change log from any other
    first_seq bigint  NOT NULL, -- the oldest change that is kept
    last_seq  bigint  NOT NULL, -- the newest one
    active    bigint  NOT NULL, -- how many users are active
    inactive  bigint  NOT NULL,
    probes    bigint  NOT NULL  -- counts transactions that change nothing else
);
