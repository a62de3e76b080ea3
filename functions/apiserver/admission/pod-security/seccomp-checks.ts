/** Which seccomp profiles a pod may name. Source: policy/check_seccompProfile_baseline.go, _restricted.go. */
import type { PodSpec, SecurityContext } from '../../../kube/generated/types.ts';
import { containersOf, containersText, namesOf, plural, type PodCheck, quoted, settersText, sorted } from './check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const reason = 'seccompProfile';

const isAllowedAnnotation = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');

/** Checks the annotations of seccomp, from before there was a field. */
export const seccompAnnotations: PodCheck = ({ metadata: { annotations = {} }, spec }) => {
  const keys = [podAnnotation, ...containersOf(spec).map(({ name }) => `${containerPrefix}${name}`)];
  const forbidden = sorted(
    keys.flatMap((key) => {
      const value = annotations[key];
      return value === undefined || isAllowedAnnotation(value) ? [] : [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (forbidden.length === 0) return undefined;
  return { reason, detail: `forbidden ${plural('annotation', forbidden)} ${forbidden.join(', ')}` };
};

type Context = Pick<SecurityContext, 'seccompProfile'> | undefined;

const isAllowed = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost';
const badTypeOf = (context: Context): string[] => {
  const type = context?.seccompProfile?.type;
  return context?.seccompProfile === undefined || isAllowed(type ?? '') ? [] : [type ?? ''];
};

export const seccompField: PodCheck = ({ spec }) => {
  const names = namesOf(spec, ({ securityContext }) => badTypeOf(securityContext).length > 0);
  const who = settersText(badTypeOf(spec.securityContext).length > 0, names);
  if (who === '') return undefined;
  const types = [...badTypeOf(spec.securityContext), ...containersOf(spec).flatMap(({ securityContext }) => badTypeOf(securityContext))];
  return { reason, detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}` };
};

/** The pod, or each of its containers, names one. */
export const seccompRequired: PodCheck = (pod) => seccompField(pod) ?? missingProfile(pod.spec);

function missingProfile(spec: PodSpec): ReturnType<PodCheck> {
  if (spec.securityContext?.seccompProfile !== undefined) return undefined;
  const names = namesOf(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (names.length === 0) return undefined;
  const what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason, detail: `pod or ${containersText(names)} ${what}` };
}
