/** Whole objects: read, followed, and changed as the API's patches change them. */
import type { KubeList, KubeObject } from '../../kube/object.ts';
import type { AnyObject, Change } from './change.ts';
import { type Kind, pathOf } from './kinds.ts';
import { askJson } from './request.ts';
import { streamLines } from './streams.ts';

export interface ObjectPath {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

const managed = 'fieldManager=hibernetes-dashboard';

export const sendChange = <T = KubeObject>({ kind, namespace, name }: ObjectPath, change: Change, query = ''): Promise<T> => {
  const { method, subresource, contentType, body } = change;
  const parameters = method === 'DELETE' ? query : [managed, query].filter((part) => part !== '').join('&');
  return askJson<T>(`${pathOf(kind, namespace, name)}${subresource}${parameters === '' ? '' : `?${parameters}`}`, {
    method,
    body,
    ...(contentType === undefined ? {} : { contentType }),
  });
};

export const listOf = async <T extends KubeObject>(path: string, signal?: AbortSignal): Promise<readonly T[]> =>
  (await askJson<KubeList<T>>(path, signal === undefined ? {} : { signal })).items;

interface ObjectEvent {
  readonly type: string;
  readonly object: AnyObject;
}

/** Calls `onChange` with each newer state, until the watch ends. Undefined: the object is gone. */
export async function watchObject(
  { kind, namespace, name }: ObjectPath,
  from: string,
  signal: AbortSignal,
  onChange: (object: AnyObject | undefined) => void,
): Promise<void> {
  const search = new URLSearchParams({ watch: '1', fieldSelector: `metadata.name=${name}`, resourceVersion: from });
  await streamLines(`${pathOf(kind, namespace)}?${search}`, { signal }, (line) => {
    const { type, object } = JSON.parse(line) as ObjectEvent;
    if (type === 'ADDED' || type === 'MODIFIED') onChange(object);
    else if (type === 'DELETED') onChange(undefined);
  });
}
