/** What AWS answers, as documented, and the sentence that a user gets for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliError } from './cli-error.ts';
import { asCloudCliError } from './cloud-account.ts';
import { CloudError } from './cloud-request.ts';
import { curable, cureFor } from './cloud-cures.ts';

const target = { region: 'eu-west-1', account: '111122223333' };

const rights = /^An administrator of the account has that right/;
const login = /^Sign in again: aws sso login, or new credentials in the environment/;
const quota = /^A quota of the account is used up in eu-west-1/;

const answers: readonly (readonly [printed: string, cure: RegExp])[] = [
  // Missing rights.
  ['User: arn:aws:iam::1:user/ann is not authorized to perform: iam:CreateRole on resource: role x', rights],
  ['AccessDenied: User is not authorized to perform: cloudformation:DescribeStacks', rights],
  ['UnauthorizedOperation: You are not authorized to perform this operation.', rights],
  [
    'User: x is not authorized to perform: lambda:CreateFunction with an explicit deny in a service control policy',
    /^A policy of the organization/,
  ],
  ['User: x is not authorized … because no permissions boundary allows the iam:CreateRole action', /^A policy of the organization/],
  // Quotas.
  ['LimitExceededException: Cannot exceed quota for RolesPerAccount: 1000', quota],
  ['Resource handler returned message: "… (Service: Lambda, …)" (HandlerErrorCode: ServiceLimitExceeded)', quota],
  ['ServiceQuotaExceededException: You have exceeded the quota', quota],
  ['You have attempted to create more buckets than allowed (TooManyBuckets)', quota],
  ['CodeStorageExceededException: Code storage limit exceeded.', /^Old versions of functions/],
  ['The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)', /^The Region has as many networks/],
  ['You have requested more vCPU capacity than your current vCPU limit of 0 allows', /^The account may run too few machines/],
  // Web Functions.
  [
    'Template format error: Unrecognized resource types: [AWS::Lambda::WebFunction]',
    /^eu-west-1 has no Web Functions: --host function-url/,
  ],
  ['AWS::Lambda::WebFunction is not supported in this region', /^eu-west-1 has no Web Functions/],
  ['Template format error: Unrecognized resource types: [AWS::Lambda::Url]', /^eu-west-1 has no Function URLs either/],
  // Logins.
  ['ExpiredToken: The security token included in the request is expired', login],
  ['ExpiredTokenException: The security token included in the request is expired', login],
  ['RequestExpired: Request has expired.', login],
  ['Token is expired. To refresh this SSO session run aws sso login with the corresponding profile.', login],
  ['The SSO session associated with this profile has expired.', login],
  ['Need to perform AWS calls for account 111122223333, but no credentials have been configured', login],
  ['InvalidClientTokenId: The security token included in the request is invalid', login],
  ['UnrecognizedClientException: The security token included in the request is invalid.', login],
  [
    'SignatureDoesNotMatch: Signature expired: 20260101T000000Z is now earlier than 20260102T000000Z',
    /^The clock of this machine is wrong/,
  ],
  // Reserved concurrency.
  [
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].",
    /--context concurrency=none reserves none\.$/,
  ],
  // And what else stands in the way.
  ['SSM parameter /cdk-bootstrap/hnb659fds/version not found.', /^npx cdk bootstrap aws:\/\/111122223333\/eu-west-1 prepares/],
  ['Stack [S] cannot be deleted while TerminationProtection is enabled', /^hibernetes destroy --unprotect/],
  ['made-function already exists in stack arn:…', /^Something of that name is left/],
  ['Throttling: Rate exceeded', /the same command again goes on\.$/],
];

for (const [answer, cure] of answers)
  test(`an answer of AWS gets a cure: ${answer}`, () => assert.match(cureFor(answer, target) ?? 'none', cure));

const sdkError = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const refusals: readonly (readonly [error: Error, message: RegExp, cure: RegExp | undefined])[] = [
  [
    sdkError('CredentialsProviderError', 'Could not load credentials from any providers'),
    /^There are no AWS credentials: /,
    /^aws configure/,
  ],
  [sdkError('CredentialsProviderError', 'The SSO session has expired'), /^The login to AWS has expired: The SSO session/, /aws sso login/],
  [sdkError('TokenProviderError', 'Token is expired'), /^The login to AWS has expired: Token is/, /aws sso login/],
  [new CloudError('RequestExpired', 'Request has expired'), /^AWS does not believe the credentials \(RequestExpired\)/, /^aws configure/],
  [new CloudError('AccessDenied', 'User: x is not authorized'), /^AWS refused \(AccessDenied\): User: x/, rights],
  [new CloudError('LimitExceededException', 'Limit reached'), /^AWS refused \(LimitExceededException\)/, quota],
  [new CloudError('SomethingNew', 'unheard of'), /^AWS refused \(SomethingNew\): unheard of$/, undefined],
];

for (const [error, message, cure] of refusals)
  test(`an error of a service or the SDK becomes a sentence: ${error.name} ${error.message}`, () => {
    const known = asCloudCliError(error, 'eu-west-1');
    assert.ok(known instanceof CliError);
    assert.match(known.message, message);
    if (cure === undefined) assert.equal(known.cure, undefined);
    else assert.match(known.cure ?? '', cure);
  });

test('what is not known has no cure', () => {
  assert.equal(cureFor('something new', target), undefined);
});

test('a resource that was given up because another failed is not the reason', () => {
  const lines = [
    'S | CREATE_FAILED | AWS::Lambda::WebFunction | Resource creation cancelled: AccessDenied',
    'S | CREATE_FAILED | AWS::SQS::Queue | LimitExceededException: no more queues',
  ];
  assert.deepEqual(curable(lines, target)?.line, lines[1]);
});
