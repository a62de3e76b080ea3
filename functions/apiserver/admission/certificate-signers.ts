/**
 * Who may approve and sign for a signer. Source: plugin/pkg/admission/certificates/{approval,signing}/admission.go;
 * pkg/registry/certificates/certificates/authorization.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests } from '../../kube/resource-type.ts';
import type { AdmissionPlugin, Authorizer, User } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf, refuse } from './refuse.ts';

type SignerVerb = 'approve' | 'sign';

/** By the signer's name, or by all signers of its domain. */
async function mayActFor(authorizer: Authorizer | undefined, user: User, verb: SignerVerb, signer: string): Promise<boolean> {
  const domain = `${signer.split('/')[0] ?? ''}/*`;
  const asked = {
    verb,
    isResource: true,
    path: '',
    group: 'certificates.k8s.io',
    version: '*',
    resource: 'signers',
    subresource: '',
    namespace: '',
  } as const;
  for (const name of [signer, domain]) {
    const decision = await authorizer?.authorize(user, { ...asked, name });
    if (decision?.allowed === true) return true;
  }
  return false;
}

const guard = (name: string, subresource: 'approval' | 'status', verb: SignerVerb): PluginKind => ({
  name,
  isDefault: true,
  create: ({ authorizer }): AdmissionPlugin => ({
    name,
    handles: (attributes) => attributes.operation === 'UPDATE' && isOf(attributes, certificateSigningRequests, subresource),
    async validate(attributes) {
      const [next, current] = [attributes.object, attributes.oldObject] as [CertificateSigningRequest, CertificateSigningRequest];
      if (verb === 'sign' && deepEqual(next.status ?? {}, current.status ?? {})) return;
      const { signerName } = current.spec;
      if (await mayActFor(authorizer, attributes.user, verb, signerName)) return;
      throw refuse(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
    },
  }),
});

export const certificateApproval = guard('CertificateApproval', 'approval', 'approve');
export const certificateSigning = guard('CertificateSigning', 'status', 'sign');
