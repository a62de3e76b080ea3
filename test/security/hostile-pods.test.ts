/**
 * Pods whose annotations, images and names were written to harm the node, on a real runtime: each ends or waits with a reason,
 * and a pod that comes after them all runs.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { everyCase } from '../support/every-case.ts';
import { busybox, pod } from './volume-examples.ts';

const can = await canRunContainers();

const texts: readonly string[] = [
  '',
  '-1',
  '1e400',
  'NaN',
  '99999999999999999999E',
  '../../etc/passwd',
  'localhost/../../etc/passwd',
  '$(reboot)',
  '\n',
  "'; reboot; '",
  '[{"name":"x","namespace":"kube-system"}]',
  'x'.repeat(10_000),
];

/** Annotations that a runtime, a network plug-in or an older kubelet reads. */
const annotations: readonly string[] = [
  'kubernetes.io/ingress-bandwidth',
  'kubernetes.io/egress-bandwidth',
  'k8s.v1.cni.cncf.io/networks',
  'io.kubernetes.cri.untrusted-workload',
  'cdi.k8s.io/device',
  'container.apparmor.security.beta.kubernetes.io/main',
  'seccomp.security.alpha.kubernetes.io/pod',
];

const images: readonly string[] = [
  '..',
  '../../etc/passwd',
  '-v',
  '--privileged',
  'BUSYBOX',
  'http://127.0.0.1/x',
  '127.0.0.1:1/x',
  '[::1]:1/x',
  `${busybox}@sha256:${'0'.repeat(64)}`,
  'f'.repeat(64),
  `127.0.0.1:1/${'a/'.repeat(400)}a`,
  'a'.repeat(100_000),
  'a\0b',
  '$(reboot)',
];

interface Hostile {
  readonly name: string;
  readonly pod: Pod;
}

let count = 0;
function hostile(what: string, { image = busybox, metadata = {} }: { readonly image?: string; readonly metadata?: object }): Hostile {
  const name = `hostile-${(count += 1)}`;
  const main: Container = { name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['true'] };
  const plain = pod(name, { containers: [main], restartPolicy: 'Never' });
  return { name: `${what.slice(0, 100)} (${name})`, pod: { ...plain, metadata: { ...plain.metadata, ...metadata } } };
}

const all: readonly Hostile[] = [
  ...texts.map((text) =>
    hostile(`annotations: ${text}`, { metadata: { annotations: Object.fromEntries(annotations.map((each) => [each, text])) } }),
  ),
  ...images.map((image) => hostile(`image ${image}`, { image })),
];

describe('pods that were written to harm the node', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  before(async () => {
    node = await agentNode('10.201.10.0/24');
    node.startAgent();
  });
  after(() => node.close());

  test(`each of ${all.length} ends, or waits with a reason`, async () => {
    for (const { pod: one } of all) node.api.put(one);
    await everyCase(
      all,
      ({ name }) => name,
      ({ pod: one }) =>
        eventually(() => {
          const status = node.api.pod(one.metadata.name ?? '')?.status;
          const state = status?.containerStatuses?.[0]?.state;
          const reason = state?.terminated?.reason ?? state?.waiting?.reason ?? status?.reason ?? '';
          const failed = node.api.events(one.metadata.name ?? '').some((event) => event.startsWith('Failed'));
          assert.ok(failed || (reason !== '' && reason !== 'ContainerCreating'), JSON.stringify(status).slice(0, 500));
          assert.ok((state?.waiting?.message ?? '').length < 10_000);
        }, 30_000),
    );
  });

  test('what fails again and again leaves nothing behind on the runtime', async () => {
    const names = await node.ctr('containers', 'ls', '--quiet');
    assert.ok(names.length <= 2 * all.length, `${names.length} containers and sandboxes`);
  });

  test('a pod that comes after them runs', async () => {
    const main: Container = { name: 'main', image: busybox, imagePullPolicy: 'IfNotPresent', command: ['sleep', '1000'] };
    node.api.put(pod('innocent', { containers: [main] }));
    await eventually(() => assert.equal(node.api.pod('innocent')?.status?.phase, 'Running'), 30_000);
  });
});
