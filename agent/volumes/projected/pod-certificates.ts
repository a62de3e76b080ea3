/**
 * Keys of pods, and certificates for them from signers of the cluster: asked for in the pod's name, and anew before they
 * end. Source: pkg/kubelet/podcertificate/podcertificatemanager.go
 */
import type { Client } from '../../../functions/client/client.ts';
import type { EventRecorder } from '../../../functions/client/event-recorder.ts';
import { conditionOf } from '../../../functions/kube/conditions.ts';
import type {
  Node,
  Pod,
  PodCertificateProjection,
  PodCertificateRequest,
  ServiceAccount,
} from '../../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { podCertificateRequests, serviceAccounts } from '../../../functions/kube/resource-type.ts';
import { isNotFound } from '../../../functions/kube/status-error.ts';
import type { World } from '../../../functions/world.ts';
import { specOf } from '../../pods/pod-facts.ts';

export interface PodCredential {
  readonly keyPem: string;
  readonly chainPem: string;
}

/** One source of a projected volume. */
export interface CertificateSource {
  readonly volumeName: string;
  readonly index: number;
  readonly projection: PodCertificateProjection;
}

export interface PodCertificates {
  /** Throws Error in upstream's words while there is none. */
  credential(pod: Pod, source: CertificateSource): Promise<PodCredential>;
}

export interface PodCertificateOptions extends Pick<World, 'clock' | 'random'> {
  readonly client: Pick<Client, 'create' | 'get'>;
  readonly events: Pick<EventRecorder, 'event'>;
  readonly ownNode: () => Node | undefined;
  /** Pods of the node: what others had is forgotten. */
  readonly pods: () => readonly Pod[];
}

interface Pending {
  readonly name: string;
  readonly keyPem: string;
}

interface Entry {
  pending?: Pending | undefined;
  issued?: (PodCredential & { readonly refreshMs: number }) | undefined;
  /** The signer refused: it is not asked again. */
  refusal?: string;
}

/** How long one attempt to set a volume up waits for a signer. */
const waitMsMax = 20_000;
const askEveryMs = 500;
/** So that the pods of a node do not all ask in one moment. */
const jitterMsMax = 5 * 60_000;

const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

export function createPodCertificates(options: PodCertificateOptions): PodCertificates {
  const entries = new Map<string, Entry>();
  const forgetOthers = (): void => {
    const here = new Set(options.pods().map((pod) => uidOf(pod)));
    for (const key of entries.keys()) if (!here.has(key.split(' ')[0] ?? '')) entries.delete(key);
  };
  return {
    async credential(pod, source) {
      const key = `${uidOf(pod)} ${source.volumeName} ${source.index}`;
      const entry = entries.get(key) ?? {};
      if (!entries.has(key)) forgetOthers();
      entries.set(key, entry);
      return credentialOf(pod, source, entry, options);
    },
  };
}

const isUndecided = ({ pending, refusal }: Entry): boolean => pending !== undefined && refusal === undefined;

async function credentialOf(pod: Pod, source: CertificateSource, entry: Entry, options: PodCertificateOptions): Promise<PodCredential> {
  const { clock } = options;
  if (entry.refusal !== undefined) throw new Error(entry.refusal);
  const { issued } = entry;
  if (issued !== undefined && clock.now() < issued.refreshMs) return issued;
  const deadlineMs = clock.monotonicMs() + waitMsMax;
  try {
    entry.pending ??= await askSigner(pod, source.projection, options);
    await takeAnswer(pod, entry, options);
    // What is good still serves while its successor is waited for.
    while (isUndecided(entry) && issued === undefined && clock.monotonicMs() < deadlineMs) {
      await clock.sleep(askEveryMs);
      await takeAnswer(pod, entry, options);
    }
  } catch (error) {
    if (issued === undefined || !(error instanceof Error)) throw error;
  }
  if (entry.refusal !== undefined) throw new Error(entry.refusal);
  if (entry.issued === undefined) throw new Error('credential bundle is not issued yet');
  return entry.issued;
}

async function askSigner(pod: Pod, projection: PodCertificateProjection, { client, ownNode }: PodCertificateOptions): Promise<Pending> {
  const namespace = namespaceOf(pod);
  const serviceAccountName = specOf(pod).serviceAccountName ?? 'default';
  const account = await client.get<ServiceAccount>(serviceAccounts, { namespace, name: serviceAccountName });
  const node = ownNode();
  if (node === undefined) throw new Error('while getting node object from local cache: the node is not known yet');
  // Certificates are for few pods: the library is read when one asks.
  const { newKeyAndRequest } = await import('./key-and-request.ts');
  const { keyPem, request } = await newKeyAndRequest(projection.keyType);
  const { signerName, maxExpirationSeconds, userAnnotations } = projection;
  const made = await client.create<PodCertificateRequest>(podCertificateRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'PodCertificateRequest',
    metadata: {
      namespace,
      generateName: 'req-',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: nameOf(pod), uid: uidOf(pod) }],
    },
    spec: {
      signerName,
      podName: nameOf(pod),
      podUID: uidOf(pod),
      serviceAccountName,
      serviceAccountUID: uidOf(account),
      nodeName: nameOf(node),
      nodeUID: uidOf(node),
      ...(maxExpirationSeconds === undefined ? {} : { maxExpirationSeconds }),
      stubPKCS10Request: request,
      ...(userAnnotations === undefined ? {} : { unverifiedUserAnnotations: userAnnotations }),
    },
  });
  return { name: nameOf(made), keyPem };
}

/** Reads the request again, and takes the signer's answer if there is one. */
async function takeAnswer(pod: Pod, entry: Entry, { client, clock, events, random }: PodCertificateOptions): Promise<void> {
  const { pending } = entry;
  if (pending === undefined) return;
  const place = `${namespaceOf(pod)}/${pending.name}`;
  let request: PodCertificateRequest;
  try {
    request = await client.get<PodCertificateRequest>(podCertificateRequests, { namespace: namespaceOf(pod), name: pending.name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    entry.pending = undefined;
    throw new Error(`PodCertificateRequest ${JSON.stringify(place)} appears to have been deleted`, { cause: error });
  }
  for (const type of ['Denied', 'Failed'] as const) {
    const condition = conditionOf(request.status?.conditions, type);
    if (condition?.status !== 'True') continue;
    const { reason, message } = condition;
    entry.refusal = `PodCertificateRequest ${type === 'Denied' ? 'was permanently denied' : 'was permanently failed'}: reason=${JSON.stringify(reason)} message=${JSON.stringify(message)}`;
    events.event(
      pod,
      'Warning',
      type,
      `PodCertificateRequest ${place} ${type === 'Denied' ? 'was denied' : 'failed'}, reason=${JSON.stringify(reason)}, message=${JSON.stringify(message)}`,
    );
    return;
  }
  const { certificateChain = '', beginRefreshAt = '' } = request.status ?? {};
  if (conditionOf(request.status?.conditions, 'Issued')?.status !== 'True' || certificateChain === '') return;
  const chainPem = (certificateChain.match(certificate) ?? []).map((pem) => `${pem}\n`).join('');
  const refreshMs = (Date.parse(beginRefreshAt) || clock.now()) + random.next() * jitterMsMax;
  entry.issued = { keyPem: pending.keyPem, chainPem, refreshMs };
  entry.pending = undefined;
}
