/** As much of an apiserver as an agent needs: a test puts objects in and reads what the agent reports. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Event, Node, Pod } from '../../functions/kube/generated/types.ts';
import type { GoneObject, NodePollRequest, NodePollResponse, ContainerRelay } from '../../functions/node-protocol/node-poll.ts';
import { relayStatusHeader } from '../../functions/node-protocol/node-poll.ts';
import { keyText, nameOf, namespaceOf, uidOf, type KubeObject } from '../../functions/kube/object.ts';

export interface ScriptedApiserver {
  readonly url: string;
  put(object: KubeObject): void;
  /** Asks for the end of a pod, as `kubectl delete` does. */
  deletePod(name: string, graceSeconds?: number): void;
  /** Takes an object away at once. */
  remove(kind: string, name: string): void;
  pod(name: string): Pod | undefined;
  node(): Node | undefined;
  /** `Reason message` of each Event about an object of this name. */
  events(name: string): readonly string[];
  /** What `kubectl logs` would get, and with which code. */
  log(pod: string, query: string): Promise<{ code: number; text: string }>;
  /** The raw connection of an `exec`. */
  connect(pod: string, relay: Pick<ContainerRelay, 'subresource' | 'query' | 'method' | 'headers'>): Promise<Duplex>;
  readonly polls: () => number;
  close(): Promise<void>;
}

interface Entry {
  readonly object: KubeObject;
  readonly revision: number;
}

const readAll = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

const refusal = (code: number, reason: string): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  code,
  reason,
  message: reason,
});

const send = (response: ServerResponse, code: number, body: unknown): void => {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

export async function scriptedApiserver(options: {
  address: string;
  nodeName: string;
  podCidr: string;
  port?: number;
}): Promise<ScriptedApiserver> {
  const objects = new Map<string, Entry>();
  const gone: (GoneObject & { revision: number })[] = [];
  const relays = new Map<string, ContainerRelay>();
  const streams = new Map<string, (answer: { code: number; text: string }) => void>();
  const upgrades = new Map<string, (socket: Duplex) => void>();
  const waiting = new Set<() => void>();
  const told: Event[] = [];
  let revision = 1;
  let polls = 0;

  const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${keyText({ namespace, name })}`;
  const wake = (): void => {
    for (const each of waiting) each();
  };
  const put = (object: KubeObject): void => {
    revision += 1;
    objects.set(keyOf(object.kind!, namespaceOf(object), nameOf(object)), { object, revision });
    wake();
  };
  const remove = (kind: string, name: string): void => {
    for (const [key, { object }] of objects) {
      if (object.kind !== kind || nameOf(object) !== name) continue;
      revision += 1;
      objects.delete(key);
      gone.push({ apiVersion: object.apiVersion!, kind, namespace: namespaceOf(object), name, uid: uidOf(object), revision });
    }
    wake();
  };
  const find = <T extends KubeObject>(kind: string, name: string): T | undefined =>
    [...objects.values()].find(({ object }) => object.kind === kind && nameOf(object) === name)?.object as T | undefined;

  const hear = (request: NodePollRequest): void => {
    const node = find<Node>('Node', options.nodeName);
    if (request.status !== undefined && node !== undefined) put({ ...node, status: request.status });
    for (const { name, uid, status, finished } of request.pods ?? []) {
      const pod = find<Pod>('Pod', name);
      if (pod === undefined || uidOf(pod) !== uid) continue;
      put({ ...pod, status: { qosClass: pod.status?.qosClass, ...status } });
      if (finished === true) remove('Pod', name);
    }
  };
  const answerTo = (since: string | undefined): NodePollResponse => ({
    revision: String(revision),
    snapshot: since === undefined,
    objects: [...objects.values()].filter((entry) => entry.revision > Number(since ?? '0')).map(({ object }) => object),
    gone: since === undefined ? [] : gone.filter((entry) => entry.revision > Number(since)),
    relays: [...relays.values()],
    pollAfterSeconds: 0,
  });
  const poll = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await readAll(request)) as NodePollRequest;
    polls += 1;
    if (find('Node', options.nodeName) === undefined) return send(response, 404, refusal(404, 'NotFound'));
    hear(body);
    const until = Date.now() + body.waitSeconds * 1000;
    const isQuiet = (): boolean => body.since === String(revision) && relays.size === 0 && Date.now() < until && !response.destroyed;
    while (isQuiet()) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        setTimeout(resolve, 200);
      });
    }
    send(response, 200, answerTo(body.since));
  };

  const server = createServer((request, response) => {
    const path = request.url!;
    const answer = async (): Promise<void> => {
      if (path.endsWith('/poll')) return poll(request, response);
      if (path.includes('/relays/')) {
        const id = path.split('/').at(-1)!;
        relays.delete(id);
        const text = await readAll(request);
        streams.get(id)?.({ code: Number(request.headers[relayStatusHeader] ?? 200), text });
        response.writeHead(204).end();
        return;
      }
      if (request.method === 'POST' && path.includes('/events')) {
        const event = JSON.parse(await readAll(request)) as Event;
        told.push(event);
        return send(response, 201, event);
      }
      if (request.method === 'POST' && path === '/api/v1/nodes') {
        const node = JSON.parse(await readAll(request)) as Node;
        if (find('Node', options.nodeName) !== undefined) return send(response, 409, refusal(409, 'AlreadyExists'));
        put({ ...node, spec: { podCIDR: options.podCidr, podCIDRs: [options.podCidr] } });
        return send(response, 201, node);
      }
      if (path === `/api/v1/nodes/${options.nodeName}`) return send(response, 200, find('Node', options.nodeName));
      await readAll(request);
      send(response, 404, refusal(404, 'NotFound'));
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket: Duplex) => {
    const id = request.url!.split('/').at(-1)!;
    relays.delete(id);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: hibernetes-relay\r\n\r\n');
    upgrades.get(id)?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.address, resolve));

  const relay = (podName: string, request: Omit<ContainerRelay, 'id' | 'pod'>): string => {
    const pod = find<Pod>('Pod', podName)!;
    const id = `relay-${Math.random().toString(36).slice(2)}`;
    relays.set(id, { id, ...request, pod: { namespace: namespaceOf(pod), name: podName, uid: uidOf(pod) } });
    return id;
  };

  return {
    url: `http://${options.address}:${(server.address() as AddressInfo).port}`,
    put,
    remove,
    deletePod(name, graceSeconds = 30) {
      const pod = find<Pod>('Pod', name)!;
      const deletionTimestamp = new Date(Date.now() + graceSeconds * 1000).toISOString();
      put({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSeconds } });
    },
    pod: (name) => find<Pod>('Pod', name),
    node: () => find<Node>('Node', options.nodeName),
    events: (name) =>
      told.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => `${reason} ${message}`),
    log(podName, query) {
      const id = relay(podName, { transport: 'stream', subresource: 'log', query, method: 'GET', headers: [] });
      const answer = new Promise<{ code: number; text: string }>((resolve) => streams.set(id, resolve));
      wake();
      return answer;
    },
    connect(podName, request) {
      const id = relay(podName, { transport: 'upgrade', ...request });
      const answer = new Promise<Duplex>((resolve) => upgrades.set(id, resolve));
      wake();
      return answer;
    },
    polls: () => polls,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
