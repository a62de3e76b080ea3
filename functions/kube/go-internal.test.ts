import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internalForm } from './go-internal.ts';
import type { JsonObject } from './object.ts';

const renamed: readonly (readonly [type: string, value: JsonObject, shown: JsonObject])[] = [
  [
    'core.RBDPersistentVolumeSource',
    { monitors: ['m'], image: 'i', pool: 'p', user: 'u' },
    { CephMonitors: ['m'], RBDImage: 'i', RBDPool: 'p', RadosUser: 'u' },
  ],
  ['core.AzureDiskVolumeSource', { diskURI: 'u' }, { DataDiskURI: 'u' }],
  ['core.GlusterfsVolumeSource', { endpoints: 'e' }, { EndpointsName: 'e' }],
  ['core.ISCSIVolumeSource', { chapAuthDiscovery: true, chapAuthSession: true }, { DiscoveryCHAPAuth: true, SessionCHAPAuth: true }],
  ['core.NodeSpec', { externalID: 'x' }, { DoNotUseExternalID: 'x' }],
  ['resource.DeviceAttribute', { int: 1, strings: ['a'] }, { IntValue: 1, StringValues: ['a'] }],
];

for (const [type, value, shown] of renamed) {
  test(`the fields of ${type} have the names that Go gives them`, () => {
    const form = internalForm(type, value) as JsonObject;
    assert.deepEqual(Object.fromEntries(Object.keys(shown).map((field) => [field, form[field]])), shown);
  });
}
