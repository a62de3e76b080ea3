/** What this process counts, in Prometheus' text format. Source of the names of the API's own: apiserver, pkg/endpoints/metrics. */
import type { EntryItem, Table } from '../../functions/store/table.ts';

export interface Metrics {
  /** Adds to a counter. */
  add(name: string, amount: number, labels?: Readonly<Record<string, string>>): void;
  text(): string;
}

const help: Readonly<Record<string, string>> = {
  apiserver_request_total: 'Requests answered, by verb, resource, scope and code.',
  hibernetes_set_aside_total: 'Objects and changes that a controller set aside, by controller.',
  hibernetes_store_damages_total: 'Objects and log entries that turned out to be damaged.',
  hibernetes_store_log_entries_total: 'Entries appended to the log by this process.',
  hibernetes_store_changes_total: 'Changes in those log entries.',
  hibernetes_store_log_bytes_total: 'Bytes of those log entries, compressed.',
};

const labelText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

export function createMetrics(): Metrics {
  const counters = new Map<string, Map<string, number>>(Object.keys(help).map((name) => [name, new Map()]));
  return {
    add(name, amount, labels = {}) {
      const counter = counters.get(name);
      if (counter === undefined) throw new Error(`there is no counter ${name}`);
      counter.set(labelText(labels), (counter.get(labelText(labels)) ?? 0) + amount);
    },
    text: () =>
      [...counters]
        .map(([name, samples]) => {
          const lines = [...samples].map(([labels, value]) => `${name}${labels} ${value}\n`);
          return `# HELP ${name} ${help[name]}\n# TYPE ${name} counter\n${lines.join('')}`;
        })
        .join(''),
  };
}

/** The same table, with its appends counted. */
export function countedTable(table: Table, metrics: Metrics): Table {
  const appendEntry = async (item: EntryItem, signedMs: number): ReturnType<Table['appendEntry']> => {
    const appended = await table.appendEntry(item, signedMs);
    if (appended.outcome === 'written') {
      metrics.add('hibernetes_store_log_entries_total', 1);
      metrics.add('hibernetes_store_changes_total', item.count);
      metrics.add('hibernetes_store_log_bytes_total', item.frames.length);
    }
    return appended;
  };
  return new Proxy(table, { get: (target, property) => (property === 'appendEntry' ? appendEntry : bound(target, property)) });
}

function bound(target: object, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property);
  return typeof value === 'function' ? value.bind(target) : value;
}
