import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../../../kube/generated/types.ts';
import { serviceWarnings } from './warnings.ts';

const warnings = (spec: Service['spec']): string[] =>
  serviceWarnings({ metadata: { name: 'a' }, spec: { sessionAffinity: 'None', ...spec } });

test('a service is warned about what is deprecated, and what its type ignores', () => {
  assert.deepEqual(warnings({ type: 'ClusterIP', externalIPs: ['1.2.3.4'], trafficDistribution: 'PreferClose' }), [
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ]);
  assert.deepEqual(warnings({ type: 'ExternalName', externalName: 'a.b', externalIPs: ['1.2.3.4'] }), [
    'spec.externalIPs is ignored when spec.type is "ExternalName"',
  ]);
  assert.deepEqual(warnings({ type: 'ClusterIP', clusterIP: 'None', sessionAffinity: 'ClientIP' }), [
    'spec.SessionAffinity is ignored for headless services',
  ]);
  assert.deepEqual(warnings({ type: 'NodePort', externalName: 'x' }), [
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
});
