/** What the doorbells' message groups stand for: which controllers a session of each group runs, and as whom. */
import { workerUser, type Api } from './api.ts';
import type { User } from './apiserver/ports.ts';
import type { Client } from './client/client.ts';
import { createEventRecorder } from './client/create-event-recorder.ts';
import type { QueuedEventRecorder } from './client/create-event-recorder.ts';
import { namedByPod } from './apiserver/nodes/pod-references.ts';
import { createControllers } from './controllers/all.ts';
import type { CertificateSigner } from './controllers/certificates/signer.ts';
import { type LiveRegistry, storedTypes } from './apiserver/registry/live-registry.ts';
import type { ResourceIndex } from './apiserver/registry/resource-index.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from './kube/generated/types.ts';
import { quotaRules } from './resources/core/resourcequota/quota-rules.ts';
import { createScheduler } from './scheduler/scheduler.ts';
import { schedulerComponent } from './scheduler/watches.ts';
import { EpochOver, sessionEpoch } from './store/epoch.ts';
import type { Store } from './store/store.ts';
import type { StoreCache } from './workers/cache.ts';
import { storedCheckpoint } from './workers/checkpoint.ts';
import type { Controller } from './workers/controller.ts';
import { runSession, type SessionOutcome } from './workers/session.ts';
import type { World } from './world.ts';

export interface WorkerOptions {
  readonly store: Store;
  readonly cache: StoreCache;
  readonly api: Api;
  readonly registry: LiveRegistry;
  /** What pods trust the API by. */
  readonly certificateAuthorityPem: string;
  /** Where this host keeps the key of the authority. */
  readonly certificateSigner?: CertificateSigner;
  /** Another version of the code starts from nothing instead of from the checkpoint. */
  readonly codeVersion: string;
  /** Where nodes can reach the control plane only while this process runs: since when. See node-lifecycle. */
  readonly listeningSinceMs?: number;
  readonly world: World;
}

export interface WorkerGroup {
  readonly name: string;
  readonly controllers: readonly Controller[];
  session(signal: AbortSignal): Promise<SessionOutcome>;
  /** Resolves once the Events of all groups were written, or given up, or took too long. */
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

/** Events are worth less than the end of an invocation in order: its note, its ring for the rest. */
const flushMsMax = 2_000;

const authenticated = 'system:authenticated';
const controllerManager: User = { name: 'system:kube-controller-manager', groups: [authenticated] };
const scheduler: User = { name: 'system:kube-scheduler', groups: [authenticated] };

export function createWorkerGroups(options: WorkerOptions): readonly WorkerGroup[] {
  const { store, cache, api, registry, certificateAuthorityPem, codeVersion, listeningSinceMs = 0, world } = options;
  const resourceTypes = storedTypes(registry, () => store.view());
  const controllers = createControllers({
    resourceTypes,
    quotaRules,
    certificateAuthorityPem,
    listeningSinceMs,
    secretToken: (claims) => api.secretToken(claims),
    podSecretNames: (pod) => namedByPod(pod).secrets,
    typeWarnings: (policy) => typeWarnings(policy, registry(store.view())),
    ...(options.certificateSigner !== undefined && { certificateSigner: options.certificateSigner }),
  });

  const clients = new Map<string, Client>();
  const clientOf = (user: User): Client => {
    const client = clients.get(user.name) ?? api.clientFor(user);
    clients.set(user.name, client);
    return client;
  };
  const recorders = new Map<string, QueuedEventRecorder>();
  const eventsFor = (component: string): QueuedEventRecorder => {
    const user = component === schedulerComponent ? scheduler : controllerManager;
    const recorder = recorders.get(component) ?? createEventRecorder({ client: clientOf(user), component, world });
    recorders.set(component, recorder);
    return recorder;
  };

  const uid = world.random.uuid();
  const group = (name: string, members: readonly Controller[]): WorkerGroup => ({
    name,
    controllers: members,
    session: async (signal) => {
      const begun = sessionEpoch(store, name, uid);
      const ended = new AbortController();
      // What a session leaves unfinished must not write beside the next one.
      const epoch: typeof begun = async () => {
        if (ended.signal.aborted) throw new EpochOver(`this session of ${name} is over`);
        return begun();
      };
      try {
        return await runSession({
          store,
          cache,
          controllers: members,
          clientFor: (controller) => api.clientFor(workerUser(controller.actsAs), epoch),
          eventsFor,
          checkpoint: storedCheckpoint(store, name),
          codeVersion,
          world,
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
  });
  return [group('controllers', controllers), group('scheduler', [createScheduler()])];
}
