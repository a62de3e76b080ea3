/**
 * Decides whether a request is allowed. The view of the cluster for that is at least as new as its answer. A process that
 * slept knows nothing of what was revoked meanwhile. What is written is decided on a fresh view first. What is read is
 * decided on what is known, and again before the answer leaves if the view moved on: its reading made it fresh anyway.
 */
import { agentGroup } from '../../node-protocol/node-poll.ts';
import type { Store } from '../../store/store.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { RequestInfo } from '../ports.ts';
import { fromStore } from '../registry/commit.ts';

export interface AuthorityParts {
  readonly store: Pick<Store, 'view' | 'fresh'>;
  /** When the request came, by the monotonic clock. */
  readonly arrivedMs: number;
  readonly info: RequestInfo;
  /** Carries a connection, so that there is no answer to hold back. */
  readonly isConnection: boolean;
  /** Has shown no credentials: refusing it costs no question to the table. */
  readonly isStranger: boolean;
  /** Authenticates and authorizes as of the store's view; throws a StatusError. */
  decide(): Promise<void>;
}

/** A watch goes on after its answer began. */
const readVerbs = new Set(['get', 'list', 'head', 'options']);

/** `first` authorizes the user that was found a moment ago. */
export async function withAuthority(parts: AuthorityParts, first: () => Promise<void>, work: () => Promise<Response>): Promise<Response> {
  const { store, arrivedMs, info, isConnection, isStranger, decide } = parts;
  const { revision } = store.view();
  const moved = (): boolean => store.view().revision !== revision;
  const isRead = isReport(info) || (!isConnection && readVerbs.has(info.verb));
  const refusal = await refusalOf(first);
  if (refusal !== undefined && isStranger) throw refusal;
  if (refusal !== undefined || !isRead) {
    // What was granted a moment ago counts as well.
    await fromStore(() => store.fresh(arrivedMs));
    if (moved()) await decide();
    else if (refusal !== undefined) throw refusal;
    if (!isRead) return work();
  }
  const response = await work();
  if (!moved()) return response;
  try {
    await decide();
    return response;
  } catch (error) {
    await response.body?.cancel();
    throw error;
  }
}

async function refusalOf(decide: () => Promise<void>): Promise<StatusError | undefined> {
  try {
    await decide();
    return undefined;
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) return error;
    throw error;
  }
}

/** What an agent reports harms nothing; what it hears in return is the newest there is. */
const isReport = ({ group, resource, subresource }: RequestInfo): boolean =>
  group === agentGroup && !(resource === 'nodes' && subresource === 'token');
