/** What is known of one metric: how it is typed, its labels, and each label's values. */
export interface Metric {
  readonly type: string;
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

const HEAD = /^# TYPE (\S+) (\S+)$/;
const SAMPLE = /^([a-z0-9_]+)(?:\{(.*)\})? \S+$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;
const PART_OF_HISTOGRAM = /_(?:bucket|sum|count)$/;

/**
 * Reads the text format of Prometheus.
 *
 * @returns the metrics by their names, histograms by their own; `le` is a label of theirs
 * @throws {Error} when a line is of another format
 */
export function readMetrics(text: string): ReadonlyMap<string, Metric> {
  const metrics = new Map<string, { type: string; labels: Map<string, Set<string>> }>();
  for (const line of text.split('\n')) {
    const [, head, type] = HEAD.exec(line) ?? [];
    if (head !== undefined && type !== undefined) metrics.set(head, { type, labels: new Map() });
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', labels = ''] = SAMPLE.exec(line) ?? [];
    const metric = metrics.get(name) ?? metrics.get(name.replace(PART_OF_HISTOGRAM, ''));
    if (!metric) throw new Error(`Not the text format of Prometheus: ${line}`);
    for (const [, label = '', value = ''] of labels.matchAll(LABEL)) {
      const values = metric.labels.get(label) ?? new Set();
      metric.labels.set(label, values.add(value));
    }
  }
  return metrics;
}

/** The metric that a query names: a histogram is queried by its parts. */
export function findMetric(metrics: ReadonlyMap<string, Metric>, name: string): Metric | undefined {
  const own = metrics.get(name);
  if (own) return own.type === 'histogram' ? undefined : own;
  const whole = metrics.get(name.replace(PART_OF_HISTOGRAM, ''));
  return whole?.type === 'histogram' ? whole : undefined;
}
