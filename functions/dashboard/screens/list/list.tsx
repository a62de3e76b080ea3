/** All objects of a kind, by the columns that the API gives it: filtered, ordered, live. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { kindNamed } from '../../api/kinds.ts';
import { useApp } from '../../app-context.ts';
import { sentenceOf, useTable } from '../../parts/hooks.ts';
import { VirtualTable } from '../../parts/virtual-table.tsx';
import { filtered, type Order, ordered, type Row } from '../../table/rows.ts';

/** Newest first, for kinds that are read as a story. */
const firstOrder = (columns: readonly { readonly name: string }[]): Order | undefined => {
  const lastSeen = columns.findIndex(({ name }) => name === 'Last Seen');
  return lastSeen < 0 ? undefined : { column: lastSeen, isDescending: false };
};

const focusTable = (): void => document.querySelector<HTMLElement>('main [role=grid]')?.focus();

function FilterField(): JSX.Element {
  const { route, go } = useApp();
  return (
    <input
      id="filter"
      type="search"
      placeholder="Filter ( / )"
      aria-label="Filter by words in cells and labels; !word excludes"
      value={route.filter}
      onInput={({ currentTarget }) => go({ ...route, filter: currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== 'ArrowDown' && event.key !== 'Escape') return;
        event.preventDefault();
        focusTable();
      }}
    />
  );
}

export function ListScreen(): JSX.Element {
  const { kinds, route, go } = useApp();
  const kind = kindNamed(kinds, route.kind);
  const { namespace, selector: labelSelector, filter, at } = route;
  const table = useTable(kind === undefined ? undefined : { kind, namespace: kind.isNamespaced ? namespace : '', labelSelector, at });
  const [chosen, setOrder] = useState<Order>();
  useEffect(() => setOrder(undefined), [kind]);
  useEffect(focusTable, [kind, namespace]);

  const order = chosen ?? firstOrder(table.columns);
  const rows = useMemo(() => {
    const found = filtered(table.rows, filter);
    return order === undefined ? found : ordered(found, table.columns, order);
  }, [table, filter, order?.column, order?.isDescending]);

  if (kind === undefined) return <p class="empty">This cluster serves no kind named {route.kind}.</p>;
  const open = ({ namespace: of, name }: Row): void => go({ screen: 'object', kind: kind.id, namespace: of, name });
  const onKey = (key: string, { namespace: of, name }: Row): boolean => {
    const to = { kind: kind.id, namespace: of, name };
    if (key === 'y') go({ ...to, screen: 'object', tab: 'yaml' });
    else if (key === 'l') go({ ...to, screen: 'logs' });
    else if (key === 's' && kind.subresources.includes('exec')) go({ ...to, screen: 'exec' });
    else return false;
    return true;
  };
  const count = rows.length === table.rows.length ? String(rows.length) : `${rows.length} of ${table.rows.length}`;
  return (
    <section class="screen list">
      <header class="bar">
        <h1>{kind.resource}</h1>
        <span class="muted" role="status">
          {count}
          {table.isComplete ? '' : ', more are coming …'}
        </span>
        <FilterField />
        {labelSelector === '' ? null : (
          <button type="button" onClick={() => go({ ...route, selector: '' })} title="Show all labels">
            {labelSelector} ✕
          </button>
        )}
      </header>
      {table.error === undefined ? null : (
        <p class="problem" role="alert">
          {sentenceOf(table.error)}
        </p>
      )}
      <VirtualTable
        label={kind.resource}
        columns={table.columns}
        rows={rows}
        showsNamespace={kind.isNamespaced && namespace === ''}
        order={order}
        onOrder={setOrder}
        onOpen={open}
        onKey={onKey}
      />
      {table.isComplete && rows.length === 0 && table.error === undefined ? (
        <p class="empty">{filter === '' ? `There are no ${kind.resource} here.` : 'Nothing matches the filter.'}</p>
      ) : null}
    </section>
  );
}
