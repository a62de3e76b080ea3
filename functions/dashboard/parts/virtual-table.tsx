/**
 * A table of any length: only the rows in sight have elements, which those take over that come into sight next. The keyboard moves one
 * row as the current one, which Enter opens.
 */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { humanDuration } from '../../kube/duration.ts';
import type { Column, Order, Row } from '../table/rows.ts';
import { toneOf } from './tone.ts';
import { useVirtualizer, type VirtualItem } from './use-virtualizer.ts';
import { useNow } from './hooks.ts';

export interface TableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly showsNamespace: boolean;
  readonly order: Order | undefined;
  onOrder(order: Order): void;
  onOpen(row: Row): void;
  /** A key that the table itself has no use for. */
  onKey?(key: string, row: Row): boolean;
}

const rowPixels = 30;
const sampleRows = 200;
const columnCharsMax = 44;
const columnCharsMin = 6;

interface Shown {
  readonly name: string;
  readonly description: string;
  /** The index in `cells`; -1: the namespace. */
  readonly index: number;
}

/** Columns that matter less are left out, as kubectl leaves them out without `-o wide`. */
function shownColumns(columns: readonly Column[], showsNamespace: boolean): Shown[] {
  const shown = columns.flatMap(({ name, description = '', priority }, index) => (priority > 0 ? [] : [{ name, description, index }]));
  return showsNamespace ? [{ name: 'Namespace', description: '', index: -1 }, ...shown] : shown;
}

const cellOf = (row: Row, { index }: Shown): string => (index < 0 ? row.namespace : (row.cells[index] ?? ''));

/** As properties of the style sheet: the columns of every row, and how narrow a row may become. */
function widthsOf(shown: readonly Shown[], rows: readonly Row[]): Readonly<Record<string, string>> {
  const sample = rows.slice(0, sampleRows);
  const widths = shown.map((column) => {
    const longest = Math.max(column.name.length + 2, ...sample.map((row) => cellOf(row, column).length));
    return Math.min(Math.max(longest + 2, columnCharsMin), columnCharsMax);
  });
  return {
    '--columns': widths.map((chars) => `minmax(${chars}ch, ${chars}fr)`).join(' '),
    '--column-chars': `${widths.reduce((sum, chars) => sum + chars, 0)}ch`,
    '--column-count': String(widths.length),
  };
}

interface Current {
  readonly index: number;
  select(index: number): void;
  /** By a key; false: it moves nothing. */
  move(key: string): boolean;
}

/** The current row stays the same object while others come and go. */
function useCurrent(rows: readonly Row[], pageRows: () => number, onMove: (index: number) => void): Current {
  const [key, setKey] = useState<string>();
  const found = rows.findIndex((row) => row.key === key);
  const select = (index: number): void => setKey(rows[index]?.key);
  return {
    index: Math.max(0, found),
    select,
    move(pressed) {
      const page = pageRows();
      const all = rows.length;
      const steps: Readonly<Record<string, number>> = {
        ArrowDown: 1,
        ArrowUp: -1,
        j: 1,
        k: -1,
        PageDown: page,
        PageUp: -page,
        End: all,
        Home: -all,
      };
      const step = steps[pressed];
      if (step === undefined) return false;
      const next = Math.max(0, Math.min(all - 1, Math.max(0, found) + step));
      select(next);
      onMove(next);
      return true;
    },
  };
}

/** The number of the first row below the head, which has number 1. Source: ARIA, aria-rowindex. */
const firstRowIndex = 2;

const arrows = { ascending: ' ▲', descending: ' ▼', none: '' } as const;

function sortOf(order: Order | undefined, index: number): keyof typeof arrows {
  if (order?.column !== index) return 'none';
  return order.isDescending ? 'descending' : 'ascending';
}

function Head({ shown, order, onOrder }: Pick<TableProps, 'order' | 'onOrder'> & { shown: readonly Shown[] }): JSX.Element {
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      {shown.map(({ name, description, index }) => {
        const sort = sortOf(order, index);
        return (
          <div role="columnheader" aria-sort={sort} title={description} key={name}>
            {index < 0 ? (
              name
            ) : (
              <button type="button" onClick={() => onOrder({ column: index, isDescending: sort === 'ascending' })}>
                {name}
                <span aria-hidden="true">{arrows[sort]}</span>
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

export function VirtualTable({ label, columns, rows, showsNamespace, order, onOrder, onOpen, onKey }: TableProps): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer(rows.length, rowPixels, scroller);
  const pageRows = (): number => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowPixels) - 2);
  const current = useCurrent(rows, pageRows, (index) => virtualizer.scrollToIndex(index));
  const now = useNow(10_000);
  const slots = useSlots();
  const shown = useMemo(() => shownColumns(columns, showsNamespace), [columns, showsNamespace]);
  const widths = useMemo(() => widthsOf(shown, rows), [shown, rows]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[current.index];
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== scroller.current || row === undefined) return;
    if (event.key === 'Enter') onOpen(row);
    else if (!current.move(event.key) && onKey?.(event.key, row) !== true) return;
    event.preventDefault();
  };
  const onClick = ({ target }: MouseEvent): void => {
    const index = Number((target as Element).closest('[role=row]')?.getAttribute('aria-rowindex')) - firstRowIndex;
    const row = rows[index];
    if (row === undefined) return;
    current.select(index);
    onOpen(row);
  };
  return (
    <div
      class="grid"
      style={widths}
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={rows.length === 0 ? undefined : `row-${current.index}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <Head shown={shown} order={order} onOrder={onOrder} />
      <div class="grid-body" role="rowgroup" style={{ height: `${virtualizer.getTotalSize()}px` }} onClick={onClick}>
        {slots(virtualizer.getVirtualItems()).map((item, slot) => {
          const row = item === undefined ? undefined : rows[item.index];
          return item === undefined || row === undefined ? null : (
            <RowInSight
              key={slot}
              row={row}
              index={item.index}
              start={item.start}
              shown={shown}
              now={now}
              isCurrent={item.index === current.index}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The place of each row among the elements: a row that stays in sight keeps its own, whatever comes and goes beside it. */
function useSlots(): (items: readonly VirtualItem[]) => readonly (VirtualItem | undefined)[] {
  const most = useRef(0);
  return (items) => {
    most.current = Math.max(most.current, items.length);
    const slots = Array.from<VirtualItem | undefined>({ length: most.current });
    for (const item of items) slots[item.index % most.current] = item;
    return slots;
  };
}

interface RowInSightProps {
  readonly row: Row;
  readonly index: number;
  readonly start: number;
  readonly shown: readonly Shown[];
  readonly now: number;
  readonly isCurrent: boolean;
}

/** What a row shows is compared only when it is another row, or has changed. */
function RowInSight({ row, index, start, shown, now, isCurrent }: RowInSightProps): JSX.Element {
  return useMemo(
    () => (
      <div
        id={`row-${index}`}
        role="row"
        aria-rowindex={index + firstRowIndex}
        aria-selected={isCurrent}
        class="grid-row"
        style={{ transform: `translateY(${start}px)` }}
      >
        {shown.map((column) => (
          <Cell column={column.name} text={column.name === 'Age' ? ageOf(row, column, now) : cellOf(row, column)} key={column.name} />
        ))}
      </div>
    ),
    [row, index, start, shown, now, isCurrent],
  );
}

const ageOf = (row: Row, column: Shown, now: number): string =>
  Number.isNaN(row.createdMs) ? cellOf(row, column) : humanDuration(Math.max(0, now - row.createdMs));

const Cell = ({ column, text }: { column: string; text: string }): JSX.Element => (
  <div role="gridcell" class={`cell ${toneOf(column, text)}`} title={text}>
    {text}
  </div>
);
