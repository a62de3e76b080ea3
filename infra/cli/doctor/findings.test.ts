/** Each fault of a machine makes one finding with a cure, and no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterFindings, type ClusterFacts } from './cluster-findings.ts';
import { findingLines, isWell } from './finding.ts';
import type { MachineFacts } from './machine-facts.ts';
import { laptopFindings, nodeFindings } from './machine-findings.ts';

const good: MachineFacts = {
  platform: 'linux',
  architecture: 'x64',
  kernel: '6.1.0-13-amd64',
  nodeVersion: '24.21.0',
  isRoot: true,
  missing: undefined,
  hasSystemd: true,
  cgroups: { version: 2, controllers: ['cpu', 'memory', 'pids', 'io'] },
  kernelFeatures: { overlay: true, bridgeFilter: true, nftables: true },
  containerd: '1.6.20',
  containerdSocket: '/run/containerd/containerd.sock',
  nameServers: ['10.0.0.2'],
  swapBytes: 0,
  disk: { freeBytes: 5e9, totalBytes: 10e9, path: '/var' },
  inotifyInstances: 8192,
  firewalls: [],
  ports: [{ port: 10_250, isTaken: true }],
};

const wrong: readonly (readonly [about: string, level: string, change: Partial<MachineFacts>])[] = [
  ['system', 'warning', { platform: 'darwin' }],
  ['system', 'problem', { architecture: 'riscv64' }],
  ['node', 'problem', { nodeVersion: '20.1.0' }],
  ['disk', 'warning', { disk: { freeBytes: 5e8, totalBytes: 10e9, path: '/var' } }],
  ['dns', 'problem', { nameServers: [] }],
  ['dns', 'warning', { nameServers: ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'] }],
  ['kernel', 'warning', { kernel: '4.19.0' }],
  ['rights', 'warning', { isRoot: false }],
  ['programs', 'problem', { missing: { why: 'runc not found', cure: 'apt-get install -y runc' } }],
  ['cgroups', 'problem', { cgroups: undefined }],
  ['cgroups', 'problem', { cgroups: { version: 2, controllers: ['cpu', 'pids'] } }],
  ['modules', 'problem', { kernelFeatures: { overlay: false, bridgeFilter: true, nftables: true } }],
  ['modules', 'problem', { kernelFeatures: { overlay: true, bridgeFilter: false, nftables: true } }],
  ['modules', 'problem', { kernelFeatures: { overlay: true, bridgeFilter: true, nftables: false } }],
  ['runtime', 'problem', { containerd: undefined }],
  ['swap', 'warning', { swapBytes: 1e9 }],
  ['inotify', 'warning', { inotifyInstances: 128 }],
  ['firewall', 'warning', { firewalls: ['firewalld'] }],
  ['service', 'warning', { hasSystemd: false }],
  ['ports', 'problem', { ports: [{ port: 10_250, isTaken: false }] }],
];

test('a good machine has no problem and no warning', () => {
  const findings = nodeFindings(good, true);
  assert.deepEqual(
    findings.filter(({ level }) => level !== 'ok'),
    [],
  );
  assert.ok(isWell(findings));
});

for (const [about, level, change] of wrong)
  test(`finds ${JSON.stringify(change)}`, () => {
    const found = nodeFindings({ ...good, ...change }, true).filter((finding) => finding.level !== 'ok');
    assert.deepEqual(
      found.map((finding) => [finding.about, finding.level]),
      [[about, level]],
    );
    assert.match(found[0]?.sentence ?? '', /^.+\.$/);
    assert.notEqual(found[0]?.cure ?? '', '');
  });

test('on a laptop without a cluster the port of the API must be free, and no runtime is needed', () => {
  const facts = { ...good, containerd: undefined, ports: [{ port: 6443, isTaken: false }] };
  assert.deepEqual(
    laptopFindings(facts, false).filter(({ level }) => level !== 'ok'),
    [],
  );
  const taken = laptopFindings({ ...facts, ports: [{ port: 6443, isTaken: true }] }, false);
  assert.deepEqual(
    taken.filter(({ level }) => level !== 'ok').map(({ about }) => about),
    ['ports'],
  );
});

const cluster: ClusterFacts = { server: 'https://a', serverMs: 1_000_000, ownMs: 1_000_000, version: 'v1.37.2', nodes: [] };

test('a clock that is off, an API that does not answer and nodes that are not Ready are found', () => {
  const abouts = (facts: ClusterFacts): string[] =>
    clusterFindings(facts)
      .filter(({ level }) => level !== 'ok')
      .map(({ sentence }) => sentence);
  assert.deepEqual(abouts(cluster), []);
  assert.deepEqual(abouts({ ...cluster, ownMs: 1_090_000 }), ['This machine’s clock is 90 s ahead of the server’s.']);
  assert.deepEqual(abouts({ server: 'https://a', failure: 'connect ECONNREFUSED' }), ['https://a does not answer: connect ECONNREFUSED.']);
  const node = { metadata: { name: 'n', uid: '', creationTimestamp: '' }, status: { conditions: [] } };
  assert.deepEqual(abouts({ ...cluster, nodes: [node] as never }), ['1 of 1 nodes are not Ready; n: it has not reported.']);
});

test('lines align, and cures stand below their sentences', () => {
  const text = findingLines([
    { level: 'ok', about: 'a', sentence: 'One.' },
    { level: 'problem', about: 'long', sentence: 'Two.', cure: 'Three.' },
  ]);
  assert.equal(text, '✓ a     One.\n✗ long  Two.\n        Three.\n');
});
