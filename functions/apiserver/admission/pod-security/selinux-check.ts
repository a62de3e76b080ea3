/** Which SELinux types a pod may ask for; a user and a role of its own never. Source: policy/check_seLinuxOptions.go. */
import type { SELinuxOptions } from '../../../kube/generated/types.ts';
import { containersOf, namesOf, plural, type PodCheck, quoted, settersText, sorted } from './check.ts';

export const seLinuxOptions =
  (allowedTypes: readonly string[]): PodCheck =>
  ({ spec }) => {
    const hasBadType = ({ type = '' }: SELinuxOptions): boolean => type !== '' && !allowedTypes.includes(type);
    const isBad = (options: SELinuxOptions | undefined): options is SELinuxOptions =>
      options !== undefined && (hasBadType(options) || (options.user ?? '') !== '' || (options.role ?? '') !== '');
    const podOptions = spec.securityContext?.seLinuxOptions;
    const bad = [podOptions, ...containersOf(spec).map(({ securityContext }) => securityContext?.seLinuxOptions)].filter(isBad);
    if (bad.length === 0) return undefined;
    const names = namesOf(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions));
    const types = sorted(bad.filter(hasBadType).map(({ type = '' }) => type));
    const what = [
      ...(types.length === 0 ? [] : [`${plural('type', types)} ${quoted(types)}`]),
      ...(bad.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(bad.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ];
    const who = settersText(isBad(podOptions), names);
    return { reason: 'seLinuxOptions', detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}` };
  };
