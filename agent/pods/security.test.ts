import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodSpec, SecurityContext } from '../../functions/kube/generated/types.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import type { Image } from '../runtime/runtime.ts';
import { ContainerConfigError } from './lookup.ts';
import { containerSecurity, namespacesOf } from './security.ts';

const image = (more: Partial<Image>): Image => ({ id: 'i', sizeBytes: 1, tags: [], digests: [], uid: undefined, username: '', ...more });
const security = (own: SecurityContext, spec: Partial<PodSpec> = {}, of?: Image) =>
  containerSecurity(pod(spec), container('main', { securityContext: own }), of, '/seccomp');

test('a container without a security context is unprivileged, with the pod’s network and IPC', () => {
  const { maskedPaths, readonlyPaths, ...rest } = security({});
  assert.deepEqual(rest, {
    namespaces: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' },
    privileged: false,
    runAsUser: undefined,
    runAsGroup: undefined,
    supplementalGroups: [],
    supplementalGroupsPolicy: 'Merge',
    appArmor: undefined,
    seLinuxOptions: undefined,
    readonlyRootfs: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: { profileType: 'Unconfined', localhostRef: '' },
  });
  assert.ok(maskedPaths.includes('/proc/kcore') && readonlyPaths.includes('/proc/sys'));
});

test('a container’s security context overrides its pod’s', () => {
  const spec = { securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } };
  const { runAsUser, runAsGroup, supplementalGroups } = security({ runAsUser: 9 }, spec);
  assert.deepEqual({ runAsUser, runAsGroup, supplementalGroups }, { runAsUser: 9, runAsGroup: 2, supplementalGroups: [3, 4] });
});

test('capabilities, a read-only root and no new privileges are passed on', () => {
  const own = {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
  };
  const { readonlyRootfs, noNewPrivileges, addCapabilities, dropCapabilities } = security(own);
  assert.deepEqual([readonlyRootfs, noNewPrivileges, addCapabilities, dropCapabilities], [true, true, ['NET_BIND_SERVICE'], ['ALL']]);
});

test('a privileged container sees everything and is under no seccomp profile', () => {
  const { privileged, maskedPaths, readonlyPaths, seccomp } = security(
    { privileged: true },
    { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } },
  );
  assert.deepEqual([privileged, maskedPaths, readonlyPaths, seccomp], [true, [], [], { profileType: 'Unconfined', localhostRef: '' }]);
});

test('a seccomp profile of type Localhost is a file in the node’s seccomp directory', () => {
  assert.deepEqual(security({ seccompProfile: { type: 'Localhost', localhostProfile: 'audit.json' } }).seccomp, {
    profileType: 'Localhost',
    localhostRef: '/seccomp/audit.json',
  });
});

test('containers share the host’s or the pod’s namespaces where the pod’s spec asks for it', () => {
  assert.deepEqual(namespacesOf(pod({ hostNetwork: true, hostPID: true, hostIPC: true })), { network: 'NODE', pid: 'NODE', ipc: 'NODE' });
  assert.deepEqual(namespacesOf(pod({ shareProcessNamespace: true })), { network: 'POD', pid: 'POD', ipc: 'POD' });
});

describe('who must not be root', () => {
  const where = '(pod: "web_default(u1)", container: main)';
  const refused = (own: SecurityContext, of: Image | undefined, message: string): void =>
    assert.throws(
      () => security({ runAsNonRoot: true, ...own }, {}, of),
      (error) => error instanceof ContainerConfigError && error.message === message,
    );

  test('a container with runAsNonRoot is refused with user 0 in its spec or its image', () => {
    refused({ runAsUser: 0 }, undefined, `container's runAsUser breaks non-root policy ${where}`);
    refused({}, image({ uid: 0 }), `container has runAsNonRoot and image will run as root ${where}`);
    refused({}, image({}), `container has runAsNonRoot and image will run as root ${where}`);
  });

  test('a container with runAsNonRoot is refused when its image has a user name instead of a number', () => {
    const message = `container has runAsNonRoot and image has non-numeric user (nobody), cannot verify user is non-root ${where}`;
    refused({}, image({ username: 'nobody' }), message);
  });

  test('a container with runAsNonRoot runs with any user number but 0', () => {
    assert.equal(security({ runAsNonRoot: true, runAsUser: 1000 }).runAsUser, 1000);
    assert.doesNotThrow(() => security({ runAsNonRoot: true }, {}, image({ uid: 65_534 })));
  });
});
