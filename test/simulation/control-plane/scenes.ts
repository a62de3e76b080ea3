/** What users do to a simulated control plane, and what must have come of it in the end. Each scene has a namespace of its own. */
import type { Deployment, Job, Pod, PodTemplateSpec, StatefulSet } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { isTerminating, nameOf } from '../../../functions/kube/object.ts';
import { isControlledBy } from '../../../functions/kube/owners.ts';
import { isPodActive, isPodReady } from '../../../functions/kube/pod.ts';
import * as types from '../../../functions/kube/resource-type.ts';
import type { ResourceType } from '../../../functions/kube/resource-type.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Caller, Stage } from './stage.ts';

export interface Actor {
  readonly stage: Stage;
  readonly random: SeededRandom;
  readonly caller: Caller;
  readonly namespace: string;
}

export interface Scene {
  play(actor: Actor): Promise<void>;
  /** What is not yet as it must become; undefined when all is. */
  missing(actor: Actor): string | undefined;
}

const pause = ({ stage, random }: Actor, longestMs = 25_000): Promise<void> => stage.sleep(random.scale(100, longestMs));

const template = (app: string, image = 'app:1', rest: { readonly play?: string; readonly spec?: object } = {}): PodTemplateSpec =>
  ({
    metadata: { labels: { app }, ...(rest.play === undefined ? {} : { annotations: { play: rest.play } }) },
    spec: { containers: [{ name: 'c', image }], ...rest.spec },
  }) as PodTemplateSpec;

const selector = (app: string): { matchLabels: { app: string } } => ({ matchLabels: { app } });

function create<T extends KubeObject>({ caller, namespace }: Actor, type: ResourceType<T>, object: T): Promise<unknown> {
  const placed = { ...object, metadata: { ...object.metadata, ...(type.namespaced && { namespace }) } };
  return caller.ask((client) => client.create(type, placed));
}

function patch({ caller, namespace }: Actor, type: ResourceType, name: string, change: object): Promise<unknown> {
  return caller.ask((client) => client.patch(type, { namespace, name }, change));
}

function remove({ caller, namespace }: Actor, type: ResourceType, name: string, policy?: Policy): Promise<unknown> {
  return caller.ask((client) => client.delete(type, { namespace, name }, policy === undefined ? {} : { propagationPolicy: policy }));
}

type Policy = 'Orphan' | 'Background' | 'Foreground';

const podsOf = ({ stage, namespace }: Actor): readonly Pod[] => stage.witness.list(types.pods, namespace);

/** As many ready pods as it asks for, all of its newest template. */
function missingOfDeployment(actor: Actor, name: string): string | undefined {
  const { witness } = actor.stage;
  const deployment = witness.get(types.deployments, actor.namespace, name);
  if (deployment === undefined) return `deployment ${name} is gone`;
  const { status = {}, spec, metadata } = deployment;
  const wanted = spec.replicas ?? 1;
  const isDone =
    status.observedGeneration === metadata.generation &&
    (status.updatedReplicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted;
  const sets = witness.list(types.replicaSets, actor.namespace).filter((set) => isControlledBy(set, deployment));
  const ready = podsOf(actor).filter((pod) => sets.some((set) => isControlledBy(pod, set)) && isPodReady(pod)).length;
  return isDone && ready === wanted ? undefined : `deployment ${name}: ${JSON.stringify(status)}, ${ready} ready, wants ${wanted}`;
}

const budget = (random: SeededRandom): { maxSurge: number | string; maxUnavailable: number | string } =>
  random.pick([
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: '25%', maxUnavailable: '25%' },
    { maxSurge: 2, maxUnavailable: 1 },
  ]);

function webDeployment(actor: Actor, replicas: number): Deployment {
  const strategy = { type: 'RollingUpdate', rollingUpdate: budget(actor.random) };
  return {
    metadata: { name: 'web' },
    spec: { replicas, revisionHistoryLimit: 2, selector: selector('web'), template: template('web'), strategy },
  } as Deployment;
}

const imagePatch = (image: string): object => ({ spec: { template: { spec: { containers: [{ name: 'c', image }] } } } });

const rollout: Scene = {
  async play(actor) {
    const { random } = actor;
    await create(actor, types.deployments, webDeployment(actor, random.whole(2, 4)));
    for (let step = random.whole(1, 3); step > 0; step -= 1) {
      await pause(actor);
      const change = random.weighted({ image: 5, scale: 2, pause: 1 });
      if (change === 'image') await patch(actor, types.deployments, 'web', imagePatch(`app:${random.whole(1, 3)}`));
      if (change === 'scale') await patch(actor, types.deployments, 'web', { spec: { replicas: random.whole(1, 4) } });
      if (change === 'pause') await patch(actor, types.deployments, 'web', { spec: { paused: true } });
    }
    await patch(actor, types.deployments, 'web', { spec: { paused: false } });
  },
  missing: (actor) => missingOfDeployment(actor, 'web'),
};

const stateful: Scene = {
  async play(actor) {
    const { random } = actor;
    const set = {
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        replicas: random.whole(1, 3),
        selector: selector('db'),
        template: template('db'),
        podManagementPolicy: random.pick(['OrderedReady', 'Parallel']),
      },
    } as StatefulSet;
    await create(actor, types.statefulSets, set);
    for (let step = random.whole(1, 3); step > 0; step -= 1) {
      await pause(actor);
      const change = random.weighted({ image: 2, scale: 2, delete: 3 });
      if (change === 'image') await patch(actor, types.statefulSets, 'db', imagePatch(`db:${random.whole(1, 3)}`));
      if (change === 'scale') await patch(actor, types.statefulSets, 'db', { spec: { replicas: random.whole(1, 3) } });
      if (change === 'delete') await remove(actor, types.pods, 'db-0');
    }
  },
  missing(actor) {
    const set = actor.stage.witness.get(types.statefulSets, actor.namespace, 'db');
    if (set === undefined) return 'the stateful set is gone';
    const wanted = set.spec.replicas ?? 1;
    const names = podsOf(actor).filter(isPodReady).map(nameOf).toSorted().join();
    const expected = Array.from({ length: wanted }, (_, ordinal) => `db-${ordinal}`).join();
    const { readyReplicas = 0, currentRevision, updateRevision } = set.status ?? ({} as NonNullable<StatefulSet['status']>);
    const isDone = names === expected && readyReplicas === wanted && currentRevision === updateRevision;
    return isDone ? undefined : `stateful set: ready ${names}, wanted ${expected}, ${JSON.stringify(set.status)}`;
  },
};

const job: Scene = {
  async play(actor) {
    const { random } = actor;
    const completions = random.whole(1, 5);
    const spec = {
      completions,
      parallelism: random.whole(1, 3),
      completionMode: random.pick(['NonIndexed', 'Indexed']),
      backoffLimit: 1000,
      template: template('work', 'work:1', { play: random.pick(['exit 0', 'exit 1 0.2']), spec: { restartPolicy: 'Never' } }),
    };
    await create(actor, types.jobs, { metadata: { name: 'work' }, spec } as Job);
    await pause(actor);
    if (random.chance(0.3)) await patch(actor, types.jobs, 'work', { spec: { parallelism: random.whole(1, 3) } });
    if (random.chance(0.2)) {
      await patch(actor, types.jobs, 'work', { spec: { suspend: true } });
      await pause(actor);
      await patch(actor, types.jobs, 'work', { spec: { suspend: false } });
    }
  },
  missing(actor) {
    const status = actor.stage.witness.get(types.jobs, actor.namespace, 'work')?.status;
    const isDone = status?.conditions?.some(({ type, status: is }) => type === 'Complete' && is === 'True');
    return isDone === true ? undefined : `job: ${JSON.stringify(status)}`;
  },
};

/** Many want more pods than the quota has. */
const quota: Scene = {
  async play(actor) {
    const { random } = actor;
    await create(actor, types.resourceQuotas, { metadata: { name: 'few' }, spec: { hard: { pods: `${quotaPods}` } } });
    await create(actor, types.deployments, webDeployment(actor, 2));
    const crowd = Array.from({ length: random.whole(3, 6) }, async (_, number) => {
      await pause(actor, 3000);
      await create(actor, types.pods, {
        metadata: { name: `bare-${number}`, labels: { app: 'bare' } },
        spec: template('bare').spec,
      } as Pod);
    });
    await Promise.all(crowd);
    await pause(actor);
    for (let number = 0; number < 6; number += 1) await remove(actor, types.pods, `bare-${number}`);
  },
  missing: (actor) => missingOfDeployment(actor, 'web'),
};

export const quotaPods = 4;

/** Several drain at once what a budget protects. */
const evictions: Scene = {
  async play(actor) {
    const { random, stage, namespace } = actor;
    await create(actor, types.podDisruptionBudgets, {
      metadata: { name: 'keep' },
      spec: { minAvailable: budgetMin, selector: selector('web') },
    });
    await create(actor, types.deployments, webDeployment(actor, 3));
    await stage.sleep(random.scale(5_000, 40_000));
    const drainers = Array.from({ length: 3 }, async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        await pause(actor, 6000);
        const pod = random.pick(podsOf(actor).filter(isPodActive));
        if (pod === undefined) continue;
        const at = { namespace, name: nameOf(pod) };
        const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: at };
        await actor.caller.once((client) => client.createSubresource(types.pods, at, 'eviction', body));
      }
    });
    await Promise.all(drainers);
  },
  missing: (actor) => missingOfDeployment(actor, 'web'),
};

export const budgetMin = 2;

/** A ReplicaSet lets one pod go and finds another, while a user deletes it and keeps its pods. */
const adoption: Scene = {
  async play(actor) {
    const { random, stage, caller, namespace } = actor;
    const set = { metadata: { name: 'set' }, spec: { replicas: 2, selector: selector('set'), template: template('set') } };
    await create(actor, types.replicaSets, set);
    await stage.sleep(random.scale(3_000, 15_000));
    const own = podsOf(actor)[0];
    if (own === undefined) return;
    await create(actor, types.pods, { metadata: { name: 'stray', labels: { app: 'other' } }, spec: template('set').spec } as Pod);
    await caller.ask((client) => client.patch(types.pods, { namespace, name: 'stray' }, { metadata: { labels: { app: 'set' } } }));
    const labels = { metadata: { labels: { app: 'other' } } };
    const release = caller.once((client) => client.patch(types.pods, { namespace, name: nameOf(own) }, labels));
    await stage.sleep(random.scale(1, 1500));
    await remove(actor, types.replicaSets, 'set', 'Orphan');
    await release;
  },
  missing(actor) {
    const { witness } = actor.stage;
    const isGone = witness.get(types.replicaSets, actor.namespace, 'set') === undefined;
    return isGone ? undefined : 'the ReplicaSet was deleted, and is there';
  },
};

/** What is deleted goes with what it owns, and comes back only when a user makes it again. */
const garbage: Scene = {
  async play(actor) {
    const { random } = actor;
    await create(actor, types.deployments, webDeployment(actor, 2));
    await pause(actor);
    await remove(actor, types.deployments, 'web', random.pick(['Background', 'Foreground', 'Orphan']));
    await pause(actor, 5000);
    if (random.chance(0.5)) await create(actor, types.deployments, webDeployment(actor, 1));
    await pause(actor);
    await actor.caller.ask((client) => client.delete(types.namespaces, { namespace: '', name: actor.namespace }));
  },
  missing(actor) {
    const left = actor.stage.witness
      .all()
      .filter(({ metadata }) => metadata.namespace === actor.namespace || metadata.name === actor.namespace);
    return left.length === 0 ? undefined : `left of the namespace: ${left.map((object) => `${object.kind} ${nameOf(object)}`).join(', ')}`;
  },
};

const daemons: Scene = {
  async play(actor) {
    const { random } = actor;
    const updateStrategy = random.pick([
      { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    ]);
    await create(actor, types.daemonSets, {
      metadata: { name: 'every' },
      spec: { selector: selector('every'), template: template('every'), updateStrategy },
    });
    await pause(actor);
    if (random.chance(0.6)) await patch(actor, types.daemonSets, 'every', imagePatch('app:2'));
  },
  missing(actor) {
    const { witness } = actor.stage;
    const ready = podsOf(actor).filter((pod) => isPodReady(pod) && !isTerminating(pod));
    const nodes = witness.list(types.nodes).map(nameOf).toSorted().join();
    const on = ready
      .map(({ spec }) => spec.nodeName ?? '')
      .toSorted()
      .join();
    const status = witness.get(types.daemonSets, actor.namespace, 'every')?.status;
    const isDone = on === nodes && status?.numberReady === ready.length && status.updatedNumberScheduled === ready.length;
    return isDone ? undefined : `daemons on ${on}, nodes ${nodes}, ${JSON.stringify(status)}`;
  },
};

const schedules: Scene = {
  async play(actor) {
    const { random, stage } = actor;
    const jobTemplate = {
      spec: { template: template('tick', 'tick:1', { play: 'exit 0', spec: { restartPolicy: 'Never' } }) },
    };
    await create(actor, types.cronJobs, {
      metadata: { name: 'tick' },
      spec: {
        schedule: '* * * * *',
        concurrencyPolicy: random.pick(['Allow', 'Forbid', 'Replace']),
        successfulJobsHistoryLimit: 1,
        jobTemplate,
      },
    } as never);
    await stage.sleep(150_000);
    await patch(actor, types.cronJobs, 'tick', { spec: { suspend: true } });
  },
  missing(actor) {
    const { witness } = actor.stage;
    const all = witness.list(types.jobs, actor.namespace);
    const active = all.filter(({ status }) => status?.completionTime === undefined);
    const listed = witness.get(types.cronJobs, actor.namespace, 'tick')?.status?.active ?? [];
    const isDone = all.length === 1 && active.length === 0 && listed.length === 0;
    return isDone ? undefined : `cron: ${all.length} jobs, ${active.length} active, ${listed.length} listed`;
  },
};

/** More than fits; what matters more takes the room of what matters less. */
const capacity: Scene = {
  async play(actor) {
    const { random } = actor;
    const request = { containers: [{ name: 'c', image: 'app:1', resources: { requests: { cpu: '1500m' } } }] };
    const make = (name: string, replicas: number, priorityClassName?: string): Promise<unknown> =>
      create(actor, types.deployments, {
        metadata: { name },
        spec: {
          replicas,
          selector: selector(name),
          template: template(name, 'app:1', { spec: { ...request, ...(priorityClassName !== undefined && { priorityClassName }) } }),
        },
      } as Deployment);
    await create(actor, types.priorityClasses, { metadata: { name: actor.namespace }, value: 1000 });
    await make('low', random.whole(4, 7));
    await pause(actor);
    await make('high', random.whole(1, 3), actor.namespace);
    await pause(actor);
    await patch(actor, types.deployments, 'low', { spec: { replicas: 1 } });
  },
  missing: (actor) => missingOfDeployment(actor, 'low') ?? missingOfDeployment(actor, 'high'),
};

/** A Service shows whom it can send to. */
const service: Scene = {
  async play(actor) {
    await create(actor, types.services, { metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
    await create(actor, types.deployments, webDeployment(actor, 2));
    await pause(actor);
    await patch(actor, types.deployments, 'web', imagePatch('app:2'));
  },
  missing(actor) {
    const slices = actor.stage.witness.list(types.endpointSlices, actor.namespace);
    const shown = slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).filter((one) => one.conditions?.ready !== false).map((one) => one.addresses[0] ?? ''),
    );
    const ready = podsOf(actor)
      .filter(isPodReady)
      .map(({ status }) => status?.podIP ?? '');
    const isDone = shown.toSorted().join() === ready.toSorted().join();
    return missingOfDeployment(actor, 'web') ?? (isDone ? undefined : `slices show ${shown.join()}, ready are ${ready.join()}`);
  },
};

/** A webhook that is asked about pods, and that answers late or never. */
const webhooks: Scene = {
  async play(actor) {
    const { random, namespace, caller } = actor;
    const hook = {
      name: 'pods.example.com',
      clientConfig: { url: 'https://webhook.example.com/pods' },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      failurePolicy: random.pick(['Fail', 'Ignore']),
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: random.whole(1, 10),
    };
    await create(actor, types.validatingWebhookConfigurations, { metadata: { name: namespace }, webhooks: [hook] } as never);
    await rollout.play(actor);
    await pause(actor);
    await caller.ask((client) => client.delete(types.validatingWebhookConfigurations, { namespace: '', name: namespace }));
  },
  missing: (actor) => missingOfDeployment(actor, 'web'),
};

export const scenes = {
  rollout,
  stateful,
  job,
  quota,
  evictions,
  adoption,
  garbage,
  daemons,
  schedules,
  capacity,
  service,
  webhooks,
} as const satisfies Readonly<Record<string, Scene>>;

export type SceneName = keyof typeof scenes;
