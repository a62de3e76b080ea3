/** The rights of each role: no `*` where a name is possible, and each function has those of its entry in the manifest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configurationNames, bare, named, resourcesOf, templateOf, type Template } from './templates.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const listed = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

interface Right {
  readonly role: string;
  readonly statement: Statement;
}

const statementsIn = (document: unknown): readonly Statement[] => (document as { Statement: readonly Statement[] }).Statement;

const rightsIn = (template: Template): readonly Right[] =>
  resourcesOf(template, 'AWS::IAM::Policy').flatMap(({ Properties }) =>
    listed(Properties['Roles']).flatMap((role) =>
      statementsIn(Properties['PolicyDocument']).map((statement) => ({ role: named(role), statement })),
    ),
  );

/** `actions → resources`, by role, without what CDK's own helpers may. */
function table(template: Template): Record<string, string[]> {
  const byRole: Record<string, string[]> = {};
  for (const { role, statement } of rightsIn(template)) {
    const short = role.replace(/^ControlPlane/, '').replace(/IdentityRole$|Role$/, '');
    const actions = listed(statement.Action).join(' ');
    const resources = listed(statement.Resource).map(named).join(' ').replaceAll('ControlPlane', '');
    if (!role.startsWith('Custom')) (byRole[short] ??= []).push(`${actions} → ${resources}`);
  }
  return byRole;
}

const writesLog = (name: string): string => `logs:CreateLogStream logs:PutLogEvents → ${name}IdentityLog`;
const usesTable = [
  'dynamodb:GetItem dynamodb:Query → Table',
  'dynamodb:PutItem dynamodb:UpdateItem → Table',
  'secretsmanager:GetSecretValue → EnvelopeKey',
];
const consumes = (queue: string): string =>
  `sqs:ReceiveMessage sqs:ChangeMessageVisibility sqs:GetQueueUrl sqs:DeleteMessage sqs:GetQueueAttributes → ${queue}`;
const ringsAll = 'sqs:SendMessage → QueuesControllers QueuesScheduler QueuesMaterializer';

test('each role has the rights of its function, and no others', () => {
  assert.deepEqual(table(templateOf('defaults')), {
    Api: [writesLog('Api'), ...usesTable, ringsAll],
    Controllers: [writesLog('Controllers'), ...usesTable, `${ringsAll} QueuesDeadlines`, consumes('QueuesControllers')],
    Scheduler: [writesLog('Scheduler'), ...usesTable, `${ringsAll} QueuesDeadlines`, consumes('QueuesScheduler')],
    Materializer: [
      writesLog('Materializer'),
      ...usesTable,
      'sqs:SendMessage → QueuesMaterializer QueuesDeadlines',
      consumes('QueuesMaterializer'),
    ],
    Doorbell: [
      writesLog('Doorbell'),
      ringsAll,
      'dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams → Table.StreamArn',
      'sqs:SendMessage → QueuesDeadLetters',
    ],
    Timer: [writesLog('Timer'), ...usesTable, ringsAll, 'sqs:SendMessage → QueuesDeadLetters', consumes('QueuesDeadlines')],
    TimerSchedule: ['lambda:InvokeFunction → TimerFunction', 'sqs:SendMessage → QueuesDeadLetters'],
  });
});

test('who answers requests adds to the audit log, where one is chosen, and cannot read it', () => {
  const adds = 'logs:CreateLogStream logs:PutLogEvents → AuditLog';
  const all = Object.entries(table(templateOf('nodes')));
  assert.deepEqual(
    all.filter(([, rights]) => rights.includes(adds)).map(([role]) => role),
    ['Api', 'Controllers', 'Scheduler'],
  );
  assert.deepEqual(
    all.flatMap(([, rights]) => rights.filter((right) => right.includes('AuditLog') && right !== adds)),
    [],
  );
});

test('a machine may let through the packets of its own pods, and nothing else of AWS', () => {
  const { Nodes, NodesVpcRefusedIAM } = table(templateOf('nodes'));
  assert.deepEqual(
    [...(Nodes ?? []), ...(NodesVpcRefusedIAM ?? [])].map((right) =>
      right.replace(/[0-9a-f]{64}/, 'HASH').replace(/\{"Fn::Sub":"([^"]*)"\}/, '$1'),
    ),
    [
      'ec2:ModifyInstanceAttribute → arn:AWS::Partition:ec2:AWS::Region:AWS::AccountId:instance/*',
      'logs:CreateLogStream logs:PutLogEvents logs:DescribeLogStreams → NodesRefusedLog',
    ],
  );
});

test('no function scans or deletes, and none writes which clusters there are', () => {
  const rights = rightsIn(templateOf('two-clusters')).filter(({ statement }) => JSON.stringify(statement.Action).includes('dynamodb:'));
  const actions = new Set(rights.flatMap(({ statement }) => listed(statement.Action)));
  for (const action of ['dynamodb:Scan', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'])
    assert.equal(actions.has(action), false, action);
  const writers = rights.filter(({ statement }) => listed(statement.Action).includes('dynamodb:PutItem'));
  const butTheList = '{"ForAllValues:StringNotEquals":{"dynamodb:LeadingKeys":["#clusters"]},"Null":{"dynamodb:LeadingKeys":"false"}}';
  assert.deepEqual(
    writers.map(({ statement }) => JSON.stringify(statement.Condition)),
    Array(5).fill(butTheList),
  );
});

/** Wildcards that are left, by role, and why. */
const bearable: Readonly<Record<string, RegExp>> = {
  // CDK's own helper copies code to a bucket while the stack is deployed; the names are hashes of code yet to come.
  CustomS3ObjectCopy: /^s3:(Abort|DeleteObject)\*$|\/\*$/,
  // A machine has no name before it is born; a tag and an attribute limit it further.
  NodesRole: /:instance\/\*$/,
};

for (const name of configurationNames) {
  test(`nothing is allowed by a wildcard that could be named: ${name}`, () => {
    const template = templateOf(name);
    const wild = rightsIn(template).flatMap(({ role, statement }) =>
      [...listed(statement.Action), ...listed(statement.Resource).map(named)]
        .filter((text) => text.includes('*'))
        .filter((text) => !Object.entries(bearable).some(([known, pattern]) => role.startsWith(known) && pattern.test(text)))
        .map((text) => `${role}: ${text}`),
    );
    assert.deepEqual(wild, []);
  });

  test(`roles are taken on by AWS's services only, and no managed policy but that of CDK's helpers is attached: ${name}`, () => {
    for (const { id, Properties } of resourcesOf(templateOf(name), 'AWS::IAM::Role')) {
      for (const { Principal } of statementsIn(Properties['AssumeRolePolicyDocument'])) {
        assert.match(JSON.stringify(Principal), /^\{"Service":"(lambda|scheduler|ec2|vpc-flow-logs)\.amazonaws\.com"\}$/, id);
      }
      if (!id.startsWith('CustomS3')) assert.equal(Properties['ManagedPolicyArns'], undefined, id);
    }
  });

  test(`statements for all principals only deny, except for calling the API: ${name}`, () => {
    const template = templateOf(name);
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy');
    for (const { id, Properties } of policies) {
      for (const { Effect, Principal } of statementsIn(Properties['PolicyDocument'])) {
        const everybody = Principal === '*' || JSON.stringify(Principal) === '{"AWS":"*"}';
        assert.ok(Effect === 'Deny' || !everybody, `${id} lets everybody in`);
      }
    }
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission').filter(({ Properties }) => Properties['Principal'] === '*');
    const api = permissions.map(({ Properties }) => [named(Properties['FunctionName']).replace(/\.Arn$/, ''), Properties['Action']]);
    const expected =
      name === 'function-url'
        ? ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].map((action) => ['ControlPlaneApiFunction', action])
        : [];
    assert.deepEqual(api, expected);
    for (const { Properties } of permissions) {
      assert.ok(Properties['FunctionUrlAuthType'] === 'NONE' || Properties['InvokedViaFunctionUrl'] === true);
    }
  });
}

test('a key of the customer’s is used by name', () => {
  const uses = rightsIn(templateOf('function-url')).filter(({ statement }) =>
    listed(statement.Action).some((action) => action.startsWith('kms:')),
  );
  assert.ok(uses.length >= 6);
  for (const { role, statement } of uses) assert.equal(bare(named(statement.Resource)), 'Key', role);
});
