/** Creates and deletes the pods of an owner, and records each in an Event of the owner. Source: pkg/controller/controller_utils.go. */
import { copy } from '../../kube/copy.ts';
import type { Pod, PodTemplateSpec } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { dnsSubdomainErrors } from '../../kube/names.ts';
import { controllerReference } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { pods } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

export function podFromTemplate(owner: KubeObject, ownerType: ResourceType, template: PodTemplateSpec): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${nameOf(owner)}-`;
  return copy({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: namespaceOf(owner),
      // A prefix may end in a dash, since something follows it.
      generateName: dnsSubdomainErrors(`${prefix}a`).length === 0 ? prefix : nameOf(owner),
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(ownerType, owner)],
    },
    spec: template.spec,
  });
}

export async function createPod(owner: KubeObject, pod: Pod, { client, events }: ReconcileContext): Promise<void> {
  if (Object.keys(pod.metadata.labels ?? {}).length === 0) throw new Error('unable to create pods, no labels');
  try {
    const created = await client.create(pods, pod);
    events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${nameOf(created)}`);
  } catch (error) {
    if (error instanceof StatusError && !isNamespaceTerminating(error))
      events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
    throw error;
  }
}

export async function deletePod(owner: KubeObject, pod: Pod, { client, events }: ReconcileContext): Promise<void> {
  try {
    await client.delete(pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, { preconditions: { uid: pod.metadata.uid } });
    events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${nameOf(pod)}`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // Another client deleted the pod, and perhaps another pod got its name.
    if (error.reason === 'NotFound' || error.reason === 'Conflict') return;
    events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${error.message}`);
    throw error;
  }
}

/** The refusal to create anything in a namespace that is being deleted: retrying cannot help. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError && (error.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
