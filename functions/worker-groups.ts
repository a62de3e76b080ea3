/** What the doorbells' message groups stand for: which controllers take part in a run of each group, and as whom. */
import { workerUser, type Api } from './api.ts';
import type { User } from './apiserver/ports.ts';
import { createEventRecorder } from './client/create-event-recorder.ts';
import type { QueuedEventRecorder } from './client/create-event-recorder.ts';
import { namedByPod } from './kube/pod-references.ts';
import type { ControllersOptions } from './controllers/all.ts';
import type { CertificateSigner } from './controllers/certificates/signer.ts';
import { type LiveRegistry, storedTypes } from './apiserver/registry/live-registry.ts';
import type { ResourceIndex } from './apiserver/registry/resource-index.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from './kube/generated/types.ts';
import type { WorkerGroupName } from './manifest.ts';
import { quotaRules } from './resources/core/resourcequota/quota-rules.ts';
import { EpochOver, runEpoch } from './store/epoch.ts';
import type { SchedulerConfiguration } from './scheduler/configuration/configuration.ts';
import type { Store } from './store/store.ts';
import { storedCursor } from './workers/cursor.ts';
import type { Cache, Controller } from './workers/controller.ts';
import { runControllers, type RunOutcome } from './workers/run.ts';
import type { World } from './world.ts';

export interface WorkerOptions {
  readonly store: Store;
  readonly cache: Cache;
  readonly api: Api;
  readonly registry: LiveRegistry;
  /** The certificates by which pods trust the API. */
  readonly certificateAuthorityPem: string;
  /** Where this host keeps the key of the authority. */
  readonly certificateSigner?: CertificateSigner;
  /** Another version of the code starts from nothing instead of from the cursor. */
  readonly codeVersion: string;
  /** Where nodes can reach the control plane only while this process runs: since when. See node-lifecycle. */
  readonly listeningSinceMs?: number;
  /** Left out: as upstream places pods by default. */
  readonly schedulerConfiguration?: SchedulerConfiguration | undefined;
  /** Programs that run beside this cluster: ours do not do what is theirs. */
  readonly absent?: readonly ComponentName[] | undefined;
  /** Called each time that a controller sets an object or a change aside. */
  readonly countSetAside?: ((controller: string) => void) | undefined;
  readonly world: World;
}

export const componentNames = ['kube-controller-manager', 'kube-scheduler'] as const;
export type ComponentName = (typeof componentNames)[number];

/** Upstream runs them in other programs. */
const notOfControllerManager = new Set(['custom-resource-definition', 'local-path-provisioner']);

/** The materializer runs no controllers. */
export type ControllerGroupName = Exclude<WorkerGroupName, 'materializer'>;

export interface WorkerGroup {
  readonly name: ControllerGroupName;
  readonly controllers: readonly Controller[];
  run(signal: AbortSignal): Promise<RunOutcome>;
  /** Resolves once its Events were written, or given up, or took too long. */
  flush(): Promise<void>;
}

/** The checker is large, so it is read with the first policy. */
async function typeWarnings(policy: ValidatingAdmissionPolicy, { kinds }: ResourceIndex): Promise<readonly ExpressionWarning[]> {
  const checking = await import('./resources/admissionregistration/type-checking.ts');
  return checking.typeWarnings(
    policy,
    kinds.map(({ served: { type, schema } }) => ({ type, node: schema.node })),
  );
}

/** How long the end of an invocation waits for its Events: its note and its ring matter more. */
const flushMsMax = 2_000;

const authenticated = 'system:authenticated';

/** As whom a group writes its Events. */
const eventUsers: Readonly<Record<ControllerGroupName, User>> = {
  controllers: { name: 'system:kube-controller-manager', groups: [authenticated] },
  scheduler: { name: 'system:kube-scheduler', groups: [authenticated] },
};

type Members = (options: WorkerOptions) => readonly Controller[];

const memberLoaders: Readonly<Record<ControllerGroupName, () => Promise<Members>>> = {
  controllers: async () => {
    const { createControllers } = await import('./controllers/all.ts');
    return (options) => createControllers(controllersOptions(options));
  },
  scheduler: async () => {
    const { createScheduler } = await import('./scheduler/scheduler.ts');
    return ({ schedulerConfiguration }) => [createScheduler(schedulerConfiguration)];
  },
};

function controllersOptions(options: WorkerOptions): ControllersOptions {
  const { store, api, registry, certificateAuthorityPem, certificateSigner, listeningSinceMs = 0 } = options;
  return {
    resourceTypes: storedTypes(registry, () => store.view()),
    quotaRules,
    certificateAuthorityPem,
    listeningSinceMs,
    secretToken: (claims) => api.secretToken(claims),
    podSecretNames: (pod) => namedByPod(pod).secrets,
    typeWarnings: (policy) => typeWarnings(policy, registry(store.view())),
    ...(certificateSigner !== undefined && { certificateSigner }),
  };
}

/** Reads the code of one group, and none of the other's. */
export async function loadWorkerGroup(name: ControllerGroupName): Promise<(options: WorkerOptions) => WorkerGroup> {
  const members = await memberLoaders[name]();
  return (options) => {
    const { absent = [], codeVersion } = options;
    const controllers = members(options).filter((controller) => isOurs(controller, name, absent));
    // Controllers that were absent do not know what happened meanwhile.
    const version = absent.length === 0 ? codeVersion : `${codeVersion} without ${absent.join(' and ')}`;
    return createWorkerGroup(name, controllers, { ...options, codeVersion: version });
  };
}

/** Whether a controller runs here though these programs run elsewhere. */
export function isOurs({ name }: Pick<Controller, 'name'>, group: ControllerGroupName, absent: readonly ComponentName[]): boolean {
  if (group === 'scheduler') return !absent.includes('kube-scheduler');
  return !absent.includes('kube-controller-manager') || notOfControllerManager.has(name);
}

function createWorkerGroup(name: ControllerGroupName, controllers: readonly Controller[], options: WorkerOptions): WorkerGroup {
  const { store, cache, api, codeVersion, world } = options;
  const client = api.clientFor(eventUsers[name]);
  const recorders = new Map<string, QueuedEventRecorder>();
  const eventsFor = (component: string): QueuedEventRecorder => {
    const recorder = recorders.get(component) ?? createEventRecorder({ client, component, world });
    recorders.set(component, recorder);
    return recorder;
  };

  const uid = world.random.uuid();
  return {
    name,
    controllers,
    run: async (signal) => {
      const begun = runEpoch(store, name, uid);
      const ended = new AbortController();
      const epochOfWork: typeof begun = () => {
        const epoch = begun();
        return async () => {
          // What a run leaves unfinished must not write beside the next one.
          if (ended.signal.aborted) throw new EpochOver(`this run of ${name} is over`);
          return epoch();
        };
      };
      try {
        return await runControllers({
          store,
          cache,
          controllers,
          clientFor: (controller) => api.clientFor(workerUser(controller.actsAs), epochOfWork()),
          eventsFor,
          cursor: storedCursor(store, name),
          codeVersion,
          world,
          countSetAside: options.countSetAside,
          signal,
        });
      } finally {
        ended.abort();
      }
    },
    flush: async () => {
      const flushed = Promise.all([...recorders.values()].map((recorder) => recorder.flush()));
      await new Promise<void>((resolve, reject) => {
        const cancel = world.clock.after(flushMsMax, resolve);
        flushed.then(() => resolve(), reject).finally(cancel);
      });
    },
  };
}
