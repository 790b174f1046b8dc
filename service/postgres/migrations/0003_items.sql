-- Small values beside the users. That a user's items go with it the foreign key
-- sees to, also for programs that do not know this table.
CREATE TABLE userd_items (
    kind       text        COLLATE "C" NOT NULL,
    key        bytea       NOT NULL CHECK (length(key) = 32),
    user_id    uuid        REFERENCES userd_users ON DELETE CASCADE, -- null: nobody's
    value      bytea       NOT NULL,
    expires_at timestamptz, -- null: never
    PRIMARY KEY (kind, key)
);
CREATE INDEX userd_items_by_user       ON userd_items (user_id, kind, key) WHERE user_id IS NOT NULL;
CREATE INDEX userd_items_by_expires_at ON userd_items (expires_at) WHERE expires_at IS NOT NULL;
