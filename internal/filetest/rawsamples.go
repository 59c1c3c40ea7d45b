package filetest

// RawSamples is all that the raw tier of a history holds, to be selected from: ts, series_id and
// value, also of what lies below the floor. Blocks are read as docs/FORMAT.md tells other programs
// to read them, all moments of a list at once.
const RawSamples = `(
	WITH elements AS MATERIALIZED (
		SELECT b.id AS block, o.key AS element, o.value AS text
		FROM raw_blocks AS b CROSS JOIN json_each(b.payload) AS o
	), moments AS MATERIALIZED (
		SELECT e.block, e.element, m.key AS place, e.block % 10000000000000000 + m.value AS ts
		FROM elements AS e CROSS JOIN json_each(e.text, '$.t') AS m
	), series_of AS MATERIALIZED (
		SELECT
			e.block, e.element, CAST(v.key AS INTEGER) AS series_id, v.value,
			CASE
				WHEN v.type <> 'array' THEN 'one'
				WHEN json_type(v.value, '$[0]') = 'array' THEN 'runs'
				ELSE 'list'
			END AS form
		FROM elements AS e CROSS JOIN json_each(e.text, '$.v') AS v
	), lists AS MATERIALIZED (
		SELECT s.block, s.element, s.series_id, x.key AS place, x.value
		FROM series_of AS s CROSS JOIN json_each(iif(s.form = 'list', s.value, '[]')) AS x
	), runs AS MATERIALIZED (
		SELECT
			s.block, s.element, s.series_id, x.value ->> 0 AS place, x.value ->> 1 AS value,
			lead(x.value ->> 0, 1, 9e9) OVER (
				PARTITION BY s.block, s.element, s.series_id ORDER BY x.key
			) AS next
		FROM series_of AS s CROSS JOIN json_each(iif(s.form = 'runs', s.value, '[]')) AS x
	)
	SELECT ts, series_id, value FROM raw_samples
	UNION ALL
	SELECT m.ts, s.series_id, CAST(s.value AS REAL)
	FROM series_of AS s JOIN moments AS m USING (block, element)
	WHERE s.form = 'one'
	UNION ALL
	SELECT m.ts, l.series_id, CAST(l.value AS REAL)
	FROM lists AS l JOIN moments AS m USING (block, element, place)
	UNION ALL
	SELECT m.ts, r.series_id, CAST(r.value AS REAL)
	FROM runs AS r JOIN moments AS m USING (block, element)
	WHERE m.place >= r.place AND m.place < r.next
)`

// CountRawSamples selects how many samples that is, by what blocks say that they have.
const CountRawSamples = `SELECT
	(SELECT coalesce(sum(count), 0) FROM raw_blocks) + (SELECT count(*) FROM raw_samples)`
