-- What runs of a bot's exchanges come to, by the time of their questions: from `starts_at` until
-- before `ends_at`. A run of a level is made of runs of the level below, the lowest of messages
-- that no longer change. All of it is derived: what is deleted here is made again.
CREATE TABLE rollups (
    bot_id TEXT NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
    level BIGINT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (bot_id, level, starts_at)
);

-- Ratings come late, so they are never rolled up; this holds all that is asked of them, in the
-- order of days (of 86,400,000 ms), and nothing of messages without one.
CREATE INDEX messages_rated ON messages (bot_id, (created_at / 86400000), created_at, rating)
    WHERE rating IS NOT NULL;
