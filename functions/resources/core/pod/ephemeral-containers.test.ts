import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { viewOf } from '../../../../test/support/view.ts';
import type { EphemeralContainer, Pod } from '../../../kube/generated/types.ts';
import { StatusError } from '../../../kube/status-error.ts';
import { writeEphemeralContainers } from './ephemeral-containers.ts';

const context = { nowMs: 0, userName: 'jane', random: () => 0 };
const debug = (more: Partial<EphemeralContainer> = {}): EphemeralContainer => ({ name: 'debug', image: 'busybox:1.36', ...more });
const pod = (existing?: EphemeralContainer[], metadata: object = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'main', image: 'main:v1' }], ...(existing === undefined ? {} : { ephemeralContainers: existing }) },
});
const write = (current: Pod, wanted: EphemeralContainer[], spec: object = {}): EphemeralContainer[] => {
  const body = { ...pod(wanted), apiVersion: 'v1', kind: 'Pod' };
  const result = writeEphemeralContainers(structuredClone(current), { ...body, spec: { ...body.spec, ...spec } } as Pod, context, viewOf());
  assert.ok(result.outcome === 'update');
  assert.deepEqual(
    result.object.spec.containers.map(({ name }) => name),
    ['main'],
    'nothing else can be changed',
  );
  return result.object.spec.ephemeralContainers!;
};
const refused = (act: () => unknown, ...errors: string[]): void =>
  assert.throws(act, (error) => {
    assert.ok(error instanceof StatusError);
    const list = errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`;
    assert.equal(error.message, `Pod "web" is invalid: ${list}`);
    return error.code === 422;
  });

test('an ephemeral container may be added to a pod that runs, and gets its defaults', () => {
  assert.deepEqual(write(pod(), [debug({ targetContainerName: 'main', stdin: true })], { containers: [{ name: 'other' }] }), [
    {
      name: 'debug',
      image: 'busybox:1.36',
      imagePullPolicy: 'IfNotPresent',
      resources: {},
      stdin: true,
      targetContainerName: 'main',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    },
  ]);
});

test('ephemeral containers stay as they are once they are there', () => {
  const [first] = write(pod(), [debug()]);
  const current = pod([first!]);
  assert.equal(write(current, [first!, debug({ name: 'more' })]).length, 2);
  refused(() => write(current, []), 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n');
  const changed = [{ ...first!, image: 'busybox:1.37' }];
  refused(() => write(current, changed), 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed\n');
});

describe('are refused', () => {
  const at = 'spec.ephemeralContainers[0]';

  test('ephemeral containers are refused when their name is taken or missing, or their target is not there', () => {
    refused(() => write(pod(), [debug({ name: 'main' })]), `${at}.name: Duplicate value: "main"`);
    refused(() => write(pod(), [debug({ name: '' })]), `${at}.name: Required value`);
    refused(() => write(pod(), [debug({ targetContainerName: 'x' })]), `${at}.targetContainerName: Not found: "x"`);
  });

  test('ephemeral containers are refused with what only a container of the pod’s own may have', () => {
    const why = 'Forbidden: cannot be set for an Ephemeral Container';
    refused(
      () => write(pod(), [debug({ ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } }, restartPolicy: 'Always' })]),
      `${at}.ports: ${why}`,
      `${at}.resources: ${why}`,
      `${at}.restartPolicy: ${why}`,
    );
  });

  test('ephemeral containers are refused for a pod that only mirrors one of its node', () => {
    const mirror = pod(undefined, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    refused(() => write(mirror, [debug()]), ': Forbidden: static pods do not support ephemeral containers');
  });
});
