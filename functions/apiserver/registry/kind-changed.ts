/**
 * A declared kind may change, or go, before a process that serves a request for it has read so. The answer then holds
 * for no revision. The request is served again, by the kind as it is now.
 */
import { StatusError } from '../../kube/status-error.ts';
import type { ApiRequest } from '../ports.ts';
import type { Server } from '../server.ts';
import type { ServedKind } from './resource-index.ts';

/** A write was decided at a revision at which its kind is another one. */
export class KindChanged extends StatusError {
  constructor() {
    super(503, 'ServiceUnavailable', 'the kind changed while the request was served', { details: { retryAfterSeconds: 1 } });
  }
}

/** Each time, a definition changed between the reading of the kind and the answer. */
const attemptsMax = 20;
const reads: readonly string[] = ['get', 'list'];

export interface DeclaredCall {
  readonly server: Server;
  readonly call: ApiRequest;
  /** The kind at the newest revision that this process has read; undefined when it is not served. */
  kind(): Promise<ServedKind | undefined>;
  /** `kind` is undefined where nothing is served. */
  serve(server: Server, call: ApiRequest, kind: ServedKind | undefined): Promise<Response>;
}

export async function whileDeclared({ server, call, kind, serve }: DeclaredCall): Promise<Response> {
  const { registry, store } = server;
  const isRead = reads.includes(call.info.verb);
  for (let attempt = 1; ; attempt += 1) {
    const known = await kind();
    const isServed: Server['isServed'] = (view) => registry(view).kind(call.info)?.definition === known?.definition;
    try {
      const response = await serve({ ...server, isServed }, call, known);
      if (!isRead || known === undefined || isServed(store.view())) return response;
      await response.body?.cancel();
    } catch (error) {
      if (!(error instanceof KindChanged) || attempt === attemptsMax) throw error;
    }
    if (attempt === attemptsMax) throw new KindChanged();
  }
}
