/** Where a service of AWS answers. Source: the SDKs' settings, "Service-specific endpoints" and "FIPS endpoints". */
import { environment } from '../world.ts';

export interface Endpoint {
  readonly region: string;
  readonly endpoint: URL;
}

/** Where no region is set, nothing can be signed. */
export class MissingRegion extends Error {
  override name = 'MissingRegion';
}

/** DNS suffixes of all partitions but the first, by the beginning of their Regions' names. Source: the SDKs' partitions.json. */
const suffixes: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
];

/** As the SDKs' settings call services whose names in addresses are others. Source: "Service-specific endpoints". */
const settingIds: Readonly<Record<string, string>> = { secretsmanager: 'SECRETS_MANAGER', logs: 'CLOUDWATCH_LOGS' };

const suffixOf = (region: string): string => suffixes.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'amazonaws.com';

export const serviceHost = (service: string, region: string): string => `${service}.${region}.${suffixOf(region)}`;

/** Where only cryptography is used that the government of the United States has approved; in its own partition it always is. */
const fipsHost = (service: string, region: string): string =>
  serviceHost(region.startsWith('us-gov-') ? service : `${service}-fips`, region);

export function endpointOf(service: string, given: { readonly region?: string; readonly endpoint?: string }): Endpoint {
  const region = given.region ?? environment('AWS_REGION');
  if (region === undefined) throw new MissingRegion('Region is missing');
  const own =
    given.endpoint ?? environment(`AWS_ENDPOINT_URL_${settingIds[service] ?? service.toUpperCase()}`) ?? environment('AWS_ENDPOINT_URL');
  const hostOf = environment('AWS_USE_FIPS_ENDPOINT') === 'true' ? fipsHost : serviceHost;
  return { region, endpoint: new URL(own ?? `https://${hostOf(service, region)}`) };
}
