-- What is known of the clock that ages are counted from: one row. trusted: the latest moment that deleting has gone by.
-- doubted: what the clock said when it was first found to be ahead of what can be explained. seen: what it said at the last
-- pass of maintenance. 0: there is none.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  trusted INTEGER NOT NULL,
  doubted INTEGER NOT NULL,
  seen INTEGER NOT NULL
) STRICT;

INSERT INTO clock (id, trusted, doubted, seen) VALUES (1, 0, 0, 0);
