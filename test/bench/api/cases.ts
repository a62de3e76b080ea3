/** What is asked of both API servers. Pods are bound to nodes that are not there, so that nothing acts on them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoop, summary, type Measured } from '../closed-loop.ts';
import type { Case } from '../interleaved.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import type { PodSpec } from '../../../functions/kube/generated/types.ts';
import { benchPod } from '../pods.ts';
import type { ApiServer } from './servers.ts';

const namespace = 'bench';
export const listedPods = 10_000;
const pageLimit = 500;
const fillInFlight = 64;

let made = 0;
const newName = (): string => `web-5d9c8b7f6-${String((made += 1)).padStart(7, '0')}`;
const podsIn = (name: string): string => `/api/v1/namespaces/${name}/pods`;

/** What a client sends of a small pod: the server gives uid, times, and the volume of its token. */
function podText(name: string, inNamespace: string): string {
  const { apiVersion, kind, metadata, spec } = benchPod(name, '1.1 KB') as KubeObject & { readonly spec: PodSpec };
  const containers = spec.containers.map((container) => ({ ...container, volumeMounts: undefined }));
  return JSON.stringify({
    apiVersion,
    kind,
    metadata: { name, namespace: inNamespace, labels: metadata.labels },
    spec: { ...spec, containers },
  });
}

const post = (server: ApiServer, path: string, body: string): Promise<string> => server.send({ method: 'POST', path, body });

const created = new WeakSet<ApiServer>();

/** Its namespaces, the account of its pods, and ten thousand pods. */
export async function fill(server: ApiServer): Promise<void> {
  if (created.has(server)) return;
  created.add(server);
  for (const name of [namespace, 'listed']) {
    await post(server, '/api/v1/namespaces', JSON.stringify({ metadata: { name } }));
    await post(server, `/api/v1/namespaces/${name}/serviceaccounts`, JSON.stringify({ metadata: { name: 'default' } }));
  }
  const names = Array.from({ length: listedPods }, (_, index) => listedName(index)).values();
  const worker = async (): Promise<void> => {
    for (const name of names) await post(server, podsIn('listed'), podText(name, 'listed'));
  };
  await Promise.all(Array.from({ length: fillInFlight }, worker));
}

const listedName = (index: number): string => `web-5d9c8b7f6-listed-${index % listedPods}`;

/** Steps jump through the pods, so that no cache of the last few answers. */
const stride = 7919;

interface Repeated {
  readonly name: string;
  readonly inFlight: number;
  one(server: ApiServer, step: number): Promise<unknown>;
}

function repeated({ name, inFlight, one }: Repeated): Case<ApiServer> {
  return {
    key: `${name}@${inFlight}`,
    ratioOf: 'perSecond',
    async run(server, seconds) {
      await fill(server);
      return closedLoop(server, { inFlight, seconds, one: async (step) => void (await one(server, step)) });
    },
  };
}

const creates = (inFlight: number): Case<ApiServer> =>
  repeated({ name: 'create pod', inFlight, one: (server) => post(server, podsIn(namespace), podText(newName(), namespace)) });

const gets = (inFlight: number): Case<ApiServer> =>
  repeated({
    name: 'get',
    inFlight,
    one: (server, step) => server.send({ method: 'GET', path: `${podsIn('listed')}/${listedName(step * stride)}` }),
  });

const lists: Case<ApiServer> = repeated({
  name: `list ${pageLimit}`,
  inFlight: 1,
  one: (server) => server.send({ method: 'GET', path: `${podsIn('listed')}?limit=${pageLimit}` }),
});

const statusPatches = (inFlight: number): Case<ApiServer> =>
  repeated({
    name: 'patch status',
    inFlight,
    one: (server, step) =>
      server.send({
        method: 'PATCH',
        path: `${podsIn('listed')}/${listedName(step * stride)}/status`,
        type: 'application/strategic-merge-patch+json',
        body: JSON.stringify({ status: { conditions: [{ type: 'Ready', status: 'True', message: `${(made += 1)}` }] } }),
      }),
  });

const appliedDeployments = 200;

/** Each apply changes one field of a Deployment that the manager owns. */
const applies = (inFlight: number): Case<ApiServer> =>
  repeated({
    name: 'apply',
    inFlight,
    one(server, step) {
      const name = `web-${step % appliedDeployments}`;
      const labels = { app: name };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1', ports: [{ containerPort: 80 }] }] } };
      const body = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, annotations: { step: `${(made += 1)}` } },
        spec: { selector: { matchLabels: labels }, template },
      };
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}?fieldManager=bench&force=true`;
      return server.send({ method: 'PATCH', path, type: 'application/apply-patch+yaml', body: JSON.stringify(body) });
    },
  });

const watchers = 100;
const changesPerSecond = 100;
const untilMsMax = 60_000;
const mark = /"sent":"([^"]+)"/g;

/** A hundred watchers, a hundred changes a second: how long until the last of them has heard. */
const fanOut: Case<ApiServer> = {
  key: `watch fan-out to ${watchers}`,
  ratioOf: 'p99Ms',
  async run(server, seconds): Promise<Measured> {
    await fill(server);
    const name = `changed-${(made += 1)}`;
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const object = (sent: string): string => JSON.stringify({ metadata: { name, annotations: { sent } }, data: { a: 'x'.repeat(500) } });
    await post(server, path, object('0'));
    const { metadata } = JSON.parse(await server.send({ method: 'GET', path: `${path}/${name}` }));
    const latenciesMs: number[] = [];
    const query = `watch=true&fieldSelector=metadata.name=${name}&resourceVersion=${metadata.resourceVersion}`;
    const ends = Array.from({ length: watchers }, () => server.follow(`${path}?${query}`, listener(latenciesMs)));
    await sleep(500);
    const cpuBeforeMs = server.cpuMs();
    const startMs = performance.now();
    const changes = Math.round(seconds * changesPerSecond);
    for (let change = 1; change <= changes; change += 1) {
      const waitMs = startMs + (change * 1000) / changesPerSecond - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      await server.send({ method: 'PUT', path: `${path}/${name}`, body: object(performance.now().toFixed(2)) });
    }
    for (const endMs = performance.now() + untilMsMax; latenciesMs.length < changes * watchers; await sleep(5)) {
      if (performance.now() > endMs) throw new Error(`${server.name}: ${latenciesMs.length} of ${changes * watchers} events came`);
    }
    for (const end of ends) end();
    return summary(server, latenciesMs, { cpuBeforeMs, startMs });
  },
};

/** Takes the events of one watch. A piece may end in the middle of one. */
function listener(latenciesMs: number[]): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    const nowMs = performance.now();
    for (const line of lines) {
      const [found] = line.matchAll(mark);
      if (found !== undefined) latenciesMs.push(nowMs - Number(found[1]));
    }
  };
}

export const apiCases: readonly Case<ApiServer>[] = [
  ...[1, 16, 64].map(creates),
  ...[1, 64].map(gets),
  lists,
  ...[1, 64].map(statusPatches),
  ...[1, 16].map(applies),
  fanOut,
];
