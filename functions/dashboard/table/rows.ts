/** The rows of a list as the API's Table has them: one function reads a page, another takes in an event of a watch. Pure. */

/** Source: apimachinery, pkg/apis/meta/v1/types.go (Table). */
export interface Table {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string; readonly remainingItemCount?: number };
  readonly columnDefinitions?: readonly Column[];
  readonly rows?: readonly TableRow[];
}

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** Above 0: only shown where there is room. */
  readonly priority: number;
}

type Cell = string | number | boolean | null | readonly object[] | Readonly<Record<string, unknown>>;

interface TableRow {
  readonly cells: readonly Cell[];
  readonly object: {
    readonly metadata: {
      readonly name?: string;
      readonly namespace?: string;
      readonly uid?: string;
      readonly resourceVersion?: string;
      readonly creationTimestamp?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
  };
}

export interface Row {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly createdMs: number;
  readonly cells: readonly string[];
  /** What a filter finds, in lower case: cells, namespace, labels. */
  readonly text: string;
}

const cellText = (cell: Cell): string => (cell === null ? '' : typeof cell === 'object' ? JSON.stringify(cell) : String(cell));

function rowOf({ cells: given, object: { metadata } }: TableRow): Row {
  const { name = '', namespace = '', uid, creationTimestamp, labels = {} } = metadata;
  const cells = given.map(cellText);
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return {
    key: uid ?? `${namespace}/${name}`,
    namespace,
    name,
    createdMs: creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp),
    cells,
    text: [namespace, ...cells, ...pairs].join('\u0000').toLowerCase(),
  };
}

export const rowsOf = ({ rows = [] }: Table): Row[] => rows.map(rowOf);

export interface WatchEvent {
  readonly type: string;
  readonly object: Table & { readonly code?: number; readonly message?: string };
}

/** Changes the rows; returns the resource version that the watch has reached, if the event names one. */
export function takeEvent(rows: Map<string, Row>, { type, object }: WatchEvent): string | undefined {
  for (const row of rowsOf(object)) {
    if (type === 'DELETED') rows.delete(row.key);
    else if (type !== 'BOOKMARK') rows.set(row.key, row);
  }
  return object.rows?.at(-1)?.object.metadata.resourceVersion ?? object.metadata?.resourceVersion;
}

/** Rows that have each of the words: of their cells, namespace or labels. `!word` excludes. */
export function filtered(rows: readonly Row[], filter: string): readonly Row[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '!');
  if (words.length === 0) return rows;
  return rows.filter(({ text }) => words.every((word) => (word.startsWith('!') ? !text.includes(word.slice(1)) : text.includes(word))));
}

export interface Order {
  readonly column: number;
  readonly isDescending: boolean;
}

/** Cells that begin with a number are ordered by it, ages by the time of creation. */
export function ordered(rows: readonly Row[], columns: readonly Column[], { column, isDescending }: Order): readonly Row[] {
  const isAge = columns[column]?.name === 'Age';
  const keyed = rows.map((row) => {
    const text = row.cells[column] ?? '';
    return { row, text, number: isAge ? -row.createdMs : Number.parseFloat(text) };
  });
  const sign = isDescending ? -1 : 1;
  keyed.sort((a, b) => {
    if (!Number.isNaN(a.number) && !Number.isNaN(b.number) && a.number !== b.number) return sign * (a.number - b.number);
    return a.text === b.text ? 0 : sign * (a.text < b.text ? -1 : 1);
  });
  return keyed.map(({ row }) => row);
}
