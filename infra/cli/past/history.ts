/** `hibernetes history deployment/web`: when an object changed, which manager wrote it, and which fields. */
import type { ManagedFieldsEntry } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { type ClusterChoice, withApi } from '../api-client.ts';
import { type OutputChoice, print } from '../output.ts';
import { fixedMoment } from './at.ts';
import { findKind, namedObject, pathOfKind } from './find-kind.ts';
import { type FieldChange, fieldChanges, fieldLine } from './object-changes.ts';
import { reader } from '../api-reader.ts';

export interface HistoryOptions extends ClusterChoice, OutputChoice {
  readonly namespace: string;
  readonly since: string;
}

interface HistoryItem {
  readonly time: string;
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

interface HistoryList {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly HistoryItem[];
}

export interface HistoryEntry extends Pick<HistoryItem, 'time' | 'revision' | 'type'> {
  /** Who wrote it, by `metadata.managedFields`; '' where those do not name one. */
  readonly manager: string;
  readonly fields: readonly FieldChange[];
}

const pagesMax = 1000;

/** `before`: the object at the beginning, if it was there. */
export function historyEntries(items: readonly HistoryItem[], before: KubeObject | undefined): HistoryEntry[] {
  let former = before;
  return items.map(({ time, revision, type, object }) => {
    const fields = type === 'MODIFIED' && former !== undefined ? fieldChanges(former, object) : [];
    const manager = type === 'DELETED' ? '' : managersOf(former, object);
    former = type === 'DELETED' ? undefined : object;
    return { time, revision, type, manager, fields };
  });
}

/** Whose entry in `metadata.managedFields` the write made or moved in time; one that only lost fields did not write. */
function managersOf(before: KubeObject | undefined, after: KubeObject): string {
  const former = new Map((before?.metadata.managedFields ?? []).map((entry) => [entryName(entry), entry]));
  const written = (after.metadata.managedFields ?? []).filter((entry) => {
    const known = former.get(entryName(entry));
    const [now, then] = [JSON.stringify(entry.fieldsV1), JSON.stringify(known?.fieldsV1)];
    return known === undefined || entry.time !== known.time || (now !== then && now.length >= then.length);
  });
  return [...new Set(written.map(({ manager = '' }) => manager))].join(', ');
}

const entryName = ({ manager, operation, subresource, apiVersion }: ManagedFieldsEntry): string =>
  JSON.stringify([manager, operation, subresource, apiVersion]);

export async function history(words: readonly string[], options: HistoryOptions): Promise<void> {
  const { kind, name } = namedObject(words);
  const resource = kind.toLowerCase();
  const entries = await withApi(options, async (api) => {
    const found = await findKind(reader(api), kind);
    const path = `${pathOfKind(found, options.namespace)}/${encodeURIComponent(name)}`;
    const since = fixedMoment(options.since);
    const items: HistoryItem[] = [];
    let from = since;
    for (let page = 0; page < pagesMax; page += 1) {
      const list = await reader(api, `${from}..now`)<HistoryList>(path);
      items.push(...list.items);
      if (list.metadata.continue === undefined) break;
      from = list.metadata.continue;
    }
    return historyEntries(items, await reader(api, since)<KubeObject>(path).catch(() => undefined));
  });
  print(options, entries, (found) =>
    found.length === 0
      ? `Nothing changed since ${options.since}.\n`
      : found
          .map(({ time, revision, type, manager, fields }) => {
            const head = [time, type, `revision ${revision}`, ...(manager === '' ? [] : [`by ${manager}`])].join('  ');
            return `${head}\n${fields.map((field) => fieldLine(resource.startsWith('secret') ? 'secrets' : resource, field)).join('')}`;
          })
          .join(''),
  );
}
