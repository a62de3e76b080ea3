/** Source: pkg/apis/certificates/validation/validation.go, ValidateClusterTrustBundle. */
import { X509Certificate } from 'node:crypto';
import { type FieldError, invalid, tooLong } from '../../../kube/field-error.ts';
import type { ClusterTrustBundle } from '../../../kube/generated/types.ts';
import { nameOf } from '../../../kube/object.ts';
import { pemBlocks } from '../../../kube/pem.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { validateSignerName } from '../signer-name.ts';
import { bundleNameErrors } from './name.ts';

const bundleBytesMax = 1024 * 1024;
const field = 'spec.trustBundle';

export function validateBundle(bundle: ClusterTrustBundle, current?: ClusterTrustBundle): FieldError[] {
  const { signerName = '', trustBundle = '' } = bundle.spec ?? {};
  const name = nameOf(bundle);
  return [
    // The name stays, but a new signer may want another.
    ...(current === undefined ? [] : bundleNameErrors(name, signerName).map((why) => invalid('metadata.name', name, why))),
    ...(signerName === '' ? [] : validateSignerName(signerName, 'spec.signerName')),
    ...(trustBundle === current?.spec?.trustBundle ? [] : anchorErrors(trustBundle)),
  ];
}

function anchorErrors(text: string): FieldError[] {
  if (Buffer.byteLength(text) > bundleBytesMax) return [tooLong(field, bundleBytesMax)];
  const refuse = (why: string): FieldError => invalid(field, '<value omitted>', why);
  const blocks = pemBlocks(text);
  const errors = blocks.flatMap(({ text: pem, label }, index) => {
    const why = anchorError(pem, label);
    return why === undefined ? [] : [refuse(`entry ${index} ${why}`)];
  });
  if (errors.length > 0) return errors;
  if (blocks.length === 0) return [refuse('at least one trust anchor must be provided')];
  const byContent = Map.groupBy(blocks.keys(), (index) => (blocks[index]?.content ?? '').replaceAll(/\s/g, ''));
  return [...byContent.values()]
    .filter((indexes) => indexes.length > 1)
    .map((indexes) => refuse(`duplicate trust anchor (indices [${indexes.join(' ')}])`));
}

function anchorError(pem: string, label: string): string | undefined {
  if (label !== 'CERTIFICATE') return `has bad block type: ${label}`;
  try {
    return new X509Certificate(pem).ca ? undefined : 'does not have the CA bit set';
  } catch (error) {
    if (error instanceof Error) return 'does not parse as X.509';
    throw error;
  }
}

export const validateBundleUpdate = (next: ClusterTrustBundle, current: ClusterTrustBundle): FieldError[] =>
  validateImmutable(next.spec?.signerName ?? '', current.spec?.signerName ?? '', 'spec.signerName');
