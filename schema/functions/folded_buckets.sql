-- The row source folded_buckets, which repo registers, as a table that only sqlc sees. folded is hidden: what
-- fold_blocks has made.
CREATE TABLE folded_buckets (
  series_id INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  state REAL,
  count INTEGER NOT NULL,
  total INTEGER NOT NULL,
  sum REAL NOT NULL,
  min REAL NOT NULL,
  max REAL NOT NULL,
  newest_ts INTEGER NOT NULL,
  newest_value REAL NOT NULL,
  folded BLOB NOT NULL
) STRICT;
