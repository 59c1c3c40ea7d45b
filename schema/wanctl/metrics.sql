-- What wanctl writes, as far as an import reads it: sqlc and the tests take it from here. The program never makes such a
-- database, so this is no migration.
CREATE TABLE metrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp INTEGER NOT NULL,
  wan_name TEXT NOT NULL,
  metric_name TEXT NOT NULL,
  value REAL NOT NULL,
  labels TEXT,
  granularity TEXT DEFAULT 'raw'
);

CREATE INDEX idx_metrics_timestamp ON metrics (timestamp);
CREATE INDEX idx_metrics_wan_metric_time ON metrics (wan_name, metric_name, timestamp);
CREATE INDEX idx_metrics_granularity_time ON metrics (granularity, timestamp);
