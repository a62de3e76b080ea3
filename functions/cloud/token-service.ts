/** Where AWS's token service answers, of all places that a token could name. Source: AWS's list of endpoints. */

const regions: Readonly<Record<string, readonly string[]>> = {
  'amazonaws.com': [
    'af-south-1',
    'ap-east-1',
    'ap-east-2',
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-south-1',
    'ap-south-2',
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
    'ap-southeast-7',
    'ca-central-1',
    'ca-west-1',
    'eu-central-1',
    'eu-central-2',
    'eu-north-1',
    'eu-south-1',
    'eu-south-2',
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'il-central-1',
    'me-central-1',
    'me-south-1',
    'mx-central-1',
    'sa-east-1',
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
    'us-gov-east-1',
    'us-gov-west-1',
  ],
  'amazonaws.com.cn': ['cn-north-1', 'cn-northwest-1'],
};

/** Those that are checked by a module of their own. */
const fips = ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'us-gov-east-1', 'us-gov-west-1', 'ca-central-1', 'ca-west-1'];

const regionOfHost: ReadonlyMap<string, string> = new Map([
  ['sts.amazonaws.com', 'us-east-1'],
  ...Object.entries(regions).flatMap(([domain, names]) => names.map((region): [string, string] => [`sts.${region}.${domain}`, region])),
  ...Object.values(regions)
    .flat()
    .map((region): [string, string] => [`sts.${region}.api.aws`, region]),
  ...fips.map((region): [string, string] => [`sts-fips.${region}.amazonaws.com`, region]),
]);

/** The region for which a question to this host must be signed; undefined for every other host. */
export const tokenServiceRegion = (host: string): string | undefined => regionOfHost.get(host);
