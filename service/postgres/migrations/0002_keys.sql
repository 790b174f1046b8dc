-- API keys. What is kept of a key is its SHA-256.
CREATE TABLE userd_keys (
    name         text        COLLATE "C" PRIMARY KEY,
    scopes       text[]      NOT NULL,
    hash         bytea       NOT NULL CHECK (length(hash) = 32),
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz, -- null: never
    revoked_at   timestamptz  -- null: it is not
);
