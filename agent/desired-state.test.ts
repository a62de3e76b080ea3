import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { namedInterests } from '../functions/apiserver/nodes/poll-interests.ts';
import type { KubeObject } from '../functions/kube/object.ts';
import { groupsOfPolicy, policyPeerKind } from '../functions/kube/policy-peers.ts';
import { createDesiredState } from './desired-state.ts';

const object = (kind: string, name: string, uid = name): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'default', uid },
});

describe('the desired state', () => {
  const names = (objects: readonly { metadata?: { name?: string } }[]) => objects.map(({ metadata }) => metadata?.name);

  test('the desired state holds the objects of all poll answers, applied in order', () => {
    const desired = createDesiredState();
    assert.equal(desired.isKnown(), false);
    assert.deepEqual([...desired.apply({ snapshot: true, objects: [object('Pod', 'a'), object('Node', 'n')], gone: [] })], ['Pod', 'Node']);
    const gone = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'a' };
    assert.deepEqual([...desired.apply({ snapshot: false, objects: [object('Pod', 'b')], gone: [gone] })], ['Pod']);
    assert.deepEqual([names(desired.pods()), names(desired.nodes()), desired.isKnown()], [['b'], ['n'], true]);
    assert.deepEqual(names(desired.all()), ['b', 'n']);
  });

  test('a snapshot replaces all objects, and marks each kind that was there as changed', () => {
    const desired = createDesiredState();
    desired.apply({ snapshot: true, objects: [object('Pod', 'a'), object('ConfigMap', 'c')], gone: [] });
    assert.deepEqual([...desired.apply({ snapshot: true, objects: [object('Pod', 'b')], gone: [] })].toSorted(), ['ConfigMap', 'Pod']);
    assert.deepEqual(names(desired.all()), ['b']);
    assert.equal(desired.configMap('default', 'c'), undefined);
  });

  test('a snapshot leaves the node what the control plane could not read', () => {
    const desired = createDesiredState();
    desired.apply({ snapshot: true, objects: ['a', 'b'].map((name) => object('Pod', name)), gone: [] });
    const unreadable = ['a', 'never-seen'].map((name) => ({ kind: 'Pod', namespace: 'default', name }));
    desired.apply({ snapshot: true, objects: [object('Pod', 'c')], gone: [], unreadable });
    assert.deepEqual(names(desired.pods()), ['a', 'c']);
  });

  test('a snapshot leaves the node what a pod or claim names that the control plane could not read', () => {
    const kinds = [...namedInterests.values()].map(({ type }) => type.kind);
    const keptBeside = (kind: string): (string | undefined)[] => {
      const desired = createDesiredState();
      const objects = [object(kind, 'damaged'), ...kinds.map((one) => object(one, 'named')), object('Service', 'named')];
      desired.apply({ snapshot: true, objects, gone: [] });
      const unreadable = [{ kind, namespace: 'default', name: 'damaged' }];
      desired.apply({ snapshot: true, objects: [], gone: [], unreadable });
      return desired.all().flatMap(({ kind: one, metadata }) => (metadata.name === 'named' ? [one] : []));
    };
    assert.deepEqual(keptBeside('Pod'), kinds);
    assert.deepEqual(keptBeside('PersistentVolumeClaim'), kinds);
    assert.deepEqual(keptBeside('Node'), []);
  });

  test('policies that no pod needs any more are dropped, with the peers that only they select', () => {
    const desired = createDesiredState();
    const policy = { ...object('NetworkPolicy', 'p'), spec: { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] } };
    const groups = groupsOfPolicy(policy).map(({ key }) => key);
    const peer = { ...object(policyPeerKind, 'web'), groups, addresses: ['10.244.2.2'] };
    desired.apply({
      snapshot: true,
      objects: [object('Pod', 'a'), policy, peer, { ...peer, metadata: { name: 'old' }, groups: ['old'] }],
      gone: [],
    });
    assert.deepEqual([names(desired.networkPolicies()), names(desired.policyPeers())], [['p'], ['web']]);
    assert.deepEqual(names(desired.selection.policiesOf(desired.pods()[0]!)), ['p']);
    desired.apply({ snapshot: false, objects: [], gone: [{ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'a' }] });
    assert.deepEqual([names(desired.networkPolicies()), names(desired.policyPeers())], [[], []]);
  });

  test('a pod that took another’s name is not gone with it', () => {
    const desired = createDesiredState();
    desired.apply({ snapshot: true, objects: [object('Pod', 'a', 'new')], gone: [] });
    desired.apply({ snapshot: false, objects: [], gone: [{ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'old' }] });
    assert.deepEqual(names(desired.pods()), ['a']);
  });
});
