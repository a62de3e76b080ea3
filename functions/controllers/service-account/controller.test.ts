import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster } from '../../../test/support/cluster.ts';
import { configMaps, serviceAccounts } from '../../kube/resource-type.ts';

test('a new namespace gets its default account and the root certificate, whichever call fails', async () => {
  const probe = await createCluster();
  const calls = probe.calls();
  await probe.close();
  assert.ok(calls > 0);
  for (let failing = 1; failing <= calls; failing += 1) {
    const cluster = await createCluster({ fails: (call) => call === failing });
    await cluster.runUntilStable();
    assert.ok(await cluster.exists(serviceAccounts, 'default'), `account, call ${failing}`);
    assert.ok(await cluster.exists(configMaps, 'kube-root-ca.crt'), `certificate, call ${failing}`);
    await cluster.close();
  }
});
