-- Set when the broker has acknowledged an event with its device triggers; the row stays for another minute. Whoever finds it
-- after a crash sends the event again, but does not count it as missed.
ALTER TABLE outbox ADD COLUMN acknowledged_at INTEGER;
