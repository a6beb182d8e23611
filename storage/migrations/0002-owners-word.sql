-- What the owner says of findings and hosts, what was sent to whom, and what is held back because it did harm.

-- Set while a finding is acknowledged; `acknowledged_until` NULL: without an end.
ALTER TABLE findings ADD COLUMN acknowledged_at INTEGER;
ALTER TABLE findings ADD COLUMN acknowledged_until INTEGER;
ALTER TABLE findings ADD COLUMN acknowledged_note TEXT;
ALTER TABLE findings ADD COLUMN acknowledged_by TEXT;

-- Set while a host is ignored: still asked, but silently.
ALTER TABLE hosts ADD COLUMN ignored_at INTEGER;
ALTER TABLE hosts ADD COLUMN ignored_until INTEGER;
ALTER TABLE hosts ADD COLUMN ignored_note TEXT;
ALTER TABLE hosts ADD COLUMN ignored_by TEXT;

-- What smbwarden itself sent, one row a day (YYYY-MM-DD, UTC) for each address, port and probe. Addresses at which nobody
-- was met are summed up under the empty address: a row for each of them would be most of the table and say nothing.
-- No index by host: it would double the table, and a quarter of a year is read in a few milliseconds.
CREATE TABLE ledger (
  day         TEXT NOT NULL,
  host_id     TEXT REFERENCES hosts (id) ON DELETE CASCADE,
  address     TEXT NOT NULL,
  transport   TEXT NOT NULL,
  port        INTEGER NOT NULL,
  probe       TEXT NOT NULL,
  connections INTEGER NOT NULL,
  datagrams   INTEGER NOT NULL,
  bytes       INTEGER NOT NULL,
  PRIMARY KEY (day, address, transport, port, probe)
) STRICT, WITHOUT ROWID;

-- Probes that are no longer put to a host because it came to harm within seconds of them. Only the owner lifts it.
CREATE TABLE quarantine (
  host_id  TEXT NOT NULL REFERENCES hosts (id) ON DELETE CASCADE,
  probe    TEXT NOT NULL,
  since_at INTEGER NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (host_id, probe)
) STRICT, WITHOUT ROWID;

-- Commands that changed something, whoever gave them.
CREATE TABLE commands (
  id       INTEGER PRIMARY KEY,
  given_at INTEGER NOT NULL,
  source   TEXT NOT NULL, -- cli, mqtt
  command  TEXT NOT NULL,
  args     TEXT NOT NULL, -- JSON
  outcome  TEXT NOT NULL
) STRICT;
CREATE INDEX commands_by_time ON commands (given_at);
