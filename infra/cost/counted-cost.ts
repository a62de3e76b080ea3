/**
 * What a cluster elsewhere than on AWS would have cost there, from what its control plane counts. It counts what
 * reaches the log and the API. What runs of workers, queues and cold starts would have added is unknown.
 */
import { countText, dollarText, markdownTable } from './cost-tables.ts';
import { dollarsOf, gbSecondsOf } from './month.ts';
import { prices, pricesReadOn } from './prices.ts';
import { nothing, type FunctionUsage } from './usage.ts';

interface Counted {
  readonly requests: number;
  readonly entries: number;
  readonly changes: number;
  readonly logBytes: number;
}

/** The sum of a counter's samples, whatever their labels. Source: Prometheus, exposition formats. */
function counterOf(metrics: string, name: string): number {
  const samples = metrics.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const countedIn = (metrics: string): Counted => ({
  requests: counterOf(metrics, 'apiserver_request_total'),
  entries: counterOf(metrics, 'hibernetes_store_log_entries_total'),
  changes: counterOf(metrics, 'hibernetes_store_changes_total'),
  logBytes: counterOf(metrics, 'hibernetes_store_log_bytes_total'),
});

/** The log's items have a few attributes besides what changed. */
const entryBytes = 120;
/** A request reads the head of the log or appends to it; either takes five milliseconds. */
const requestMs = 5;

const kilobyte = 1024;

export interface CountedCost {
  readonly parts: readonly {
    readonly name: string;
    readonly count: number;
    readonly writeUnits: number;
    readonly readUnits: number;
    readonly dollars: number;
  }[];
  readonly dollars: number;
  readonly pricesReadOn: string;
}

/** Pure: the text of /metrics in. */
export function countedCost(metrics: string): CountedCost {
  const { requests, entries, changes, logBytes } = countedIn(metrics);
  const parts: readonly (readonly [string, number, FunctionUsage])[] = [
    ['requests to the API', requests, { ...nothing, invocations: requests, waitedMs: requests * requestMs, readUnits: requests }],
    // Each log entry is rounded up to a whole unit: at most one more than its bytes need.
    ['entries of the log', entries, { ...nothing, writeUnits: entries + (logBytes + entries * entryBytes) / kilobyte }],
    ['objects written down for cold starts', changes, { ...nothing, writeUnits: changes }],
  ];
  const rows = parts.map(([name, count, usage]) => {
    const { writeUnits, readUnits } = usage;
    return { name, count, writeUnits, readUnits, dollars: dollarsOf(usage, gbSecondsOf('api', usage)) };
  });
  return { parts: rows, dollars: rows.reduce((sum, row) => sum + row.dollars, 0), pricesReadOn };
}

export function countedCostText({ parts, dollars }: CountedCost): string {
  const table = markdownTable(
    ['since the control plane started', 'counted', 'write units', 'read units', 'dollars'],
    [
      ...parts.map(({ name, count, writeUnits, readUnits, dollars: own }) => [
        name,
        countText(count),
        countText(writeUnits),
        countText(readUnits),
        dollarText(own),
      ]),
      ['together, at most', '', '', '', dollarText(dollars)],
    ],
  );
  return [
    table,
    `Prices of us-east-1, read on ${pricesReadOn}, without free tiers. Requests of the control plane to itself are counted as`,
    'those of others. Not counted here, so not in it: runs of the workers, messages, the minute, watches that last,',
    `storage, the secret that holds the key (${dollarText(prices.secretMonth)} a month), an audit log (${dollarText(prices.loggedGb)} a GB).`,
    '`hibernetes cost --simulate --nodes N --pods P` reckons a whole month with all of them.',
    '',
  ].join('\n');
}
