/**
 * AppArmor profiles that clients of before v1.30 write as annotations. A new pod gets them as fields, too; where both are
 * there they must agree. Source: pkg/registry/core/pod/strategy.go, applyAppArmorVersionSkew.
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid } from '../../../kube/field-error.ts';
import type { AppArmorProfile, Pod, PodTemplateSpec } from '../../../kube/generated/types.ts';
import { goQuote } from '../../../kube/go-quote.ts';
import type { WriteContext } from '../../definition.ts';
import { placedContainers } from './placed-containers.ts';
import { appArmorErrors } from './security-validation.ts';

const keyPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const localhostPrefix = 'localhost/';
type Described = Pick<PodTemplateSpec, 'metadata'> & Pick<Pod, 'spec'>;

const isWindows = ({ spec }: Described): boolean => spec.os?.name === 'windows';

/** Undefined for an annotation that names no valid profile. */
function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith(localhostPrefix)) return undefined;
  const profile: AppArmorProfile = { type: 'Localhost', localhostProfile: annotation.slice(localhostPrefix.length) };
  return appArmorErrors(profile, '').length === 0 ? profile : undefined;
}

/** Changes the containers in place. */
export function takeAnnotatedProfiles(pod: Pod, warn: WriteContext['warn']): void {
  if (isWindows(pod)) return;
  for (const { container } of placedContainers(pod.spec, '')) {
    const key = `${keyPrefix}${container.name}`;
    const annotation = pod.metadata.annotations?.[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
    const profile = profileOf(annotation);
    if (profile !== undefined && semanticallyEqual(profile, pod.spec.securityContext?.appArmorProfile)) continue;
    if (profile !== undefined) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    warn?.(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

const profileNames = ['', 'runtime/default', 'unconfined'];

/** Annotations of a pod or a template. Source: ValidateAppArmorPodAnnotations. */
export function validateProfileAnnotations({ metadata, spec }: Described, path: string): FieldError[] {
  const names = placedContainers(spec, '').map(({ container }) => container.name);
  return Object.entries(metadata?.annotations ?? {}).flatMap(([key, profile]) => {
    if (!key.startsWith(keyPrefix)) return [];
    const [field, name] = [`${path}[${key}]`, key.slice(keyPrefix.length)];
    const isKnown = profileNames.includes(profile) || profile.startsWith(localhostPrefix);
    return [
      ...(names.includes(name) ? [] : [invalid(field, name, 'container not found')]),
      ...(isKnown ? [] : [invalid(field, profile, `invalid AppArmor profile name: ${goQuote(profile)}`)]),
    ];
  });
}

/** Errors of a pod or a template whose spec is at `path`. Source: validateAppArmorAnnotationsAndFieldsMatchOnCreate. */
export function validateAnnotatedProfiles(pod: Described, path: string): FieldError[] {
  if (isWindows(pod)) return [];
  return placedContainers(pod.spec, path).flatMap(({ container, field }) => {
    const profile = container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile;
    const annotation = pod.metadata?.annotations?.[`${keyPrefix}${container.name}`];
    return profile === undefined || annotation === undefined
      ? []
      : mismatch(profile, annotation, `${field}.securityContext.appArmorProfile`);
  });
}

const mustMatch = (what: string, field: string): FieldError[] => [
  forbiddenField(field, `apparmor ${what} in annotation and field must match`),
];

function mismatch({ type, localhostProfile }: AppArmorProfile, annotation: string, path: string): FieldError[] {
  const isLocalhost = annotation.startsWith(localhostPrefix);
  const typeOf = { unconfined: 'Unconfined', 'runtime/default': 'RuntimeDefault' }[annotation] ?? (isLocalhost ? 'Localhost' : undefined);
  if (type !== typeOf) return mustMatch('type', `${path}.type`);
  if (type !== 'Localhost' || annotation === `${localhostPrefix}${localhostProfile}`) return [];
  return mustMatch('profile', `${path}.localhostProfile`);
}
