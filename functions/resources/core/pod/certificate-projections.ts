/** Projections of trust bundles and of pod certificates. Source: pkg/apis/core/validation/validation.go, validateProjectionSources. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { ClusterTrustBundleProjection, PodCertificateProjection } from '../../../kube/generated/types.ts';
import { bundleNameErrors } from '../../certificates/clustertrustbundle/name.ts';
import { isKubernetesSigner, validateSignerName } from '../../certificates/signer-name.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { filePathErrors } from './file-path.ts';

/** `example.com:signer:name` of signer `example.com/signer`; a bundle without a signer has no colon. */
function signerIn(name: string): string {
  const parts = name.split(':');
  return parts.length < 3 ? '' : `${parts[0]}/${parts[1]}`;
}

export function trustBundleErrors(projection: ClusterTrustBundleProjection, path: string): FieldError[] {
  const { name, signerName, labelSelector, path: file } = projection;
  return [...choiceErrors({ name, signerName, labelSelector }, projection, path), ...filePathErrors(file, `${path}.path`)];
}

type Choice = Pick<ClusterTrustBundleProjection, 'name' | 'signerName' | 'labelSelector'>;

function choiceErrors({ name, signerName, labelSelector }: Choice, projection: object, path: string): FieldError[] {
  if (name !== undefined && signerName !== undefined) return [invalid(path, projection, 'only one of name and signerName may be used')];
  if (name !== undefined)
    return [
      ...(name === '' ? [required(`${path}.name`, 'must be a valid object name')] : []),
      ...bundleNameErrors(name, signerIn(name)).map((why) => invalid(`${path}.name`, name, `not a valid clustertrustbundlename: ${why}`)),
      ...(labelSelector === undefined
        ? []
        : [invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified')]),
    ];
  if (signerName === undefined) return [required(path, 'either name or signerName must be specified')];
  return [
    ...(signerName === '' ? [required(`${path}.signerName`, 'must be a valid signer name')] : []),
    ...validateSignerName(signerName, `${path}.signerName`),
    ...(labelSelector === undefined ? [] : validateLabelSelector(labelSelector, `${path}.labelSelector`)),
  ];
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const secondsMin = 3600;
const secondsMax = 91 * 24 * 3600;
/** The longest life of a certificate by a signer of Kubernetes' own. */
const kubernetesSecondsMax = 24 * 3600;

function lifeErrors({ maxExpirationSeconds: seconds, signerName }: PodCertificateProjection, path: string): FieldError[] {
  if (seconds === undefined) return [];
  const field = `${path}.maxExpirationSeconds`;
  const most = isKubernetesSigner(signerName) ? kubernetesSecondsMax : secondsMax;
  return [
    ...(seconds < secondsMin ? [invalid(field, seconds, `if provided, maxExpirationSeconds must be >= ${secondsMin}`)] : []),
    ...(seconds > most ? [invalid(field, seconds, `if provided, maxExpirationSeconds must be <= ${most}`)] : []),
  ];
}

export function podCertificateErrors(projection: PodCertificateProjection, path: string): FieldError[] {
  const { signerName, keyType } = projection;
  const files = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter((name) => (projection[name] ?? '') !== '');
  return [
    ...validateSignerName(signerName, `${path}.signerName`),
    ...(keyTypes.includes(keyType) ? [] : [notSupported(`${path}.keyType`, keyType, keyTypes)]),
    ...lifeErrors(projection, path),
    ...files.flatMap((name) => filePathErrors(projection[name], `${path}.${name}`)),
    ...(files.length === 0 ? [required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath')] : []),
  ];
}
