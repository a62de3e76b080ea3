/** What an autoscaler refers to. Source: pkg/apis/autoscaling/validation/validation.go, ValidateCrossVersionObjectReference. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { AutoscalingCrossVersionObjectReference } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';

/** Which versions may stand there: one with a group, also that of the core, or whatever stood there before. */
export type VersionRule = 'group' | 'core' | 'any';

export function validateReference(
  { kind, name, apiVersion = '' }: AutoscalingCrossVersionObjectReference,
  path: string,
  rule: VersionRule,
): FieldError[] {
  const errors = Object.entries({ kind, name }).flatMap(([field, value]) =>
    value ? pathSegmentErrors(value).map((why) => invalid(`${path}.${field}`, value, why)) : [required(`${path}.${field}`)],
  );
  const why = rule === 'any' ? undefined : versionError(apiVersion, rule);
  return why === undefined ? errors : [...errors, invalid(`${path}.apiVersion`, apiVersion, why)];
}

/** Source: apimachinery, pkg/runtime/schema/group_version.go, ParseGroupVersion. */
function versionError(apiVersion: string, rule: VersionRule): string | undefined {
  const slashes = apiVersion.split('/').length - 1;
  if (apiVersion !== '/' && slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = slashes === 1 ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return rule === 'group' && group === '' ? 'apiVersion must specify API group' : undefined;
}
