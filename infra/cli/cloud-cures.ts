/** What AWS and the CDK fail with, and what a user can do about each: one sentence. */

export interface CureTarget {
  readonly region: string;
  /** The account's number. */
  readonly account: string;
}

interface Cure {
  /** A line of the CDK, a reason of CloudFormation, or a code and a message of a service. */
  readonly pattern: RegExp;
  cure(target: CureTarget): string;
}

const signIn =
  'Sign in again: aws sso login, or new credentials in the environment (AWS_ACCESS_KEY_ID and its siblings); AWS_PROFILE chooses one of several identities.';

/** The first that matches counts: what is particular stands before what is general. */
const cures: readonly Cure[] = [
  {
    pattern: /been bootstrapped|bootstrap stack version|cdk-bootstrap\//,
    cure: ({ account, region }) => `npx cdk bootstrap aws://${account}/${region} prepares the account, once for each Region.`,
  },
  {
    pattern: /Unrecognized resource types?.*WebFunction|WebFunction.*(not (available|supported|exist)|unsupported|unrecognized)/i,
    cure: ({ region }) => `${region} has no Web Functions: --host function-url does without.`,
  },
  {
    pattern: /Unrecognized resource types?.*AWS::Lambda::Url|AWS::Lambda::Url.*(not (available|supported|exist)|unsupported)/i,
    cure: ({ region }) => `${region} has no Function URLs either: another --region is needed.`,
  },
  {
    pattern: /ReservedConcurrentExecutions|UnreservedConcurrentExecution/,
    cure: () => 'The account may run too few functions at once to reserve any: --context concurrency=none reserves none.',
  },
  {
    pattern: /TerminationProtection/,
    cure: () => 'hibernetes destroy --unprotect lifts the protection, after a question.',
  },
  {
    pattern: /VcpuLimitExceeded|vCPU (capacity|limit)/i,
    cure: () => 'The account may run too few machines: fewer --nodes, or a higher quota “Running On-Demand Standard instances” of EC2.',
  },
  {
    pattern: /VpcLimitExceeded|maximum number of (VPCs|internet gateways)|InternetGatewayLimitExceeded/i,
    cure: () =>
      'The Region has as many networks as the account may have: delete one, raise the quota “VPCs per Region”, or take another --region.',
  },
  {
    pattern: /CodeStorageExceeded|Code storage limit/i,
    cure: () => 'Old versions of functions fill the account’s storage of code: delete some, or raise that quota of Lambda.',
  },
  {
    pattern: /(throughput|capacity).*(exceed|limit).*(account|table)|MaxWriteRequestUnits|MaxReadRequestUnits/i,
    cure: () =>
      'The account’s tables may not take so much: lower --context tableWritesPerSecond and tableReadsPerSecond, or raise the quota of DynamoDB.',
  },
  {
    pattern:
      /ExpiredToken|RequestExpired|TokenRefreshRequired|UnauthorizedSSOToken|security token included in the request is (invalid|expired)|(SSO|session|token)\b.*\b(has )?expired|no credentials have been configured|Unable to resolve AWS account/i,
    cure: () => signIn,
  },
  {
    pattern: /InvalidClientTokenId|UnrecognizedClient|OptInRequired|region.* not (enabled|opted)/i,
    cure: ({ region }) => `${signIn} A Region that the account has not enabled answers the same: this is ${region}.`,
  },
  {
    pattern: /SignatureDoesNotMatch|Signature (expired|not yet current)|RequestTimeTooSkewed/i,
    cure: () => 'The clock of this machine is wrong, or the secret key does not belong to the key’s id.',
  },
  {
    pattern: /explicit deny|service control policy|permissions? boundary/i,
    cure: () => 'A policy of the organization or a boundary denies it: its administrators must allow it, or take another account.',
  },
  {
    pattern: /is not authorized to perform|AccessDenied|UnauthorizedOperation|not authorized to/i,
    cure: () =>
      'An administrator of the account has that right, or gives it; to deploy, the right to assume the roles of cdk bootstrap is enough.',
  },
  {
    pattern: /LimitExceeded|ServiceQuotaExceeded|TooManyBuckets|(quota|limit)s? .*(exceeded|reached)|(exceeded|reached) .*(quota|limit)/i,
    cure: ({ region }) => `A quota of the account is used up in ${region}: Service Quotas raises it, or another --region has room.`,
  },
  {
    pattern: /already exists/i,
    cure: () => 'Something of that name is left from before: delete it, or deploy with another --stack.',
  },
  {
    pattern: /Throttling|Rate exceeded|TooManyRequests/,
    cure: () => 'AWS took too many requests at once: the same command again goes on.',
  },
];

/** Undefined: AWS fails with it for a reason that is not known here. */
export const cureFor = (text: string, target: CureTarget): string | undefined =>
  cures.find(({ pattern }) => pattern.test(text))?.cure(target);

/** Others of a deployment that are given up with the first that failed. */
const isConsequence = (line: string): boolean => /Resource (creation|update) cancelled/i.test(line);

/** The line with the most particular cure. */
export function curable(lines: readonly string[], target: CureTarget): { readonly line: string; readonly cure: string } | undefined {
  for (const { pattern, cure } of cures) {
    const line = lines.find((one) => pattern.test(one) && !isConsequence(one));
    if (line !== undefined) return { line, cure: cure(target) };
  }
  return undefined;
}
