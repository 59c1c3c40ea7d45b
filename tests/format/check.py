"""Checks the check values of a history, and of the example, by what docs/FORMAT.md says.

The code of that is in front of this.
"""

import sqlite3
import sys

COLUMNS = {
    'series': 'id, metric_name, wan_name, labels, aggregation',
    'metric_metadata': 'metric_name, help, unit, states, percentiles',
    'raw_blocks': 'id, last_ts, count, payload',
    'raw_samples': 'ts, series_id, value',
    'rollups': 'granularity, series_id, ts, count, sum, min, max',
    'sketches': 'id, sketch',
    'state_rollups': 'granularity, series_id, ts, value, count, total',
    'tiers': 'granularity, watermark, floor, keep',
    'clock': 'id, trusted, doubted, seen',
    'imports': 'id, source, format, bytes, lines, last_id, second, aggregated, hash, '
    'newest_id, newest_hash, updated',
}

assert chk('rollups', '1m', 1, 1767225600000000, 60, 1234.5, 20.25, 21.0) == -1721249048

history = sqlite3.connect(sys.argv[1])
for table, columns in COLUMNS.items():
    rows = history.execute(f'SELECT chk, {columns} FROM {table}').fetchall()
    sound = sum(row[0] == chk(table, *row[1:]) for row in rows)
    print(table, len(rows), sound)

assert [count for _, count in sketch(bytes.fromhex('00a4020c040708'))] == [3, 1, 1]
assert [count for _, count in sketch(bytes.fromhex('3001020004071c0004071c'))] == [1, 1, 1, 1, 1]

buckets = history.execute('SELECT granularity, series_id, ts, count, min, max FROM rollups').fetchall()
right = 0
for granularity, series, ts, count, least, greatest in buckets:
    values = sketch(sketch_of(history, granularity, series, ts, count))
    middles = [value for value, _ in values]
    right += (
        sum(n for _, n in values) == count and middles == sorted(middles)
        and abs(middles[0] - least) <= 0.011 * abs(least) and abs(middles[-1] - greatest) <= 0.011 * abs(greatest)
    )
print('sketches', len(buckets), right)
