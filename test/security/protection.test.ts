/** What a pod asks to be protected by is enforced on a real node, or the pod does not run. The words are kubelet's on a host like this one. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';

const can = await canRunContainers();
const hasAppArmor = existsSync('/sys/module/apparmor/parameters/enabled');

const main = (more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'docker.io/library/busybox:1.36',
  imagePullPolicy: 'IfNotPresent',
  command: ['sleep', '1000'],
  ...more,
});
const pod = (name: string, spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1 },
  spec: { nodeName: 'node-a', restartPolicy: 'Always', terminationGracePeriodSeconds: 0, containers: [main()], ...spec },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});
const runtimeClass = (name: string, handler: string) => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name, uid: name },
  handler,
});

interface Case {
  readonly spec: Partial<PodSpec>;
  readonly skip?: boolean;
}

/** Reason, and message without its `Pod was rejected: `. */
const rejected: Readonly<Record<string, Case & { readonly reason: string; readonly message: string }>> = {
  sysctl: {
    spec: { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } },
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "kernel.msgmax" not allowlisted',
  },
  apparmor: {
    spec: { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } },
    skip: hasAppArmor,
    reason: 'AppArmor',
    message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host',
  },
  groups: {
    spec: { securityContext: { supplementalGroupsPolicy: 'Strict', supplementalGroups: [7] } },
    reason: 'SupplementalGroupsPolicyNotSupported',
    message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
  },
  os: {
    spec: { os: { name: 'windows' } },
    reason: 'PodOSNotSupported',
    message: "Failed to admit pod as the OS field doesn't match node OS",
  },
};

const sandboxless: Readonly<Record<string, Case & { readonly message: RegExp }>> = {
  'no-class': { spec: { runtimeClassName: 'absent' }, message: /^runtimeclass\.node\.k8s\.io "absent" not found$/ },
  'no-handler': { spec: { runtimeClassName: 'strange' }, message: /no runtime for "strange-handler" is configured/ },
  users: { spec: { hostUsers: false }, message: /^can't set `spec\.hostUsers: false`, runtime does not support user namespaces$/ },
};

const volumes = [{ name: 'v', emptyDir: {} }];
const unstarted: Readonly<Record<string, Case & { readonly reason: string; readonly message: RegExp }>> = {
  recursive: {
    spec: { volumes, containers: [main({ volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }] })] },
    reason: 'CreateContainerConfigError',
    message:
      /^failed to resolve recursive read-only mode: volume "v" requested recursive read-only mode, but it is not supported by the runtime$/,
  },
  unmasked: {
    spec: { containers: [main({ securityContext: { procMount: 'Unmasked' } })] },
    reason: 'CreateContainerConfigError',
    message: /`hostUsers` must be false to use `Unmasked`$/,
  },
  outward: {
    spec: { containers: [main({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: '../x.json' } } })] },
    reason: 'CreateContainerConfigError',
    message: /must be a path below the node's seccomp directory$/,
  },
  'no-profile': {
    spec: { containers: [main({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'absent.json' } } })] },
    reason: 'CreateContainerError',
    message: /absent\.json.*no such file or directory/,
  },
};

describe('a node that cannot protect a pod as it asks', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  before(async () => {
    node = await agentNode('10.201.10.0/24');
    node.api.put(runtimeClass('strange', 'strange-handler') as never);
    node.api.put(runtimeClass('plain', 'runc') as never);
    node.startAgent();
  });
  after(() => node.close());

  for (const [name, { spec, skip, reason, message }] of Object.entries(rejected)) {
    test(`rejects it as ${reason}`, { skip }, async () => {
      node.api.put(pod(name, spec));
      await eventually(() => {
        const { phase, reason: found, message: text } = node.api.pod(name)!.status!;
        assert.deepEqual([phase, found, text], ['Failed', reason, `Pod was rejected: ${message}`]);
        assert.ok(node.api.events(name).includes(`${reason} ${message}`), node.api.events(name).join('\n'));
      }, 30_000);
    });
  }

  for (const [name, { spec, message }] of Object.entries(sandboxless)) {
    test(`makes no sandbox for ${name}, and reports why`, async () => {
      node.api.put(pod(name, spec));
      await eventually(() => {
        const pre = 'FailedCreatePodSandBox Failed to create pod sandbox: ';
        const found = node.api.events(name).filter((text) => text.startsWith(pre));
        assert.match(found[0]?.slice(pre.length) ?? node.api.events(name).join('\n'), message);
        assert.equal(node.api.pod(name)!.status!.phase, 'Pending');
      }, 30_000);
      node.api.deletePod(name, 0);
    });
  }

  for (const [name, { spec, reason, message }] of Object.entries(unstarted)) {
    test(`starts no container for ${name}, and reports why`, async () => {
      node.api.put(pod(name, spec));
      await eventually(() => {
        const waiting = node.api.pod(name)!.status!.containerStatuses?.[0]?.state?.waiting;
        assert.equal(waiting?.reason, reason, JSON.stringify(node.api.pod(name)!.status));
        assert.match(waiting.message ?? '', message);
      }, 30_000);
      node.api.deletePod(name, 0);
    });
  }

  test('runs a pod whose class names a handler that the runtime has', async () => {
    node.api.put(pod('classed', { runtimeClassName: 'plain', securityContext: { seLinuxOptions: { level: 's0:c1,c2' } } }));
    await eventually(() => assert.equal(node.api.pod('classed')!.status!.phase, 'Running'), 30_000);
  });
});
