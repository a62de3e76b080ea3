import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ContainerState, Pod } from '../../functions/kube/generated/types.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { pod } from '../../test/support/node-pod.ts';
import { containerForLogs, runningContainerId } from './container-of-pod.ts';

const ended = (id: string): ContainerState => ({ terminated: { exitCode: 1, containerID: `containerd://${id}` } });
const withMain = (state: ContainerState, lastState: ContainerState = {}, containerID?: string): Pod => ({
  ...pod(),
  status: { containerStatuses: [{ name: 'main', ready: false, restartCount: 0, image: '', imageID: '', state, lastState, containerID }] },
});
const refused = (act: () => unknown, message: string): void =>
  assert.throws(act, (error) => error instanceof StatusError && error.code === 400 && error.message === message);
const logs = (of: Pod, previous = false): string => containerForLogs(of, 'main', previous).id;

describe('logs', () => {
  test('logs are of the container that runs, or else of the last that ran', () => {
    assert.equal(logs(withMain({ running: {} }, {}, 'containerd://now')), 'now');
    assert.equal(logs(withMain(ended('last'))), 'last');
    assert.equal(logs(withMain({ waiting: { reason: 'CrashLoopBackOff' } }, ended('before'))), 'before');
  });

  test('logs of the previous one are those of the last end', () => {
    assert.equal(logs(withMain({ running: {} }, ended('before'), 'containerd://now'), true), 'before');
    refused(() => logs(withMain({ running: {} }), true), 'previous terminated container "main" in pod "web" not found');
  });

  test('logs of a container that waits are refused with the reason', () => {
    const waiting = (reason: string) => () => logs(withMain({ waiting: { reason } }));
    refused(waiting('ContainerCreating'), 'container "main" in pod "web" is waiting to start: ContainerCreating');
    refused(waiting('ErrImagePull'), 'container "main" in pod "web" is waiting to start: image can\'t be pulled');
    refused(waiting('ImagePullBackOff'), 'container "main" in pod "web" is waiting to start: trying and failing to pull image');
    refused(() => logs(pod()), 'container "main" in pod "web" is not available');
  });
});

test('exec needs a container that runs', () => {
  assert.equal(runningContainerId(withMain({ running: {} }, {}, 'containerd://now'), 'main'), 'now');
  refused(() => runningContainerId(withMain(ended('last')), 'main'), 'container not found ("main")');
});
