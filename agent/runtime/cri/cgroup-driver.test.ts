import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeError, type RuntimeErrorCode } from '../runtime.ts';
import { cgroupDriver, configuredDriver } from './cgroup-driver.ts';
import type { Channel } from './channel.ts';

const config = (options: object | null, defaultRuntimeName = 'runc'): string =>
  JSON.stringify({ containerd: { defaultRuntimeName, runtimes: { runc: { runtimeType: 'io.containerd.runc.v2', options }, other: {} } } });

test('containerd’s configuration names the driver of the runtime that pods get', () => {
  assert.equal(configuredDriver(config({ SystemdCgroup: true })), 'systemd');
  assert.equal(configuredDriver(config({ SystemdCgroup: false })), 'cgroupfs');
  assert.equal(configuredDriver(config(null)), 'cgroupfs');
  assert.equal(configuredDriver(config({ SystemdCgroup: true }, 'other')), 'cgroupfs');
  assert.equal(configuredDriver(''), 'cgroupfs');
});

const answering = (answers: Readonly<Record<string, unknown>>, refusal: RuntimeErrorCode = 'Unimplemented'): Channel => ({
  call: async <T>(_service: string, method: string) => {
    if (!(method in answers)) throw new RuntimeError(refusal, `unknown method ${method}`);
    return answers[method] as T;
  },
  subscribe: async () => {},
  close: () => {},
});
const status = { info: { config: config({ SystemdCgroup: true }) } };

test('a runtime that knows the call is believed', async () => {
  assert.equal(await cgroupDriver(answering({ RuntimeConfig: { linux: { cgroupDriver: 'SYSTEMD' } } })), 'systemd');
  assert.equal(await cgroupDriver(answering({ RuntimeConfig: { linux: { cgroupDriver: 'CGROUPFS' } }, Status: status })), 'cgroupfs');
});

test('an older runtime is asked for its configuration', async () => {
  assert.equal(await cgroupDriver(answering({ Status: status })), 'systemd');
});

test('a runtime that does not answer is no older one', async () => {
  await assert.rejects(cgroupDriver(answering({ Status: status }, 'Unavailable')), { code: 'Unavailable' });
});
