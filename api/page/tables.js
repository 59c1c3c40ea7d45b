// Columns for uPlot.

const quartile = (list) => list.sort((a, b) => a - b)[list.length >> 2];

// endsOf says until when each point speaks: for as long as it is wide. Of a series that is sampled more rarely than that, so
// that its points have one sample each, a point speaks until the next one is overdue. The last one speaks for the newest
// sample at most.
export function endsOf(series, newest) {
  const { t, w, count } = series;
  const rare = t.length > 3 && quartile([...count]) === 1;
  const cadence = rare ? quartile(t.slice(1).map((at, i) => at - t[i])) : 0;
  return t.map((at, i) => {
    const width = w[i];
    const tolerance = cadence > width * 1.01 ? cadence * 2.5 : width * 1.5;
    const next = t[i + 1];
    if (next !== undefined && next - at <= tolerance) return next;
    const end = at + Math.max(width, cadence);
    if (next !== undefined || !(newest >= at)) return end;
    return Math.min(end, newest + Math.max(width, cadence) / Math.max(...count.slice(-2)));
  });
}

// tableOf makes columns of a series, with a row of nulls wherever a point ends before the next begins, and behind the last
// one: there the line breaks.
export function tableOf(series, columns, ends) {
  const table = [[], ...columns.map(() => [])];
  series.t.forEach((at, i) => {
    table[0].push(at);
    columns.forEach((name, c) => table[c + 1].push(series[name][i]));
    if (ends[i] > at && ends[i] !== series.t[i + 1]) {
      table[0].push(ends[i]);
      columns.forEach((_, c) => table[c + 1].push(null));
    }
  });
  return table;
}

// joined puts tables on common times. At the times of others a column has undefined where its line goes on, and null from
// the end of a point to the next one, before its first and behind its last: a line would lead through what is undefined.
export function joined(tables) {
  if (tables.length === 1) return tables[0];
  const expand = tables.map((table) => table.map(() => 2)); // uPlot's NULL_EXPAND
  const data = uPlot.join(tables, expand);
  for (const column of data.slice(1)) {
    for (let i = 0; column[i] === undefined && i < column.length; i++) column[i] = null;
  }
  return data;
}

// lonely lists the points between two gaps, which no line reaches.
export function lonely(values) {
  const found = [];
  let before = null, at = -1, alone = false;
  for (let i = 0; i <= values.length; i++) {
    const value = i < values.length ? values[i] : null;
    if (value === undefined) continue;
    if (alone && value === null) found.push(at);
    alone = value !== null && before === null;
    at = i;
    before = value;
  }
  return found.length > 0 ? found : null;
}
