/** Which certificates the signers of Kubernetes sign. Pure. Source: pkg/apis/certificates/helpers.go; pkg/controller/certificates/signer. */
import type { AlternativeName, CertificateRequest } from '../../kube/certificate-request.ts';

export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet';
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving';
const clientSigner = 'kubernetes.io/kube-apiserver-client';
const legacySigner = 'kubernetes.io/legacy-unknown';

type Refusal = string | undefined;
type Rule = (request: CertificateRequest, usages: readonly string[]) => Refusal;

const isSameSet = (some: readonly string[], others: readonly string[]): boolean =>
  new Set(some).size === new Set(others).size && some.every((usage) => others.includes(usage));

/** Keys that are not RSA encipher no other keys. */
function usagesRefusal(usages: readonly string[], purpose: string): Refusal {
  const all = ['digital signature', 'key encipherment', purpose].toSorted();
  if (isSameSet(usages, all) || isSameSet(usages, ['digital signature', purpose])) return undefined;
  return `usages did not match [${all.join(' ')}]`;
}

const titles: Readonly<Record<AlternativeName, string>> = { dns: 'DNS', email: 'Email', ip: 'IP', uri: 'URI' };

function namesRefusal({ alternativeNames }: CertificateRequest, refused: readonly AlternativeName[]): Refusal {
  const found = refused.find((kind) => alternativeNames[kind].length > 0);
  return found === undefined ? undefined : `${titles[found]} subjectAltNames are not allowed`;
}

const organizationRefusal = ({ organizations }: CertificateRequest): Refusal =>
  organizations.length === 1 && organizations[0] === 'system:nodes' ? undefined : 'subject organization is not system:nodes';

const commonNameRefusal = ({ commonName }: CertificateRequest): Refusal =>
  commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:';

/** Why a kubelet's client certificate is refused; undefined when it may be signed. */
export const kubeletClientRefusal: Rule = (request, usages) =>
  organizationRefusal(request) ??
  namesRefusal(request, ['dns', 'email', 'ip', 'uri']) ??
  commonNameRefusal(request) ??
  usagesRefusal(usages, 'client auth');

/** Why a kubelet's serving certificate is refused; undefined when it may be signed. */
export const kubeletServingRefusal: Rule = (request, usages) => {
  const { dns, ip } = request.alternativeNames;
  const isNameless = dns.length === 0 && ip.length === 0;
  return (
    organizationRefusal(request) ??
    (isNameless ? 'DNS or IP subjectAltName is required' : undefined) ??
    namesRefusal(request, ['email', 'uri']) ??
    usagesRefusal(usages, 'server auth') ??
    commonNameRefusal(request)
  );
};

const clientRefusal: Rule = (_request, usages) => {
  const strange = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (strange !== undefined) return `invalid usage for client certificate: ${strange}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
};

/** The rule of each signer whose certificates the cluster's own authority signs. */
export const signers: ReadonlyMap<string, Rule> = new Map([
  [kubeletClientSigner, kubeletClientRefusal],
  [kubeletServingSigner, kubeletServingRefusal],
  [clientSigner, clientRefusal],
  [legacySigner, () => undefined],
]);
