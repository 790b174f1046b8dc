-- When the e-mail address was last shown to be the user's, and which one: the
-- key that it then had. Programs that know of these columns take both back when
-- another address comes. Those that do not, which go on serving beside them
-- during an upgrade, leave them as they are; hence a time counts only while its
-- key is still the user's (see userColumns).
ALTER TABLE userd_users
    ADD COLUMN email_verified_at  timestamptz, -- null: never
    ADD COLUMN email_verified_key text COLLATE "C";
