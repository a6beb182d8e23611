-- Columns whose names end in _at are integer milliseconds UTC. Columns marked JSON hold one JSON value as text.
-- No CHECK lists the words of a domain union: a new word must not need a table to be rebuilt.

-- What is true of this file as a whole: agent_id, version (the smbwarden that wrote here last).
-- Older builds read `version` when they refuse a newer schema, so this table keeps its name and shape for ever.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
  id             TEXT PRIMARY KEY,
  mac            TEXT,
  is_agent       INTEGER NOT NULL CHECK (is_agent IN (0, 1)),
  first_seen_at  INTEGER NOT NULL,
  last_seen_at   INTEGER NOT NULL,
  present        INTEGER NOT NULL CHECK (present IN (0, 1)),
  missed_sweeps  INTEGER NOT NULL,
  asked_at       TEXT NOT NULL,
  system_time_at INTEGER -- by the host's own clock
) STRICT, WITHOUT ROWID;

-- A fact held from since_at until until_at; NULL: it still holds. Ids grow with time, even where the clock stepped back.
CREATE TABLE facts (
  id       INTEGER PRIMARY KEY,
  host_id  TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL, -- JSON
  since_at INTEGER NOT NULL,
  until_at INTEGER CHECK (until_at >= since_at)
) STRICT;
CREATE UNIQUE INDEX facts_open ON facts (host_id, name) WHERE until_at IS NULL;
CREATE INDEX facts_by_host ON facts (host_id, name);

-- One row for each host and rule, reopened and never made anew; what became of it is told by its changes.
CREATE TABLE findings (
  id           TEXT PRIMARY KEY,
  host_id      TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
  rule         TEXT NOT NULL,
  severity     TEXT NOT NULL,
  title        TEXT NOT NULL,
  state        TEXT NOT NULL,
  opened_at    INTEGER NOT NULL,
  resolved_at  INTEGER,
  confirmed_at INTEGER NOT NULL,
  evidence     TEXT NOT NULL, -- JSON, list of sentences
  UNIQUE (host_id, rule)
) STRICT;
CREATE INDEX findings_by_rule ON findings (rule);

-- The only table that grows when nothing changes: one row a sweep.
CREATE TABLE sweeps (
  id             INTEGER PRIMARY KEY,
  kind           TEXT NOT NULL,
  started_at     INTEGER NOT NULL,
  finished_at    INTEGER NOT NULL,
  duration_ms    INTEGER NOT NULL,
  last_answer_ms INTEGER NOT NULL,
  level          TEXT NOT NULL,
  targets        TEXT NOT NULL, -- JSON, list of texts
  addresses      INTEGER NOT NULL,
  hosts_up       INTEGER NOT NULL,
  complete       INTEGER NOT NULL CHECK (complete IN (0, 1)),
  suspect        TEXT,
  connections    INTEGER NOT NULL,
  datagrams      INTEGER NOT NULL,
  bytes          INTEGER NOT NULL
) STRICT;

-- AUTOINCREMENT: people and scripts see these ids, so the id of a deleted change is not given out again.
CREATE TABLE changes (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  occurred_at INTEGER NOT NULL,
  type        TEXT NOT NULL,
  host_id     TEXT REFERENCES hosts (id) ON DELETE CASCADE,
  finding_id  TEXT REFERENCES findings (id) ON DELETE CASCADE,
  summary     TEXT NOT NULL,
  fact_name   TEXT,
  fact_before TEXT, -- JSON; NULL: there was no value
  fact_after  TEXT  -- JSON
) STRICT;
CREATE INDEX changes_by_time ON changes (occurred_at);
CREATE INDEX changes_by_host ON changes (host_id, occurred_at);
CREATE INDEX changes_by_finding ON changes (finding_id, occurred_at) WHERE finding_id IS NOT NULL;
CREATE INDEX changes_by_type ON changes (type, occurred_at);

-- Events that the broker has not acknowledged yet. The lowest number is the oldest.
CREATE TABLE outbox (
  number   INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  event    TEXT NOT NULL -- JSON
) STRICT;

-- Retained topics of ours in the broker. `owner` is no foreign key: the topics of a forgotten host are still to be cleared.
CREATE TABLE mqtt_retained (
  topic        TEXT PRIMARY KEY,
  sha256       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  owner        TEXT,
  published_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
