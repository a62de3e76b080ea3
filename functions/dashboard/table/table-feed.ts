/**
 * The rows of a kind, kept as they are in the cluster: a list in pages, then a watch. Changes are handed on together, a few
 * times a second at most. The past is listed once and not watched.
 */
import { ApiError, askJson } from '../api/request.ts';
import { type Kind, pathOf } from '../api/kinds.ts';
import { streamLines } from '../api/streams.ts';
import { after, pause } from '../browser.ts';
import { type Column, type Row, rowsOf, type Table, takeEvent, type WatchEvent } from './rows.ts';

export interface TableQuery {
  readonly kind: Kind;
  /** The namespace that is shown; an empty text stands for all of them. */
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** The moment of the past that is shown; an empty text stands for now. */
  readonly at: string;
}

export interface TableState {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** All pages have arrived. */
  readonly isComplete: boolean;
  readonly error?: Error | undefined;
}

export const emptyTable: TableState = { columns: [], rows: [], isComplete: false };

const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const pageRows = 500;
const handOnMs = 100;
const pauseMs = 1_000;
const pauseMsMax = 30_000;
const gone = 410;

const pastPath = (at: string): string => (at === '' ? '' : `/as-of/${encodeURIComponent(at)}`);

/** Calls `onChange` until the signal aborts. */
export function openTable(query: TableQuery, signal: AbortSignal, onChange: (state: TableState) => void): void {
  new TableFeed(query, signal, onChange).run().catch((error: unknown) => {
    if (!signal.aborted) onChange({ ...emptyTable, isComplete: true, error: error instanceof Error ? error : new Error(String(error)) });
  });
}

class TableFeed {
  private readonly query: TableQuery;
  private readonly signal: AbortSignal;
  private readonly onChange: (state: TableState) => void;
  private rows = new Map<string, Row>();
  private columns: readonly Column[] = [];
  private isComplete = false;
  private error: Error | undefined;
  private isDue = false;

  constructor(query: TableQuery, signal: AbortSignal, onChange: (state: TableState) => void) {
    this.query = query;
    this.signal = signal;
    this.onChange = onChange;
  }

  async run(): Promise<void> {
    for (let waitMs = pauseMs; !this.signal.aborted; waitMs = Math.min(waitMs * 2, pauseMsMax)) {
      try {
        let version = await this.list();
        if (this.query.at !== '' || !this.query.kind.verbs.includes('watch')) return;
        waitMs = pauseMs;
        while (!this.signal.aborted) {
          version = await this.watch(version);
          // Hosts end a watch after a while, some of them soon.
          await pause(pauseMs, this.signal);
        }
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (this.signal.aborted) return;
        // What the API refuses it refuses the next time, too; the rest passes.
        if (error instanceof ApiError && error.status !== gone && error.status < 500 && error.status !== 429) throw error;
        this.error = error instanceof ApiError && error.status === gone ? undefined : error;
        this.handOnSoon();
        await pause(waitMs, this.signal);
      }
    }
  }

  private pathWith(parameters: Readonly<Record<string, string>>): string {
    const { kind, namespace, labelSelector = '', fieldSelector = '', at } = this.query;
    const search = new URLSearchParams(parameters);
    if (labelSelector !== '') search.set('labelSelector', labelSelector);
    if (fieldSelector !== '') search.set('fieldSelector', fieldSelector);
    return `${pastPath(at)}${pathOf(kind, namespace)}?${search}`;
  }

  /** Shows each page as it comes, unless older rows are shown already. Returns the list's resource version. */
  private async list(): Promise<string> {
    const rows = new Map<string, Row>();
    const isFirst = this.rows.size === 0;
    if (isFirst) this.rows = rows;
    let token = '';
    let version = '';
    do {
      const path = this.pathWith({ limit: String(pageRows), ...(token === '' ? {} : { continue: token }) });
      const table = await askJson<Table>(path, { accept: asTable, signal: this.signal });
      if (table.columnDefinitions !== undefined && table.columnDefinitions.length > 0) this.columns = table.columnDefinitions;
      for (const row of rowsOf(table)) rows.set(row.key, row);
      token = table.metadata?.continue ?? '';
      version = table.metadata?.resourceVersion ?? '';
      if (isFirst) this.handOn();
    } while (token !== '' && !this.signal.aborted);
    this.rows = rows;
    this.isComplete = true;
    this.error = undefined;
    this.handOn();
    return version;
  }

  private async watch(from: string): Promise<string> {
    let version = from;
    const path = this.pathWith({ watch: '1', resourceVersion: from, allowWatchBookmarks: 'true' });
    await streamLines(path, { accept: asTable, signal: this.signal }, (line) => {
      const event = JSON.parse(line) as WatchEvent;
      const { code = 500, message = 'the watch failed' } = event.object;
      if (event.type === 'ERROR') throw new ApiError(code, 'Expired', message);
      version = takeEvent(this.rows, event) ?? version;
      if (event.type !== 'BOOKMARK') this.handOnSoon();
    });
    return version;
  }

  private handOnSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    after(handOnMs, () => {
      this.isDue = false;
      this.handOn();
    });
  }

  private handOn(): void {
    if (this.signal.aborted) return;
    const { columns, isComplete, error } = this;
    this.onChange({ columns, rows: [...this.rows.values()], isComplete, error });
  }
}
