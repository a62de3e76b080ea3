/** Every operation that a server publishes: a path of its OpenAPI documents and a method. */
import { fetchJson } from '../cases/kinds.ts';
import type { ApiConnection } from '../servers/api-connection.ts';

export type Sender = Pick<ApiConnection, 'send'>;

export interface Operation {
  readonly method: string;
  /** The path, with `{namespace}`, `{name}` and `{path}` to be filled in. */
  readonly template: string;
  /** `list`, `connect`, `post`; '' of what is no resource. */
  readonly action: string;
}

interface PublishedOperation {
  readonly 'x-kubernetes-action'?: string;
}

const methods = ['get', 'put', 'post', 'patch', 'delete', 'head', 'options'];

export async function publishedOperations(api: Sender): Promise<readonly Operation[]> {
  const { paths: places } = await fetchJson<{ paths: Record<string, { serverRelativeURL: string }> }>(api, '/openapi/v3');
  const documents = await Promise.all(
    Object.values(places).map(({ serverRelativeURL }) =>
      fetchJson<{ paths: Record<string, Record<string, PublishedOperation | undefined>> }>(api, serverRelativeURL),
    ),
  );
  return documents.flatMap(({ paths }) =>
    Object.entries(paths).flatMap(([template, operations]) =>
      methods.flatMap((method) => {
        const published = operations[method];
        return published === undefined ? [] : [{ method: method.toUpperCase(), template, action: published['x-kubernetes-action'] ?? '' }];
      }),
    ),
  );
}

export const idOf = ({ method, template }: Operation): string => `${method} ${template}`;
