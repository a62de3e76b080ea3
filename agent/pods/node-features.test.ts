import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec, VolumeMount } from '../../functions/kube/generated/types.ts';
import { allFeatures } from '../../test/support/node-context.ts';
import { container, nowMs, pod, sandbox } from '../../test/support/node-pod.ts';
import { ContainerConfigError } from './lookup.ts';
import { isRecursivelyReadOnly, podRejection, userNamespaceProblem, type NodeFeatures } from './node-features.ts';
import { emptyMemory, nothingObserved } from './observed-pod.ts';
import { planPod } from './plan.ts';
import { containerSecurity, seccompOf } from './security.ts';

const bare: NodeFeatures = { appArmor: false, supplementalGroupsPolicy: false, handlers: [] };
const profile = (type: string, localhostProfile?: string) => ({
  appArmorProfile: { type, ...(localhostProfile === undefined ? {} : { localhostProfile }) },
});
const appArmor = { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };

interface Case {
  readonly what: string;
  readonly spec?: Partial<PodSpec>;
  readonly annotations?: Record<string, string>;
  /** On a node that can do nothing of it. */
  readonly bare: { readonly reason: string; readonly message: string } | undefined;
}

const cases: readonly Case[] = [
  { what: 'asks for nothing', bare: undefined },
  {
    what: 'sets a sysctl that reaches other pods',
    spec: { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
    bare: { reason: 'SysctlForbidden', message: 'forbidden sysctl: "kernel.msgmax" not allowlisted' },
  },
  {
    what: 'is for another operating system',
    spec: { os: { name: 'windows' } },
    bare: { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" },
  },
  {
    what: 'wants only its own groups',
    spec: { securityContext: { supplementalGroupsPolicy: 'Strict' } },
    bare: { reason: 'SupplementalGroupsPolicyNotSupported', message: 'SupplementalGroupsPolicy=Strict is not supported in this node' },
  },
  { what: 'merges groups', spec: { securityContext: { supplementalGroupsPolicy: 'Merge' } }, bare: undefined },
  { what: 'asks for the runtime’s profile', spec: { securityContext: profile('RuntimeDefault') }, bare: appArmor },
  {
    what: 'asks for a profile of the node in one container',
    spec: { containers: [container('a', { securityContext: profile('Localhost', 'p') })] },
    bare: appArmor,
  },
  { what: 'asks for none', spec: { securityContext: profile('Unconfined') }, bare: undefined },
  { what: 'asks by an annotation', annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/p' }, bare: appArmor },
];

for (const { what, spec, annotations, bare: expected } of cases) {
  test(`a pod that ${what} is ${expected === undefined ? 'accepted' : `rejected as ${expected.reason}`} by a node that supports nothing`, () => {
    assert.deepEqual(podRejection(pod(spec, { annotations }), bare), expected);
  });
}

test('a rejected pod fails with an event, and nothing of it is started', () => {
  const input = { observed: nothingObserved, memory: emptyMemory, probes: {}, hostIps: [], nowMs, gone: false, features: bare };
  const { actions, status, notices } = planPod({ ...input, pod: pod({ securityContext: profile('RuntimeDefault') }) });
  assert.deepEqual(actions, []);
  assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'AppArmor', `Pod was rejected: ${appArmor.message}`]);
  assert.deepEqual(notices, [{ key: 'AppArmor', type: 'Warning', ...appArmor }]);
});

test('a pod that runs is not rejected later', () => {
  const observed = { sandboxes: [sandbox()], containers: [] };
  const input = { observed, memory: emptyMemory, probes: {}, hostIps: [], nowMs, gone: false, features: bare };
  assert.notEqual(planPod({ ...input, pod: pod({ securityContext: profile('RuntimeDefault') }) }).status.phase, 'Failed');
});

test('an AppArmor profile without a name is rejected where profiles are enforced', () => {
  const message = 'Cannot enforce AppArmor: invalid empty AppArmor profile name';
  assert.deepEqual(podRejection(pod({ securityContext: profile('Localhost', ' ') }), allFeatures), { reason: 'AppArmor', message });
});

test('users of their own are refused until the node maps them', () => {
  const alone = pod({ hostUsers: false });
  const pre = "can't set `spec.hostUsers: false`,";
  assert.equal(userNamespaceProblem(pod(), bare, ''), undefined);
  assert.equal(userNamespaceProblem(alone, bare, ''), `${pre} runtime does not support user namespaces`);
  assert.equal(userNamespaceProblem(alone, bare, 'kata'), `${pre} RuntimeClass handler "kata" does not support user namespaces`);
  const handlers = [{ name: '', recursiveReadOnlyMounts: true, userNamespaces: true }];
  assert.equal(userNamespaceProblem(alone, { ...allFeatures, handlers }, ''), `${pre} this node does not map users yet`);
});

test('a mount is read-only with all below it, or the container is refused', () => {
  const mount = (more: Partial<VolumeMount>): VolumeMount => ({ name: 'v', mountPath: '/v', readOnly: true, ...more });
  const refused = (more: Partial<VolumeMount>, why: string): void =>
    assert.throws(
      () => isRecursivelyReadOnly(mount(more), false),
      new ContainerConfigError(
        `failed to resolve recursive read-only mode: volume "v" requested recursive read-only mode, but it is ${why}`,
      ),
    );
  assert.deepEqual(
    [undefined, 'Disabled', 'IfPossible'].map((recursiveReadOnly) => isRecursivelyReadOnly(mount({ recursiveReadOnly }), false)),
    [false, false, false],
  );
  assert.deepEqual(
    ['IfPossible', 'Enabled'].map((recursiveReadOnly) => isRecursivelyReadOnly(mount({ recursiveReadOnly }), true)),
    [true, true],
  );
  refused({ recursiveReadOnly: 'Enabled' }, 'not supported by the runtime');
  refused({ recursiveReadOnly: 'Enabled', readOnly: false }, 'not read-only');
  refused({ recursiveReadOnly: 'Enabled', mountPropagation: 'Bidirectional' }, 'not compatible with propagation "Bidirectional"');
});

test('a seccomp profile lies below the node’s seccomp directory', () => {
  assert.deepEqual(seccompOf({ type: 'Localhost', localhostProfile: 'a/b.json' }, '/s'), {
    profileType: 'Localhost',
    localhostRef: '/s/a/b.json',
  });
  for (const localhostProfile of ['../x', 'a/../../x', '/etc/x', '', undefined])
    assert.throws(() => seccompOf({ type: 'Localhost', localhostProfile }, '/s'), ContainerConfigError);
});

test('what protects a container reaches the runtime', () => {
  const own = { ...profile('Localhost', 'p'), seLinuxOptions: { level: 's0:c1' } };
  const security = containerSecurity(
    pod({ securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    container('main', { securityContext: own }),
    undefined,
    '/s',
  );
  assert.deepEqual(
    [security.appArmor, security.seLinuxOptions, security.supplementalGroupsPolicy],
    [{ profileType: 'Localhost', localhostRef: 'p' }, { user: '', role: '', type: '', level: 's0:c1' }, 'Strict'],
  );
});

test('proc is unmasked for containers with users of their own only', () => {
  const unmasked = container('main', { securityContext: { procMount: 'Unmasked' } });
  assert.throws(() => containerSecurity(pod(), unmasked, undefined, '/s'), ContainerConfigError);
  assert.deepEqual(containerSecurity(pod({ hostUsers: false }), unmasked, undefined, '/s').maskedPaths, []);
});
