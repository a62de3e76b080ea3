import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { container, exited, nowMs, pod, running, sandbox } from '../../test/support/node-pod.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { Action } from './actions.ts';
import { emptyMemory, nothingObserved, type PodMemory, type StartFailure } from './observed-pod.ts';
import { specHashAnnotation } from './spec-hash.ts';
import { planPod, type PlanInput } from './plan.ts';

const ready: PodMemory = { ...emptyMemory, volumes: 'ready' };

const plan = (more: Partial<PlanInput> = {}) =>
  planPod({ pod: pod(), observed: nothingObserved, memory: ready, probes: {}, hostIps: ['192.168.0.1'], nowMs, gone: false, ...more });

const failureAt = (failedAtMs: number): StartFailure => ({
  reason: 'RunContainerError',
  message: 'no such file',
  failedAtMs,
  retryAtMs: failedAtMs + 10_000,
});

/** `kind:what` of each action. */
const text = (action: Action): string => {
  switch (action.kind) {
    case 'createSandbox':
      return `createSandbox:${action.attempt}`;
    case 'startContainer':
      return `startContainer:${action.container.name}#${action.attempt}${action.createdId === undefined ? '' : ` as ${action.createdId}`}`;
    case 'stopContainers':
      return `stopContainers:${action.stops.map(({ name, graceSeconds }) => `${name}/${graceSeconds}`).join(',')}`;
    case 'stopSandbox':
    case 'removeSandbox':
      return `${action.kind}:${action.sandboxId}`;
    case 'resizeContainer':
      return `resizeContainer:${action.containerId}`;
    case 'removeContainer':
      return `removeContainer:${action.containerId}`;
    case 'setUpVolumes':
    case 'tearDownVolumes':
      return action.kind;
  }
};
const actions = (more: Partial<PlanInput>): string[] => plan(more).actions.map(text);
const condition = (more: Partial<PlanInput>, type: string) => {
  const { status, reason, message } = plan(more).status.conditions!.find((each) => each.type === type)!;
  return [status, reason, message].filter((word) => word !== undefined).join(' ');
};
const state = (more: Partial<PlanInput>, name = 'main') => plan(more).status.containerStatuses!.find((status) => status.name === name)!;

describe('a new pod', () => {
  test('a new pod gets its volumes, then a sandbox, then its containers', () => {
    assert.deepEqual(actions({ memory: emptyMemory }), ['setUpVolumes']);
    assert.deepEqual(actions({}), ['createSandbox:0']);
    assert.deepEqual(actions({ observed: { sandboxes: [sandbox()], containers: [] } }), ['startContainer:main#0']);
    assert.deepEqual(actions({ observed: { sandboxes: [sandbox()], containers: [running('main')] } }), []);
  });

  test('a new pod is Pending with ContainerCreating until it runs', () => {
    const { status } = plan({});
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(state({}).state, { waiting: { reason: 'ContainerCreating' } });
    assert.equal(condition({}, 'Ready'), 'False ContainersNotReady containers with unready status: [main]');
    assert.equal(condition({}, 'PodReadyToStartContainers'), 'False');
  });

  test('a new pod is Running and Ready with the addresses of its sandbox', () => {
    const observed = { sandboxes: [sandbox()], containers: [running('main')] };
    const { status } = plan({ observed });
    assert.deepEqual([status.phase, status.podIP, status.hostIP], ['Running', '10.0.0.2', '192.168.0.1']);
    assert.deepEqual(
      status.conditions!.map(({ type, status: verdict }) => `${type}=${verdict}`),
      ['PodReadyToStartContainers=True', 'Initialized=True', 'Ready=True', 'ContainersReady=True', 'PodScheduled=True'],
    );
  });

  test('a new pod waits before it tries a sandbox or a volume again', () => {
    assert.deepEqual(actions({ memory: { ...ready, sandboxFailure: { message: 'no network', retryAtMs: nowMs + 1 } } }), []);
    assert.deepEqual(actions({ memory: { ...ready, volumes: { message: 'not found', retryAtMs: nowMs + 1 } } }), []);
    assert.equal(plan({ memory: { ...ready, volumes: { message: 'not found', retryAtMs: nowMs + 5 } } }).recheckAtMs, nowMs + 5);
  });
});

describe('init containers', () => {
  const spec = { initContainers: [container('one'), container('two')] };
  const at = (containers: ContainerStatus[]): Partial<PlanInput> => ({ pod: pod(spec), observed: { sandboxes: [sandbox()], containers } });

  test('init containers run one after the other, each to its end, before the main ones', () => {
    assert.deepEqual(actions(at([])), ['startContainer:one#0']);
    assert.deepEqual(actions(at([running('one')])), []);
    assert.deepEqual(actions(at([exited('one', 0)])), ['startContainer:two#0']);
    assert.deepEqual(actions(at([exited('two', 0), exited('one', 0)])), ['startContainer:main#0']);
    assert.deepEqual(actions(at([running('main'), exited('two', 0), exited('one', 0)])), []);
  });

  test('init containers hold the others in PodInitializing', () => {
    assert.deepEqual(state(at([running('one')])).state, { waiting: { reason: 'PodInitializing' } });
    assert.equal(
      condition(at([running('one')]), 'Initialized'),
      'False ContainersNotInitialized containers with incomplete status: [one two]',
    );
    assert.equal(plan(at([running('one')])).status.phase, 'Pending');
  });

  test('init containers fail the pod that must not restart, and are run again otherwise', () => {
    const failed = { observed: { sandboxes: [sandbox()], containers: [exited('one', 1)] } };
    const never = plan({ ...failed, pod: pod({ ...spec, restartPolicy: 'Never' }) });
    assert.deepEqual([never.status.phase, never.actions.map(text)], ['Failed', ['stopSandbox:s0']]);
    assert.deepEqual(actions({ ...failed, pod: pod(spec) }), ['startContainer:one#1']);
  });

  test('init containers that restart always keep running beside the others', () => {
    const sidecar = pod({ initContainers: [container('proxy', { restartPolicy: 'Always' })] });
    const with_ = (containers: ContainerStatus[]): Partial<PlanInput> => ({
      pod: sidecar,
      observed: { sandboxes: [sandbox()], containers },
    });
    assert.deepEqual(actions(with_([])), ['startContainer:proxy#0']);
    assert.deepEqual(actions(with_([running('proxy')])), ['startContainer:main#0']);
    assert.deepEqual(actions(with_([running('main'), exited('proxy', 1)])), ['startContainer:proxy#1']);
  });
});

describe('a container that ended', () => {
  const ended = (exitCode: number, restartPolicy: string, memory = ready): Partial<PlanInput> => ({
    pod: pod({ restartPolicy }),
    memory,
    observed: { sandboxes: [sandbox()], containers: [exited('main', exitCode)] },
  });

  test('a container that ended is started again where the restart policy asks for it', () => {
    assert.deepEqual(actions(ended(0, 'Always')), ['startContainer:main#1']);
    assert.deepEqual(actions(ended(1, 'OnFailure')), ['startContainer:main#1']);
    assert.deepEqual(actions(ended(0, 'OnFailure')), ['stopSandbox:s0']);
    assert.deepEqual(actions(ended(1, 'Never')), ['stopSandbox:s0']);
  });

  test('a container that ended makes the pod Succeeded or Failed when it stays ended', () => {
    assert.equal(plan(ended(0, 'OnFailure')).status.phase, 'Succeeded');
    assert.equal(plan(ended(1, 'Never')).status.phase, 'Failed');
    assert.equal(condition(ended(0, 'Never'), 'Ready'), 'False PodCompleted');
    assert.equal(state(ended(0, 'Never')).state!.terminated!.reason, 'Completed');
  });

  test('a container that ended waits in CrashLoopBackOff, with the end as its last state', () => {
    const input = ended(1, 'Always', { ...ready, restarts: { main: { delayMs: 20_000, updatedAtMs: nowMs - 2000 } } });
    assert.deepEqual(actions(input), []);
    assert.deepEqual(state(input).state, {
      waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container=main pod=web_default(u1)' },
    });
    assert.equal(state(input).lastState!.terminated!.exitCode, 1);
    assert.equal(plan(input).status.phase, 'Running');
    assert.equal(plan(input).recheckAtMs, nowMs + 19_000);
    assert.deepEqual(
      plan(input).notices.map(({ reason, message }) => `${reason} ${message}`),
      ['BackOff Back-off restarting failed container main in pod web_default(u1)'],
    );
  });

  test('a container that ended starts at once again after ten quiet minutes', () => {
    assert.deepEqual(actions(ended(1, 'Always', { ...ready, restarts: { main: { delayMs: 300_000, updatedAtMs: nowMs - 700_000 } } })), [
      'startContainer:main#1',
    ]);
  });
});

test('a failed pull is ErrImagePull first, then ImagePullBackOff until it is tried again', () => {
  const failure = { reason: 'ErrImagePull', message: 'not found', failedAtMs: nowMs, retryAtMs: nowMs + 10_000 };
  const input = { memory: { ...ready, failures: { main: failure } }, observed: { sandboxes: [sandbox()], containers: [] } };
  assert.deepEqual(actions(input), []);
  assert.deepEqual(state(input).state, { waiting: { reason: 'ErrImagePull', message: 'not found' } });
  const later = { ...input, nowMs: nowMs + 6000 };
  assert.deepEqual(state(later).state, {
    waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "main:v1": ErrImagePull: not found' },
  });
  assert.deepEqual(actions({ ...input, nowMs: nowMs + 10_000 }), ['startContainer:main#0']);
});

describe('probes', () => {
  const probed = pod({ containers: [container('main', { startupProbe: {}, livenessProbe: {}, readinessProbe: {} })] });
  const input = (finding: object): Partial<PlanInput> => ({
    pod: probed,
    probes: { 'main-0': finding },
    observed: { sandboxes: [sandbox()], containers: [running('main')] },
  });

  test('probes hold back started and ready', () => {
    const flags = (finding: object): unknown[] => [state(input(finding)).started, state(input(finding)).ready];
    assert.deepEqual(flags({}), [false, false]);
    assert.deepEqual(flags({ started: true }), [true, false]);
    assert.deepEqual(flags({ started: true, ready: true }), [true, true]);
  });

  test('probes end a container that is not alive', () => {
    const [stop] = plan(input({ started: true, failed: 'liveness' })).actions;
    assert.ok(stop?.kind === 'stopContainers');
    assert.equal(stop.stops[0]!.message, 'Container main failed liveness probe, will be restarted');
  });
});

describe('a sandbox that died', () => {
  const dead = { sandboxes: [sandbox({ ready: false })], containers: [exited('main', 137)] };

  test('a sandbox that died is replaced, and its containers count on', () => {
    assert.deepEqual(actions({ observed: dead }), ['stopSandbox:s0', 'createSandbox:1']);
    const anew = { sandboxes: [sandbox({ id: 's1', attempt: 1 }), ...dead.sandboxes], containers: dead.containers };
    assert.deepEqual(actions({ observed: anew }), ['startContainer:main#1']);
  });

  test('a sandbox that died takes the containers that outlived it along', () => {
    assert.deepEqual(actions({ observed: { ...dead, containers: [running('main')] } }), ['stopSandbox:s0', 'stopContainers:main/30']);
  });

  test('a sandbox that died is not replaced for a pod that must not restart', () => {
    const { status, actions: none } = plan({ pod: pod({ restartPolicy: 'Never' }), observed: dead });
    assert.deepEqual([status.phase, none], ['Failed', []]);
  });
});

describe('a pod that is deleted', () => {
  const deleted = { deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 5 };
  const spec = { initContainers: [container('proxy', { restartPolicy: 'Always' })] };
  const at = (containers: ContainerStatus[], isUp = true): Partial<PlanInput> => ({
    pod: pod(spec, deleted),
    observed: { sandboxes: [sandbox({ ready: isUp })], containers },
  });

  test('a pod that is deleted ends its main containers, then its sidecars, then its sandbox; then it is finished', () => {
    assert.deepEqual(actions(at([running('main'), running('proxy')])), ['stopContainers:main/5']);
    assert.deepEqual(actions(at([exited('main', 0), running('proxy')])), ['stopContainers:proxy/5']);
    assert.deepEqual(actions(at([exited('main', 0), exited('proxy', 0)])), ['stopSandbox:s0']);
    assert.equal(plan(at([exited('main', 0), exited('proxy', 0)])).finished, false);
    assert.equal(plan(at([exited('main', 0), exited('proxy', 0)], false)).finished, true);
  });

  test('a pod that is deleted is finished at once when it never began', () => {
    assert.deepEqual([actions({ pod: pod({}, deleted) }), plan({ pod: pod({}, deleted) }).finished], [[], true]);
  });

  test('a pod that is deleted leaves nothing behind once it is gone', () => {
    const gone = { ...at([exited('main', 0)], false), gone: true };
    assert.deepEqual(actions(gone), ['removeContainer:main-0', 'removeSandbox:s0', 'tearDownVolumes']);
    assert.equal(plan({ gone: true, memory: { ...ready, volumes: 'released' } }).released, true);
  });

  test('a pod that is deleted by force gets one second', () => {
    assert.deepEqual(actions({ gone: true, observed: { sandboxes: [sandbox()], containers: [running('main')] } }), [
      'stopContainers:main/1',
    ]);
  });
});

test('a finished pod is never run again, even when the runtime forgot it', () => {
  const finished: Pod = { ...pod({ restartPolicy: 'Never' }), status: { phase: 'Succeeded' } };
  const { status, actions: none } = plan({ pod: finished });
  assert.deepEqual([status.phase, none], ['Succeeded', []]);
});

describe('a node that is short of something', () => {
  test('a node that is short of something ends a pod as Failed, at once and without hooks', () => {
    const observed = { sandboxes: [sandbox()], containers: [running('main')] };
    const evicted = {
      observed,
      memory: { ...ready, ending: { reason: 'Evicted', message: 'The node was low on resource: memory. ', graceSeconds: 1 } as const },
    };
    const { status, notices } = plan(evicted);
    assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'Evicted', 'The node was low on resource: memory. ']);
    assert.deepEqual(actions(evicted), ['stopContainers:main/1']);
    assert.equal(condition(evicted, 'DisruptionTarget'), 'True TerminationByKubelet The node was low on resource: memory. ');
    assert.deepEqual(
      notices.map(({ reason, message }) => `${reason} ${message}`),
      ['Evicted The node was low on resource: memory. '],
    );
  });

  test('a node that shuts down gives a pod the time that is left, and rejects new pods', () => {
    const observed = { sandboxes: [sandbox()], containers: [running('main')] };
    const ending = {
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
      graceSeconds: 20,
    } as const;
    const goingDown = { observed, memory: { ...ready, ending } };
    assert.deepEqual(actions(goingDown), ['stopContainers:main/20']);
    assert.deepEqual(plan(goingDown).notices, []);
    const { status } = plan({ isShuttingDown: true });
    assert.deepEqual([status.phase, status.reason], ['Failed', 'NodeShutdown']);
  });

  const critical = pod({ priority: 2_000_000_000 });
  const burstable: Pod = { ...pod(), status: { qosClass: 'Burstable' } };
  const bestEffort: Pod = { ...pod(), status: { qosClass: 'BestEffort' } };
  const tolerant: Pod = { ...bestEffort, spec: { ...bestEffort.spec!, tolerations: [{ operator: 'Exists' }] } };
  const cases: readonly [what: string, of: Pod, pressures: readonly PressureType[], takes: boolean][] = [
    ['of memory, takes pods that asked for some', burstable, ['MemoryPressure'], true],
    ['of memory, takes no pod that asked for none', bestEffort, ['MemoryPressure'], false],
    ['of memory, takes pods that tolerate it', tolerant, ['MemoryPressure'], true],
    ['of disk, takes no pod', burstable, ['DiskPressure'], false],
    ['of disk, takes critical pods', critical, ['DiskPressure'], true],
    ['of disk, keeps a pod that started before', { ...bestEffort, status: { startTime: '2026-01-01T00:00:00Z' } }, ['DiskPressure'], true],
  ];
  for (const [what, of, pressures, takes] of cases) {
    test(`a node that is short ${what}`, () => {
      const { status } = plan({ pod: of, pressures: new Set(pressures) });
      const refused = ['Failed', 'Evicted', `Pod was rejected: The node had condition: [${pressures.join(' ')}]. `];
      assert.deepEqual([status.phase, status.reason, status.message], takes ? ['Pending', undefined, undefined] : refused);
    });
  }
});

test('a pod over its deadline fails and is ended', () => {
  const late: Pod = { ...pod({ activeDeadlineSeconds: 10 }), status: { phase: 'Running', startTime: '2025-12-31T23:59:00Z' } };
  const { status, actions: stops } = plan({ pod: late, observed: { sandboxes: [sandbox()], containers: [running('main')] } });
  assert.deepEqual([status.phase, status.reason, stops.map(text)], ['Failed', 'DeadlineExceeded', ['stopContainers:main/30']]);
});

test('a pod that asks for an unsafe sysctl is refused, for good, and never runs', () => {
  const asks = pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } });
  const refused = plan({ pod: asks });
  const [why, sysctl] = ['forbidden sysctl: "kernel.msgmax" not allowlisted', 'SysctlForbidden'];
  assert.deepEqual([refused.status.phase, refused.status.reason, refused.status.message], ['Failed', sysctl, `Pod was rejected: ${why}`]);
  assert.deepEqual([refused.actions, refused.notices], [[], [{ key: sysctl, type: 'Warning', reason: sysctl, message: why }]]);
  assert.deepEqual(plan({ pod: { ...asks, status: refused.status } }).status, refused.status);
  const deleted = plan({
    pod: { ...asks, metadata: { ...asks.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' }, status: refused.status },
  });
  assert.deepEqual([deleted.finished, deleted.status.phase], [true, 'Failed']);
});

test('only the newest dead container of a name is kept', () => {
  const dead = [2, 1, 0].map((attempt) => exited('main', 1, { attempt }));
  const removed = ['removeContainer:main-1', 'removeContainer:main-0'];
  const backOff = { restarts: { main: { delayMs: 20_000, updatedAtMs: nowMs - 2000 } } };
  const at = (containers: ContainerStatus[]) => ({ memory: { ...ready, ...backOff }, observed: { sandboxes: [sandbox()], containers } });
  assert.deepEqual(actions(at([running('main', { attempt: 3 }), ...dead])), removed);
  assert.deepEqual(actions(at(dead)), removed);
});

describe('a container that an agent made and did not start', () => {
  const created = (more: Partial<ContainerStatus> = {}): ContainerStatus => running('main', { state: 'created', ...more });
  const at = (...containers: ContainerStatus[]): Partial<PlanInput> => ({ observed: { sandboxes: [sandbox()], containers } });

  test('a created container that was not started is started, and nothing counts as a restart', () => {
    assert.deepEqual(actions(at(created())), ['startContainer:main#0 as main-0']);
    assert.deepEqual(actions(at(created({ attempt: 3 }), exited('main', 1, { attempt: 2 }))), ['startContainer:main#3 as main-3']);
    assert.equal(state(at(created())).restartCount, 0);
  });

  const facts: readonly (readonly [string, Partial<PlanInput>])[] = [
    ['is of another image', at(created({ annotations: { [specHashAnnotation]: 'old' } }))],
    ['could not be started', { ...at(created()), memory: { ...ready, failures: { main: failureAt(nowMs) } } }],
    ['is in a sandbox that is gone', at(created({ sandboxId: 'before' }))],
  ];
  for (const [what, input] of facts) {
    test(`a created container that was not started is removed when it ${what}`, () => {
      assert.deepEqual(actions(input), ['removeContainer:main-0']);
    });
  }

  test('a created container that was not started is removed when a newer one exists', () => {
    assert.deepEqual(actions(at(running('main', { attempt: 1 }), created())), ['removeContainer:main-0']);
  });

  test('a created container gives way to another where the runtime neither starts nor removes it', () => {
    const failures = { main: { ...failureAt(nowMs - 10_000), retryAtMs: nowMs } };
    const memory = { ...ready, failures, removals: { 'main-0': nowMs + 50_000 } };
    assert.deepEqual(actions({ ...at(created()), memory }), ['startContainer:main#1']);
  });

  test('a created container that the runtime did not remove is removed later, and the pod goes on', () => {
    const input = at(running('main', { attempt: 1 }), created());
    const refused = plan({ ...input, memory: { ...ready, removals: { 'main-0': nowMs + 50_000 } } });
    assert.deepEqual([refused.actions, refused.recheckAtMs], [[], nowMs + 50_000]);
    assert.deepEqual(actions({ ...input, memory: { ...ready, removals: { 'main-0': nowMs } } }), ['removeContainer:main-0']);
  });
});

test('a sandbox that was replaced goes with the last container in it', () => {
  const sandboxes = [sandbox({ id: 's1', attempt: 1 }), sandbox({ ready: false })];
  const now = running('main', { attempt: 1, sandboxId: 's1' });
  assert.deepEqual(actions({ observed: { sandboxes, containers: [now, exited('main', 137)] } }), []);
  assert.deepEqual(actions({ observed: { sandboxes, containers: [now] } }), ['removeSandbox:s0']);
});

test('a plan does not change when it is asked twice', () => {
  const input = { observed: { sandboxes: [sandbox()], containers: [exited('main', 1)] } };
  assert.deepEqual(plan(input), plan(input));
});

describe('an ephemeral container', () => {
  const spec = { initContainers: [container('one')], ephemeralContainers: [container('debugger', { stdin: true })] };
  const at = (...containers: ContainerStatus[]): Partial<PlanInput> => ({
    pod: pod(spec),
    observed: { sandboxes: [sandbox()], containers },
  });

  test('an ephemeral container starts at once, without waiting for the others', () => {
    assert.deepEqual(actions(at()), ['startContainer:one#0', 'startContainer:debugger#0']);
    assert.deepEqual(actions({ ...at(), observed: nothingObserved }), ['createSandbox:0']);
  });

  test('an ephemeral container is never started again', () => {
    assert.deepEqual(actions(at(running('main'), exited('one', 0), exited('debugger', 1))), []);
  });

  test('an ephemeral container has a status of its own, in which it is never ready', () => {
    const { status } = plan(at(running('main'), running('debugger'), exited('one', 0)));
    assert.equal(status.phase, 'Running');
    assert.deepEqual(status.ephemeralContainerStatuses, [
      {
        name: 'debugger',
        state: { running: { startedAt: '2025-12-31T23:59:10Z' } },
        lastState: {},
        ready: false,
        restartCount: 0,
        image: 'debugger:v1',
        imageID: 'sha256:debugger',
        containerID: 'containerd://debugger-0',
        resources: {},
      },
    ]);
    assert.equal(condition(at(running('main'), running('debugger'), exited('one', 0)), 'Ready'), 'True');
  });
});

describe('other resources for a container that runs', () => {
  const requests = (cpu: string) => ({ requests: { cpu, memory: '64Mi' } });
  const sized = (cpu: string, more: object = {}) => container('main', { resources: requests(cpu), ...more });
  const allocatable = { cpu: '2', memory: '1Gi' };
  const input = (cpu: string, given: string, more: object = {}): Partial<PlanInput> => {
    const up = running('main');
    return {
      pod: pod({ containers: [sized(cpu, more)] }),
      observed: { sandboxes: [sandbox()], containers: [up] },
      memory: { ...ready, resources: { [up.id]: requests(given) } },
      allocatable,
    };
  };
  const types = (more: Partial<PlanInput>): string[] => plan(more).status.conditions!.map(({ type }) => type);

  test('other resources for a container that runs are given without a restart, and reported once given', () => {
    const id = running('main').id;
    assert.deepEqual(actions(input('1', '500m')), [`resizeContainer:${id}`]);
    assert.ok(types(input('1', '500m')).includes('PodResizeInProgress'));
    assert.deepEqual(state(input('1', '500m')).resources, requests('500m'));
    assert.deepEqual(actions(input('1', '1')), []);
    assert.deepEqual(state(input('1', '1')).allocatedResources, requests('1').requests);
    assert.ok(!types(input('1', '1')).some((type) => type.startsWith('PodResize')));
  });

  test('a resize restarts the container where its resizePolicy is RestartContainer', () => {
    const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    assert.deepEqual(actions(input('1', '500m', { resizePolicy })), ['stopContainers:main/30']);
  });

  test('other resources for a container that runs that the node does not have are infeasible', () => {
    assert.deepEqual(actions(input('3', '500m')), []);
    assert.equal(
      condition(input('3', '500m'), 'PodResizePending'),
      "True Infeasible Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000",
    );
    assert.deepEqual(state(input('3', '500m')).resources, requests('500m'));
  });

  test('other resources for a container that runs that other pods have are waited for', () => {
    const other = { ...pod({ containers: [sized('1500m')] }), metadata: { name: 'other', namespace: 'default', uid: 'other' } };
    assert.equal(
      condition({ ...input('1', '500m'), neighbours: [other] }, 'PodResizePending'),
      "True Deferred Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000",
    );
  });

  test('a container that the worker does not remember has the resources of its reported status', () => {
    const reported = input('1', '500m');
    const up = running('main');
    const prior = {
      name: 'main',
      containerID: `containerd://${up.id}`,
      resources: requests('1'),
      ready: true,
      restartCount: 0,
      image: '',
      imageID: '',
    };
    const before = { ...reported, memory: ready, pod: { ...reported.pod!, status: { containerStatuses: [prior] } } };
    assert.deepEqual(actions(before), []);
    assert.deepEqual(
      actions({ ...before, pod: { ...before.pod, status: { containerStatuses: [{ ...prior, resources: requests('2') }] } } }),
      [`resizeContainer:${up.id}`],
    );
  });
});
