/** Certificates that a node asks for: its own, and those of pods that run on it. */
import { CertificateRequestError, parseCertificateRequest } from '../../../kube/certificate-request.ts';
import type { CertificateSigningRequest, Node, Pod, PodCertificateRequest, ServiceAccount } from '../../../kube/generated/types.ts';
import { annotationsOf, type KubeObject } from '../../../kube/object.ts';
import { nodes, pods, serviceAccounts, type ResourceType } from '../../../kube/resource-type.ts';
import { isNotFound, StatusError } from '../../../kube/status-error.ts';
import { nodeUserName } from '../../auth/groups.ts';
import { mirrorAnnotation } from '../../../kube/pod-references.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { type Check, type CheckContext, existing, quote } from './check.ts';

const kubeletSigners = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

export const checkCertificateRequest: Check = async ({ operation, object }, { nodeName }) => {
  if (operation !== 'CREATE') return '';
  const { spec } = object as CertificateSigningRequest;
  if (!kubeletSigners.includes(spec.signerName)) return '';
  const wanted = nodeUserName(nodeName);
  const parsed = commonName(spec.request ?? '');
  if ('problem' in parsed) return `unable to parse csr: ${parsed.problem}`;
  return parsed.name === wanted ? '' : `can only create a node CSR with CN=${wanted}`;
};

function commonName(base64: string): { readonly name: string } | { readonly problem: string } {
  try {
    return { name: parseCertificateRequest(Buffer.from(base64, 'base64').toString()).commonName };
  } catch (error) {
    if (error instanceof CertificateRequestError) return { problem: error.message };
    throw error;
  }
}

/** May be right in a moment, so that it is no refusal for good. */
const notYet = (message: string, cause?: unknown): StatusError => new StatusError(500, 'InternalError', message, { cause });

/** An object that the request names: it must be there, with this uid. */
async function namedObject<T extends KubeObject>(
  type: ResourceType<T>,
  wanted: { readonly namespace: string; readonly name: string; readonly uid: string; readonly what: string; readonly mismatch: string },
  context: CheckContext,
): Promise<T> {
  const { namespace, name, uid, what, mismatch } = wanted;
  try {
    const found = await existing(type, { namespace, name }, context);
    if (found.metadata.uid !== uid) throw notYet(mismatch);
    return found;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw notYet(`while retrieving ${what} named in the PodCertificateRequest: ${error.message}`, error);
  }
}

export const checkPodCertificateRequest: Check = async (attributes, context) => {
  const { operation, subresource, object, namespace } = attributes;
  if (operation !== 'CREATE') return `unexpected operation ${operation}`;
  if (subresource !== '') return `unexpected subresource ${subresource}`;
  const { spec } = object as PodCertificateRequest;
  const { nodeName } = context;
  if (spec.nodeName !== nodeName) {
    return `PodCertificateRequest.Spec.NodeName=${quote(spec.nodeName)}, which is not the requesting node ${quote(nodeName)}`;
  }
  const place = quote(`${namespace}/${spec.podName}`);
  await namedObject<Node>(
    nodes,
    {
      namespace: '',
      name: nodeName,
      uid: spec.nodeUID,
      what: `node ${quote(nodeName)}`,
      mismatch: `PodCertificateRequest for pod ${place} names node UID ${quote(spec.nodeUID)}, inconsistent with the running node`,
    },
    context,
  );
  const pod = await namedObject<Pod>(
    pods,
    {
      namespace,
      name: spec.podName,
      uid: spec.podUID,
      what: `pod ${place}`,
      mismatch: `PodCertificateRequest for pod ${place} contains pod UID (${quote(spec.podUID)}) which differs from running pod`,
    },
    context,
  );
  return podProblem(pod, attributes, context);
};

async function podProblem(pod: Pod, attributes: AdmissionAttributes, context: CheckContext): Promise<string> {
  const { spec } = attributes.object as PodCertificateRequest;
  const { namespace } = attributes;
  const place = quote(`${namespace}/${spec.podName}`);
  if (pod.spec?.nodeName !== spec.nodeName) {
    return `pod ${place} is not running on node ${quote(spec.nodeName)} named in the PodCertificateRequest`;
  }
  if (annotationsOf(pod)[mirrorAnnotation] !== undefined) return `pod ${place} is a mirror pod`;
  const running = pod.spec.serviceAccountName ?? '';
  if (spec.serviceAccountName !== running) {
    return `PodCertificateRequest for pod ${place} contains serviceAccountName (${quote(spec.serviceAccountName)}) that differs from running pod (${quote(running)})`;
  }
  await namedObject<ServiceAccount>(
    serviceAccounts,
    {
      namespace,
      name: spec.serviceAccountName,
      uid: spec.serviceAccountUID,
      what: `service account ${quote(`${namespace}/${spec.serviceAccountName}`)}`,
      mismatch: `PodCertificateRequest for pod ${place} names service account UID ${quote(spec.serviceAccountUID)}, which differs from the running service account`,
    },
    context,
  );
  return signerProblem(pod, attributes, context);
}

async function signerProblem(pod: Pod, { object, user, namespace }: AdmissionAttributes, context: CheckContext): Promise<string> {
  const { signerName, serviceAccountName, podName } = (object as PodCertificateRequest).spec;
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ podCertificate }) => podCertificate?.signerName === signerName)) return '';
  const decision = await context.authorizer?.authorize(user, {
    verb: 'request-serviceaccounts-podcertificate-signer',
    isResource: true,
    path: '',
    group: 'certificates.k8s.io',
    version: 'v1',
    // RBAC takes no slashes in the name of a resource.
    resource: signerName.replaceAll('/', ':'),
    subresource: '',
    namespace,
    name: serviceAccountName,
  });
  if (decision?.allowed === true) return '';
  return `pod ${quote(`${namespace}/${podName}`)} does not mount a podCertificate projected volume for signer ${quote(signerName)}`;
}
