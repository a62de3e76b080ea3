import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, PodSpec } from '../../../kube/generated/types.ts';
import { baselineChecks } from './baseline-checks.ts';
import { detailsText, violationsOf } from './evaluate.ts';
import { restrictedChecks } from './restricted-checks.ts';

type Context = Container['securityContext'];

const restricted: Context = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const podContext: PodSpec['securityContext'] = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const container = (securityContext: Context = restricted, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'i',
  securityContext,
  ...more,
});

interface Case {
  readonly spec: Partial<PodSpec>;
  readonly annotations?: Record<string, string>;
  readonly level?: 'baseline' | 'restricted';
  readonly minor?: number;
  readonly found: string;
}

const drop = 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])';
const cases: Readonly<Record<string, Case>> = {
  'a hardened pod': { spec: {}, level: 'restricted', found: '' },
  'a plain pod at baseline': { spec: { containers: [container({})], securityContext: {} }, found: '' },
  'a plain pod': {
    spec: { containers: [container({}), { name: 'd' } as Container], securityContext: {} },
    level: 'restricted',
    found:
      'allowPrivilegeEscalation != false (containers "c", "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "c", "d" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or containers "c", "d" must set securityContext.runAsNonRoot=true), seccompProfile (pod or containers "c", "d" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  },
  'host namespaces': { spec: { hostPID: true, hostNetwork: true }, found: 'host namespaces (hostNetwork=true, hostPID=true)' },
  'a volume of the host': {
    spec: { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    found: 'hostPath volumes (volume "v")',
  },
  'a volume of the host at restricted': {
    spec: {
      volumes: [
        { name: 'v', hostPath: { path: '/' } },
        { name: 'w', nfs: { server: 's', path: '/' } },
      ],
    },
    level: 'restricted',
    found: 'restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")',
  },
  capabilities: {
    spec: { containers: [container({ ...restricted, capabilities: { add: ['SYS_ADMIN', 'CHOWN'] } })] },
    found: 'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
  },
  'capabilities at restricted': {
    spec: { containers: [container({ ...restricted, capabilities: { add: ['CHOWN'], drop: ['ALL'] } })] },
    level: 'restricted',
    found: 'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  },
  'capabilities of Windows': {
    spec: { os: { name: 'windows' }, containers: [container({})] },
    level: 'restricted',
    found: '',
  },
  'capabilities of Windows before it had an os field': {
    spec: { os: { name: 'windows' }, containers: [container({ allowPrivilegeEscalation: false })] },
    level: 'restricted',
    minor: 24,
    found: drop,
  },
  ports: {
    spec: {
      containers: [
        container(restricted, {
          ports: [
            { containerPort: 1, hostPort: 9 },
            { containerPort: 2, hostPort: 80 },
          ],
        }),
      ],
    },
    found: 'hostPort (container "c" uses hostPorts 80, 9)',
  },
  'the host of a probe': {
    spec: { containers: [container(restricted, { livenessProbe: { httpGet: { port: 1, host: 'h' } } })] },
    found: 'probe or lifecycle host (container "c" uses probe or lifecycle host "h")',
  },
  'the host of a probe before v1.34': {
    spec: { containers: [container(restricted, { livenessProbe: { httpGet: { port: 1, host: 'h' } } })] },
    minor: 33,
    found: '',
  },
  privileged: {
    spec: { containers: [container({ privileged: true })] },
    found: 'privileged (container "c" must not set securityContext.privileged=true)',
  },
  'a bare /proc': {
    spec: { containers: [container({ procMount: 'Unmasked' })] },
    found: 'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  },
  'a bare /proc of users of its own': { spec: { hostUsers: false, containers: [container({ procMount: 'Unmasked' })] }, found: '' },
  'a bare /proc of users of its own at restricted': {
    spec: { hostUsers: false, containers: [container({ ...restricted, procMount: 'Unmasked' })] },
    level: 'restricted',
    found: 'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  },
  SELinux: {
    spec: { securityContext: { seLinuxOptions: { type: 't', user: 'u' } }, containers: [container({ seLinuxOptions: { role: 'r' } })] },
    found:
      'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "t"; user may not be set; role may not be set)',
  },
  'an SELinux type that came with v1.31': {
    spec: { securityContext: { seLinuxOptions: { type: 'container_engine_t' } } },
    minor: 30,
    found: 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
  },
  seccomp: {
    spec: { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    found: 'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  },
  'seccomp by annotation': {
    spec: {},
    annotations: { 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined' },
    minor: 18,
    found: 'seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/c="unconfined")',
  },
  AppArmor: {
    spec: { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
    annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' },
    found:
      'forbidden AppArmor profiles (pod and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
  },
  sysctls: {
    spec: { securityContext: { sysctls: ['net.ipv4.tcp_notsent_lowat', 'kernel.msgmax'].map((name) => ({ name, value: '1' })) } },
    found: 'forbidden sysctls (kernel.msgmax)',
  },
  'sysctls before v1.37': {
    spec: { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_notsent_lowat', value: '1' }] } },
    minor: 36,
    found: 'forbidden sysctls (net.ipv4.tcp_notsent_lowat)',
  },
  'a process of the Windows host': {
    spec: { securityContext: { windowsOptions: { hostProcess: true } } },
    found: 'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  },
  root: {
    spec: { securityContext: { ...podContext, runAsUser: 0, runAsNonRoot: false } },
    level: 'restricted',
    found: 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
  },
  'root of users of its own': {
    spec: { hostUsers: false, securityContext: { seccompProfile: { type: 'RuntimeDefault' }, runAsUser: 0 } },
    level: 'restricted',
    found: '',
  },
  'a version that is not out yet': { spec: { hostIPC: true }, minor: 99, found: 'host namespaces (hostIPC=true)' },
};

describe('the pod security standards', () => {
  for (const [name, { spec, annotations = {}, level = 'baseline', minor = Infinity, found }] of Object.entries(cases)) {
    test(`${found === '' ? 'allow' : 'forbid'} ${name}`, () => {
      const pod = { metadata: { annotations }, spec: { containers: [container()], securityContext: podContext, ...spec } };
      assert.equal(detailsText(violationsOf({ level, minor }, pod)), found);
    });
  }

  test('the pod security standards have checks in the order of their ids, and revisions in the order of their versions', () => {
    for (const checks of [baselineChecks, restrictedChecks]) {
      const ids = checks.map(({ id }) => id);
      assert.deepEqual(ids, ids.toSorted());
      for (const { revisions } of checks) {
        const since = revisions.map(({ sinceMinor }) => sinceMinor);
        assert.deepEqual(
          since,
          since.toSorted((a, b) => a - b),
        );
      }
    }
  });
});
