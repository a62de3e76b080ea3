/** What holds in every template, whatever was chosen. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { entries } from '../../infra/bundle/bundle.ts';
import type { ConfigurationName } from '../../infra/aws/configurations.ts';
import { metricNamespace, oneMeasured, secondsMeasured, setAsideMetric, watermarkMetric } from '../../functions/lambda/metrics.ts';
import { defaultLimits } from '../../functions/store/limits.ts';
import { entryAttributes } from '../../functions/store/dynamodb/item.ts';
import { manifest } from '../../functions/manifest.ts';
import { bare, configurationNames, named, resourcesOf, synthesized, templateOf, type Named } from './templates.ts';

/** One test for each configuration. */
function everywhere(fact: string, check: (name: ConfigurationName) => void): void {
  for (const name of configurationNames) test(`${fact}: ${name}`, () => check(name));
}

const isDeadLetters = ({ id }: Named): boolean => /DeadLetters[0-9A-F]{8}$/.test(id);

everywhere('cdk-nag finds nothing that was not thought about', (name) => {
  assert.deepEqual(synthesized(name).violations, []);
});

everywhere('every queue has dead letters, which are kept for two weeks', (name) => {
  for (const queue of resourcesOf(templateOf(name), 'AWS::SQS::Queue')) {
    const { RedrivePolicy, MessageRetentionPeriod, FifoQueue } = queue.Properties;
    if (isDeadLetters(queue)) {
      assert.equal(MessageRetentionPeriod, 14 * 24 * 3600, queue.id);
      continue;
    }
    const { deadLetterTargetArn, maxReceiveCount } = RedrivePolicy as { deadLetterTargetArn: unknown; maxReceiveCount: number };
    assert.match(named(deadLetterTargetArn), FifoQueue === true ? /FifoDeadLetters$/ : /QueuesDeadLetters$/, queue.id);
    assert.equal(maxReceiveCount, 3, queue.id);
  }
});

everywhere('every event source has limits and tells failures apart', (name) => {
  for (const { id, Properties } of resourcesOf(templateOf(name), 'AWS::Lambda::EventSourceMapping')) {
    assert.deepEqual(Properties['FunctionResponseTypes'], ['ReportBatchItemFailures'], id);
    const fromStream = named(Properties['EventSourceArn']) === 'Table.StreamArn';
    const { BatchSize, ScalingConfig, MaximumRetryAttempts, MaximumRecordAgeInSeconds, BisectBatchOnFunctionError } = Properties;
    if (fromStream) {
      assert.deepEqual([BatchSize, MaximumRetryAttempts, MaximumRecordAgeInSeconds, BisectBatchOnFunctionError], [100, 5, 3600, true], id);
      assert.match(JSON.stringify(Properties['DestinationConfig']), /QueuesDeadLetters/, id);
    } else {
      assert.deepEqual([BatchSize, ScalingConfig], [10, { MaximumConcurrency: id.includes('Deadlines') ? 2 : 10 }], id);
    }
  }
});

everywhere('a crashed worker holds its message group five seconds longer than it could have run', (name) => {
  const template = templateOf(name);
  const functions = new Map(resourcesOf(template, 'AWS::Lambda::Function').map((made) => [bare(made.id), made]));
  const queues = new Map(resourcesOf(template, 'AWS::SQS::Queue').map((queue) => [bare(queue.id), queue]));
  for (const { Properties } of resourcesOf(template, 'AWS::Lambda::EventSourceMapping')) {
    const queue = queues.get(named(Properties['EventSourceArn']));
    const timeout = functions.get(named(Properties['FunctionName']))?.Properties['Timeout'] as number;
    if (queue !== undefined) assert.equal(queue.Properties['VisibilityTimeout'], timeout + 5, queue.id);
  }
});

everywhere('ticks are tried within their minute and then put aside', (name) => {
  const template = templateOf(name);
  for (const { Properties } of resourcesOf(template, 'AWS::Scheduler::Schedule')) {
    const { DeadLetterConfig, RetryPolicy } = Properties['Target'] as Record<string, unknown>;
    assert.match(JSON.stringify(DeadLetterConfig), /QueuesDeadLetters/);
    assert.deepEqual(RetryPolicy, { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 });
  }
  for (const { Properties } of resourcesOf(template, 'AWS::Lambda::EventInvokeConfig')) {
    assert.deepEqual([Properties['MaximumRetryAttempts'], Properties['MaximumEventAgeInSeconds']], [0, 60]);
    assert.match(JSON.stringify(Properties['DestinationConfig']), /QueuesDeadLetters/);
  }
});

everywhere('the state cannot be deleted by mistake, and can be had back as it was', (name) => {
  const template = templateOf(name);
  const [table, ...others] = resourcesOf(template, 'AWS::DynamoDB::GlobalTable');
  assert.deepEqual(others, []);
  assert.equal(table!.DeletionPolicy, 'Retain');
  const [replica] = table!.Properties['Replicas'] as readonly Record<string, unknown>[];
  assert.equal(replica!['DeletionProtectionEnabled'], true);
  assert.deepEqual(replica!['PointInTimeRecoverySpecification'], { PointInTimeRecoveryEnabled: true });
  assert.deepEqual(table!.Properties['StreamSpecification'], { StreamViewType: 'NEW_IMAGE' });
  assert.deepEqual(table!.Properties['TimeToLiveSpecification'], { AttributeName: 'x', Enabled: true });
  for (const { id, DeletionPolicy } of resourcesOf(template, 'AWS::SecretsManager::Secret', 'AWS::KMS::Key'))
    assert.equal(DeletionPolicy, 'RetainExceptOnCreate', id);
});

/** Properties that would name a resource for good. */
const ownNames = ['TableName', 'FunctionName', 'QueueName', 'LogGroupName', 'BucketName', 'RoleName', 'TopicName', 'AlarmName', 'Name'];

everywhere('what a failed deployment may leave has no name that the next one wants', (name) => {
  const kept = resourcesOf(templateOf(name)).filter(
    ({ Type, DeletionPolicy }) => DeletionPolicy?.startsWith('Retain') === true || Type === 'AWS::Logs::LogGroup',
  );
  assert.ok(kept.length > 2);
  for (const { id, Properties } of kept)
    assert.deepEqual(
      ownNames.filter((property) => property in Properties),
      [],
      id,
    );
});

everywhere('everything at rest is encrypted', (name) => {
  const template = templateOf(name);
  const customer = name === 'function-url';
  for (const { id, Properties } of resourcesOf(template, 'AWS::SQS::Queue')) {
    assert.ok(customer ? named(Properties['KmsMasterKeyId']).startsWith('Key') : Properties['SqsManagedSseEnabled'] === true, id);
  }
  for (const { Properties } of resourcesOf(template, 'AWS::DynamoDB::GlobalTable')) {
    assert.deepEqual(Properties['SSESpecification'], { SSEEnabled: true, SSEType: 'KMS' });
    const [replica] = Properties['Replicas'] as readonly Record<string, unknown>[];
    assert.equal(replica!['SSESpecification'] !== undefined, customer);
  }
  for (const { id, Properties } of resourcesOf(template, 'AWS::S3::Bucket')) assert.ok(Properties['BucketEncryption'] !== undefined, id);
  for (const { Properties } of resourcesOf(template, 'AWS::EC2::LaunchTemplate')) {
    assert.match(JSON.stringify(Properties['LaunchTemplateData']), /"Ebs":\{"Encrypted":true/);
  }
});

everywhere('nothing is public but the endpoint of the API', (name) => {
  const template = templateOf(name);
  assert.equal(resourcesOf(template, 'AWS::Lambda::WebFunctionEndpoint', 'AWS::Lambda::Url').length, 1);
  for (const { id, Properties } of resourcesOf(template, 'AWS::S3::Bucket')) {
    const closed = { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true };
    assert.deepEqual(Properties['PublicAccessBlockConfiguration'], closed, id);
  }
  for (const { Properties } of resourcesOf(template, 'AWS::EC2::SecurityGroup'))
    assert.equal(Properties['SecurityGroupIngress'], undefined);
  for (const { Properties } of resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')) {
    assert.equal(Properties['CidrIp'] ?? Properties['CidrIpv6'], undefined);
    assert.equal(named(Properties['SourceSecurityGroupId']), named(Properties['GroupId']));
  }
});

everywhere('machines give their role to nobody who comes by a pod', (name) => {
  for (const { Properties } of resourcesOf(templateOf(name), 'AWS::EC2::LaunchTemplate')) {
    const { MetadataOptions } = Properties['LaunchTemplateData'] as Record<string, unknown>;
    assert.deepEqual(MetadataOptions, { HttpPutResponseHopLimit: 1, HttpTokens: 'required' });
  }
});

const auditLogDays = (name: ConfigurationName): number => (name === 'nodes' ? 365 : 90);

everywhere('the bill has a ceiling', (name) => {
  const template = templateOf(name);
  for (const { id, Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
    if (id.startsWith('ControlPlane')) assert.equal(Properties['ReservedConcurrentExecutions'], /ApiFunction/.test(id) ? 100 : 10, id);
  }
  for (const { Properties } of resourcesOf(template, 'AWS::Lambda::WebFunctionEndpoint')) {
    assert.deepEqual([Properties['ScalingConfig'], Properties['ThrottleConfig']], [{ MaxEnvironments: 4 }, { RateLimit: 1000 }]);
  }
  for (const { Properties } of resourcesOf(template, 'AWS::DynamoDB::GlobalTable')) {
    assert.deepEqual(Properties['WriteOnDemandThroughputSettings'], { MaxWriteRequestUnits: 4000 });
  }
  for (const { id, Properties } of resourcesOf(template, 'AWS::Logs::LogGroup')) {
    const days = id.includes('AuditLog') ? auditLogDays(name) : 14;
    if (!id.startsWith('Custom')) assert.equal(Properties['RetentionInDays'], days, id);
  }
});

everywhere('every alarm reaches somebody and names a section of the runbook', (name) => {
  const runbook = readFileSync(join(import.meta.dirname, '../../infra/runbook.md'), 'utf8');
  const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
  const alarms = resourcesOf(templateOf(name), 'AWS::CloudWatch::Alarm');
  assert.ok(alarms.length > 0);
  for (const { id, Properties } of alarms) {
    assert.equal((Properties['AlarmActions'] as unknown[]).length, 1, id);
    const section = /infra\/runbook\.md#([a-z0-9-]+)$/.exec(String(Properties['AlarmDescription']))?.[1];
    assert.ok(section !== undefined && sections.includes(section), `${id}: the runbook has no section ${section}`);
  }
});

const placeMeasured = { table: 't', cluster: 'c', nowMs: 0 };

/** What the alarms on a metric of ours ask for. */
function alarmsOn(name: ConfigurationName, metric: string): readonly unknown[] {
  const asked = ['Dimensions', 'Threshold', 'Period', 'EvaluationPeriods', 'TreatMissingData'] as const;
  return resourcesOf(templateOf(name), 'AWS::CloudWatch::Alarm')
    .filter(({ Properties }) => Properties['Namespace'] === metricNamespace && Properties['MetricName'] === metric)
    .map(({ Properties }) => asked.map((property) => Properties[property]));
}

const ofTheTable = [{ Name: 'Table', Value: { Ref: 'TableCD117FA1' } }];

everywhere('a watermark that stays behind rings and is on the dashboard, by the name under which the timer measures it', (name) => {
  const measured = secondsMeasured(watermarkMetric, 1, placeMeasured) as Readonly<Record<string, unknown>>;
  assert.deepEqual([measured['Table'], measured['Cluster'], measured['WatermarkSecondsBehind']], ['t', 'c', 1]);
  assert.deepEqual(alarmsOn(name, 'WatermarkSecondsBehind'), [[ofTheTable, 1200, 600, 2, 'notBreaching']]);
  // A quarter of an hour before the store refuses to write, at least.
  assert.ok((2 * 600 + 1200 + 900) * 1000 <= defaultLimits.behindMsMax);
  const [dashboard] = resourcesOf(templateOf(name), 'AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(dashboard!.Properties['DashboardBody']).replaceAll('\\', '');
  assert.match(body, /"WatermarkSecondsBehind","Table",/);
});

everywhere('an object that is set aside rings until it is tried again, by the name under which the workers count it', (name) => {
  const measured = oneMeasured(setAsideMetric, placeMeasured) as Readonly<Record<string, unknown>>;
  assert.deepEqual([measured['Table'], measured['Cluster'], measured['SetAside']], ['t', 'c', 1]);
  assert.deepEqual(alarmsOn(name, 'SetAside'), [[ofTheTable, 0, 1200, 1, 'notBreaching']]);
});

everywhere('every function of the manifest is there once, however many clusters there are', (name) => {
  const made = resourcesOf(templateOf(name), 'AWS::Lambda::Function', 'AWS::Lambda::WebFunction')
    .map(({ id }) => /^ControlPlane([A-Z][a-z]+)(Web)?Function/.exec(id)?.[1]?.toLowerCase())
    .filter((made) => made !== undefined);
  assert.deepEqual(made.toSorted(), manifest.map((spec) => spec.name).toSorted());
});

test('the outputs name the address of a second cluster, and machines join it there', () => {
  const template = templateOf('two-clusters');
  const valueOf = (output: string): string => named((template.Outputs[output] as { Value: unknown }).Value);
  assert.equal(valueOf('ClusterStagingEndpoint'), `${valueOf('ClusterDefaultEndpoint')}/clusters/staging`);
  assert.equal(valueOf('ClusterDefaultEndpoint'), valueOf('Endpoint'));
  assert.equal(valueOf('ClusterStagingIamId'), `staging-${valueOf('IamScope')}`);
  const [machines] = resourcesOf(template, 'AWS::EC2::LaunchTemplate');
  const script = JSON.stringify(machines!.Properties['LaunchTemplateData']);
  assert.match(script, /\/clusters\/staging/);
  assert.match(script, /--cluster-name staging-/);
  const same = (name: ConfigurationName): readonly string[] =>
    resourcesOf(templateOf(name))
      .filter(({ id }) => !id.startsWith('Nodes'))
      .map(({ id }) => id);
  assert.deepEqual(same('two-clusters'), same('defaults'));
});

test('there is a bundle for every entry', () => {
  for (const { entry } of manifest) assert.ok(entries.includes(entry), entry);
  assert.ok(entries.includes('api.web.ts'));
});

everywhere('the doorbell hears of new log entries, whosever they are, and of nothing else', (name) => {
  const [stream] = resourcesOf(templateOf(name), 'AWS::Lambda::EventSourceMapping').filter(
    ({ Properties }) => Properties['FilterCriteria'],
  );
  const { Filters } = stream!.Properties['FilterCriteria'] as { Filters: readonly [{ Pattern: string }] };
  const pattern: unknown = JSON.parse(Filters[0].Pattern);
  assert.deepEqual(pattern, { eventName: ['INSERT'], dynamodb: { NewImage: { w: { S: [{ exists: true }] } } } });
  const entry = { logIndex: 1, firstRevision: 1, count: 1, nonce: 'n', writtenMs: 0, frames: new Uint8Array(1) };
  assert.equal(entryAttributes('c', entry, 0)['w']?.S, 'n');
});

everywhere('the envelope key stands in no setting and no template: functions that open the table may read its secret', (name) => {
  const template = templateOf(name);
  const texts = resourcesOf(template).map(({ Properties }) => JSON.stringify(Properties));
  assert.equal(texts.filter((text) => text.includes('{{resolve')).length, 0);
  const readers = resourcesOf(template, 'AWS::IAM::Policy').filter(({ Properties }) =>
    JSON.stringify(Properties['PolicyDocument']).includes('secretsmanager:GetSecretValue'),
  );
  assert.equal(readers.length, manifest.filter(({ table }) => table !== 'none').length);
});
