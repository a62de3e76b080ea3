/**
 * The API as of a moment of the past: `/as-of/MOMENT/` before any path that reads. The caller needs the right to read what
 * is asked for now, and needed it then. Without credentials there is no past at all.
 */
import type { Past } from '../../archive/past.ts';
import type { PastSnapshot } from '../../archive/past-snapshot.ts';
import { createPastStore } from '../../archive/past-store.ts';
import type { LogPosition } from '../../archive/step.ts';
import { StatusError } from '../../kube/status-error.ts';
import { type Store, StoreError } from '../../store/store.ts';
import type { SelectableFields } from '../../store/stored-object.ts';
import type { World } from '../../world.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../app.ts';
import { forbiddenRequest, unauthorized } from '../auth/forbidden-request.ts';
import { impersonatedUser } from '../auth/impersonation.ts';
import { errorResponse } from '../filters/errors.ts';
import { subresourceNotFound } from '../http/api-errors.ts';
import { requestInfoOf } from '../http/request-info.ts';
import type { Authorizer, Connection, RequestInfo, User } from '../ports.ts';
import { fromStore } from '../registry/commit.ts';
import type { LiveRegistry } from '../registry/live-registry.ts';
import type { ResourceIndex } from '../registry/resource-index.ts';
import { historyOf } from './history.ts';
import { asOfPrefix, partsOf } from './path.ts';
import { type AskedMoment, momentOf } from './moment.ts';

export interface AsOfOptions {
  readonly past: Past;
  /** The store of the present. */
  readonly store: Store;
  readonly world: World;
  readonly authenticator: ApiServerOptions['authenticator'];
  readonly authorizer: Authorizer;
  /** One that decides by the roles of another time. */
  authorizerOf(store: Store): Authorizer;
  /** A registry of its own: the present's keeps what it made of the present. */
  registryOf(): LiveRegistry;
  fieldsOf(index: () => ResourceIndex): SelectableFields;
  readonly server: Pick<ApiServerOptions, 'version' | 'descriptions' | 'audit'>;
}

/** Pasts kept: commands ask for one several times. */
const pastsKept = 4;
/** Pasts that are read at once: each takes memory. */
const readsAtOnceMax = 2;
/** Requests that wait for that. */
const readsWaitingMax = 16;
const retryAfterSeconds = 1;

interface OpenPast {
  readonly place: LogPosition;
  readonly authorizer: Authorizer;
  readonly server: ApiServer;
  /** The kinds that were served then. */
  readonly index: ResourceIndex;
}

export interface AsOf {
  fetch(request: Request, connection: Connection): Promise<Response>;
}

export function createAsOf(options: AsOfOptions): AsOf {
  const { world } = options;
  const pasts = new Map<string, Promise<OpenPast>>();
  const turns = Array.from({ length: readsAtOnceMax }, () => Promise.resolve<unknown>(undefined));
  let [turn, waiting] = [0, 0];

  /** Reads wait for one another, so that many callers do not hold many pasts. */
  function read(moment: AskedMoment): Promise<PastSnapshot> {
    if (waiting >= readsWaitingMax) throw tooManyReads();
    waiting += 1;
    const mine = turn++ % readsAtOnceMax;
    const snapshot = (turns[mine] ?? Promise.resolve()).then(() => fromArchive(() => options.past.snapshotAt({ timeMs: moment.timeMs })));
    turns[mine] = snapshot.catch(() => undefined).finally(() => (waiting -= 1));
    return snapshot;
  }

  function open(moment: AskedMoment): Promise<OpenPast> {
    const name = `${moment.timeMs} ${moment.speed}`;
    const past = pasts.get(name) ?? read(moment).then((snapshot) => openPast(options, snapshot, moment.speed));
    pasts.delete(name);
    pasts.set(name, past);
    past.catch(() => pasts.delete(name));
    const oldest = pasts.keys().next().value;
    if (pasts.size > pastsKept && oldest !== undefined) pasts.delete(oldest);
    return past;
  }

  async function serve(request: Request, connection: Connection): Promise<Response> {
    const url = new URL(request.url);
    const { moments, path } = partsOf(url.pathname);
    const inner = new URL(`${path}${url.search}`, url);
    const info = requestInfoOf(request.method, inner);
    await fromStore(() => options.store.fresh(connection.arrivedMs));
    const user = await callerOf(options, request, connection);
    const decision = await options.authorizer.authorize(user, info);
    if (!decision.allowed) throw forbiddenRequest(user, info, decision.reason);
    if (request.method !== 'GET' && request.method !== 'HEAD') throw pastUnchangeable();
    const [from, to] = moments.map((text) => askedMoment(text, world.clock.now()));
    if (from === undefined) throw noMoment('');
    await fromStore(() => options.past.envelopes.refresh());
    const past = await open(from);
    const then = await past.authorizer.authorize(user, info);
    if (!then.allowed) throw forbiddenRequest(user, info, [then.reason, 'not at that time'].filter((text) => text !== '').join(': '));
    if (to !== undefined && isMisplaced(past.index, info)) throw subresourceNotFound();
    if (to !== undefined) return historyOf(options, { after: past.place, to, info, query: url.searchParams });
    const { upgrade: _upgrade, ...plain } = connection;
    return past.server.fetch(new Request(inner, request), plain);
  }

  return {
    async fetch(request, connection) {
      try {
        return await serve(request, connection);
      } catch (error) {
        return errorResponse(error, world.log.with({ method: request.method, path: asOfPrefix }));
      }
    },
  };
}

async function callerOf({ authenticator, authorizer }: AsOfOptions, request: Request, connection: Connection): Promise<User> {
  if (connection.isNowhere === true) throw unauthorized();
  const shown = connection.user ?? (await authenticator.authenticate(request, connection));
  if (shown === undefined) throw unauthorized();
  const user = await impersonatedUser(shown, request, authorizer);
  if (user === undefined) throw unauthorized();
  return user;
}

/** The caller was asked for rights in a namespace, where no object of the kind lives. */
const isMisplaced = (index: ResourceIndex, info: RequestInfo): boolean =>
  info.isNamespaced && index.kind(info)?.definition.type.namespaced === false;

function openPast({ past, world, authenticator, authorizer, ...options }: AsOfOptions, snapshot: PastSnapshot, speed: number): OpenPast {
  const registry = options.registryOf();
  const fields = options.fieldsOf(() => registry(snapshot));
  const store = createPastStore({ past, snapshot, fields, speed, clock: world.clock });
  const then = options.authorizerOf(store);
  const both: Authorizer = {
    async authorize(user, info) {
      const now = await authorizer.authorize(user, info);
      return now.allowed ? then.authorize(user, info) : now;
    },
  };
  const server = createApiServer({ ...options.server, store, registry, world, authenticator, authorizer: both, admission: [] });
  return { place: snapshot.place, authorizer: then, server, index: registry(snapshot) };
}

/** An archive's own words: it names the moment at which the past begins. */
async function fromArchive<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await fromStore(read);
  } catch (error) {
    const cause = error instanceof StatusError ? error.cause : undefined;
    if (cause instanceof StoreError && cause.code === 'compacted') throw new StatusError(410, 'Expired', cause.message, { cause });
    throw error;
  }
}

function askedMoment(text: string, nowMs: number): AskedMoment {
  const moment = momentOf(text, nowMs);
  if (moment === undefined) throw noMoment(text);
  return moment;
}

const tooManyReads = (): StatusError =>
  new StatusError(429, 'TooManyRequests', 'the past is being read by many; try again in a moment', { details: { retryAfterSeconds } });

const noMoment = (text: string): StatusError =>
  new StatusError(
    400,
    'BadRequest',
    `${JSON.stringify(text)} is no moment of the past: a time such as 2026-11-29T10:00:00Z or a distance such as -2h is`,
  );

const pastUnchangeable = (): StatusError => new StatusError(405, 'MethodNotAllowed', 'the past cannot be changed', { details: {} });
